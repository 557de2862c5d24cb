"""Where an export is written to: a ZIP file or a folder. Files are streamed."""

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

_MADE = (2026, 5, 1, 12, 0, 0)  # the same export has the same bytes, whenever it is made


class Sink(Protocol):
    """One part of an export."""

    def add(self, path: str, chunks: Iterable[bytes], *, packed: bool = False) -> None:
        """Store a file. `packed`: it is worth compressing."""
        ...

    def close(self) -> None: ...


class ZipSink:
    def __init__(self, target: Path) -> None:
        self._zip = zipfile.ZipFile(target, "w", allowZip64=True)

    def add(self, path: str, chunks: Iterable[bytes], *, packed: bool = False) -> None:
        info = zipfile.ZipInfo(path, _MADE)
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        with self._zip.open(info, "w", force_zip64=not packed) as file:
            for chunk in chunks:
                file.write(chunk)

    def close(self) -> None:
        self._zip.close()


class FolderSink:
    def __init__(self, target: Path) -> None:
        self._folder = target

    def add(self, path: str, chunks: Iterable[bytes], *, packed: bool = False) -> None:  # noqa: ARG002 - as ZIP
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as stream:
            stream.writelines(chunks)

    def close(self) -> None: ...


def open_sinks(target: Path, parts: int) -> tuple[list[Path], list[Sink]]:
    """The parts and where they are: `target` itself, or `<name>-1`, `<name>-2` … beside it.

    A target whose name ends in `.zip` is a ZIP file, any other a folder.
    """
    names = [target.stem] if parts == 1 else [f"{target.stem}-{number}" for number in range(1, parts + 1)]
    paths = [target.with_name(name + target.suffix) for name in names]
    target.parent.mkdir(parents=True, exist_ok=True)
    sinks: list[Sink] = [ZipSink(path) if target.suffix == ".zip" else FolderSink(path) for path in paths]
    return paths, sinks
