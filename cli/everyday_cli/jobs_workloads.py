"""Finds the workload that `everyday jobs simulate` is asked for: built in, or a file, or a folder."""

from pathlib import Path

import click

from everyday.errors import InvalidMessageError
from everyday.jobs.simulator import generated
from everyday.jobs.simulator.document import read_document
from everyday.jobs.simulator.generated import FLOOD, LUBLIN
from everyday.jobs.simulator.traces import Cut, read_openb, read_swf
from everyday.jobs.simulator.workload import Workload

BUILT_IN = ("blog", "flood", "lublin")


def workload(name: str, *, seed: int, cut: Cut, ranks: tuple[int, ...]) -> Workload:
    """The workload of that name, or of that path: a folder with openb's two lists, a `.swf` file, or a
    document of ours.

    Raises InvalidMessageError saying what is wrong with it.
    """
    if name in BUILT_IN:
        return _built_in(name, seed, cut)
    path = Path(name)
    try:
        return _read(path, seed, cut, ranks)
    except (OSError, UnicodeDecodeError) as error:
        kinds = ", ".join(BUILT_IN)
        raise InvalidMessageError(f"{name}: cannot be read ({error}); built in are {kinds}") from error
    except InvalidMessageError as error:
        raise InvalidMessageError(f"{name}: {error}") from error


def _built_in(name: str, seed: int, cut: Cut) -> Workload:
    if name == "blog":
        _allow(name, cut)
        return generated.blog(seed)
    _allow(name, cut, "jobs", "load", "instances")
    make, size = (generated.flood, FLOOD) if name == "flood" else (generated.lublin, LUBLIN)
    return make(
        seed,
        jobs=cut.jobs or size.jobs,
        load=cut.load or size.load,
        instances=cut.instances or size.instances,
    )


def _read(path: Path, seed: int, cut: Cut, ranks: tuple[int, ...]) -> Workload:
    if path.is_dir():
        return read_openb(_lines(_only(path, "pod")), _lines(_only(path, "node")), cut)
    if path.suffix == ".swf":
        return read_swf(path.stem, _lines(path), cut, ranks)
    _allow(path.name, cut)
    return read_document(path.read_bytes(), seed)


def _allow(name: str, cut: Cut, *options: str) -> None:
    """Nothing that was asked for is passed over in silence."""
    given = {key for key, value in cut._asdict().items() if value}
    if refused := sorted(given - {*options}):
        raise click.UsageError(f"{name} takes no --{refused[0]}")


def _only(folder: Path, what: str) -> Path:
    found = sorted(folder.glob(f"*_{what}_list*.csv"))
    if len(found) != 1:
        raise InvalidMessageError(f"needs one *_{what}_list*.csv, and there are {len(found)}")
    return found[0]


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()
