"""Write a revved site into a folder of this machine."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from everyday.errors import SiteRefused
from everyday.ports import Progress, Silent
from everyday.site.model import Output, Revision
from everyday.site.ports import Tree
from everyday.site.rewrite import content

_SMALL_BYTES = 2**20
_RECORD = ".everyday-rev"
"""In a folder that we filled: the paths of its files, a line each."""


def write(tree: Tree, revision: Revision, out: Path, *, progress: Progress = Silent()) -> None:  # noqa: B008 - it has no state
    """Write a revved site into a folder that is empty, or that we filled: then what an earlier
    site had and this one has not is removed, and nothing else. Each file appears whole.

    Raises SiteRefused when the folder holds somebody else's files, or cannot be written.
    """
    with _translated(str(out)):
        out.mkdir(parents=True, exist_ok=True)
        before = _recorded(out)
        paths = {output.path for output in revision.outputs}
        for leftover in out.glob(f"{_RECORD}.*"):
            leftover.unlink()
        _record(out, before | paths)  # before the first file, so that a killed run can be run again
        _write_all(tree, revision, out, progress)
        for path in sorted(before - paths):
            (out / path).unlink(missing_ok=True)
        _record(out, paths)


def _recorded(out: Path) -> set[str]:
    record = out / _RECORD
    if record.is_file():
        return set(record.read_text(encoding="utf-8").splitlines())
    if any(out.iterdir()):
        raise SiteRefused(f"{out} is not empty, and we did not write it: name a new folder")
    return set()


def _record(out: Path, paths: set[str]) -> None:
    text = "".join(f"{path}\n" for path in sorted(paths))
    _replace(out / _RECORD, out / f"{_RECORD}.new", lambda new: new.write_text(text, encoding="utf-8"))


def _write_all(tree: Tree, revision: Revision, out: Path, progress: Progress) -> None:
    progress.begin("writing", len(revision.outputs))
    for folder in sorted({(out / output.path).parent for output in revision.outputs}):
        folder.mkdir(parents=True, exist_ok=True)

    def one(numbered: tuple[int, Output]) -> None:
        number, output = numbered
        beside = out / f"{_RECORD}.{number}"
        with _translated(output.path):
            _replace(out / output.path, beside, lambda new: _fill(tree, output, new))
        progress.step(output.path, size=output.size)

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for _ in threads.map(one, enumerate(revision.outputs)):
            pass


def _fill(tree: Tree, output: Output, new: Path) -> None:
    if output.edits or output.size <= _SMALL_BYTES:
        new.write_bytes(content(tree, output))
    else:
        shutil.copyfile(tree.file(output.source), new)


def _replace(path: Path, beside: Path, fill: Callable[[Path], object]) -> None:
    try:
        fill(beside)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


@contextmanager
def _translated(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SiteRefused(f"{path} cannot be written: {error.strerror or type(error).__name__}") from error
