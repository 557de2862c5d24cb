"""One part of a data export: a folder or a ZIP file, neither of which is trusted."""

import os
import stat
import zlib
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from everyday.errors import ExportUnreadable, MediumRefused

_MOST_ENTRIES = 200_000
_MOST_RATIO = 200
_SMALL = 1024 * 1024
_CHUNK = 256 * 1024
_ZIP_TROUBLE = (BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError, OverflowError)


class FolderPart:
    """A folder. Symbolic links in it are left alone: they may lead anywhere."""

    def __init__(self, folder: Path) -> None:
        self.sizes: dict[str, int] = {}
        self.problems: list[str] = []
        self._folder = folder
        for where, folders, files in os.walk(folder):
            for name in sorted((*folders, *files)):
                self._look_at(Path(where, name))

    def read(self, name: str) -> Generator[bytes, None, None]:
        """The file's bytes. Raises MediumRefused."""
        try:
            with (self._folder / name).open("rb") as stream:
                yield from _chunks(stream)
        except OSError as error:
            raise MediumRefused(f"{name} cannot be read: {error.strerror}") from None

    def close(self) -> None: ...

    def _look_at(self, path: Path) -> None:
        name = path.relative_to(self._folder).as_posix()
        mode = path.lstat()
        if stat.S_ISREG(mode.st_mode):
            self.sizes[name] = mode.st_size
        elif not stat.S_ISDIR(mode.st_mode):
            self.problems.append(f"{name}: left out, it is a link or no plain file")


class ZipPart:
    """A ZIP file, never unpacked. Entries with hostile names, sizes or kinds are left out and reported."""

    def __init__(self, path: Path) -> None:
        self.sizes: dict[str, int] = {}
        self.problems: list[str] = []
        try:
            self._zip = ZipFile(path)
        except _ZIP_TROUBLE as error:
            raise ExportUnreadable(
                f"{path.name} is no readable ZIP file: download it again ({error})"
            ) from None
        try:
            self._entries = self._admitted(path)
        except BaseException:
            self._zip.close()
            raise

    def read(self, name: str) -> Generator[bytes, None, None]:
        """The entry's bytes. Raises MediumRefused when they are damaged."""
        try:
            with self._zip.open(self._entries[name]) as stream:
                yield from _chunks(stream)
        except _ZIP_TROUBLE as error:
            raise MediumRefused(f"{name} is damaged in the export: {error}") from None

    def close(self) -> None:
        self._zip.close()

    def _admitted(self, path: Path) -> Mapping[str, ZipInfo]:
        entries = [entry for entry in self._zip.infolist() if not entry.is_dir()]
        if len(entries) > _MOST_ENTRIES:
            raise ExportUnreadable(f"{path.name} holds more than {_MOST_ENTRIES} files")
        # Entries that overlap are how a small file claims to be a huge one.
        if sum(entry.compress_size for entry in entries) > path.stat().st_size:
            raise ExportUnreadable(f"{path.name} claims more bytes than it has")
        known: dict[str, ZipInfo] = {}
        for entry in entries:
            trouble = _trouble(entry)
            if entry.filename in known and known[entry.filename].CRC != entry.CRC:
                trouble = "the name stands for two different files"
            if trouble:
                self.problems.append(f"{entry.filename[:200]!r} in {path.name}: left out, {trouble}")
            else:
                known.setdefault(entry.filename, entry)
        self.sizes = {name: entry.file_size for name, entry in known.items()}
        return known


def _trouble(entry: ZipInfo) -> str | None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    ratio = entry.file_size / max(entry.compress_size, 1)
    checks = {
        "its name leads out of the export": not _is_inside(entry.filename),
        "it is a link or no plain file": kind not in {0, stat.S_IFREG},
        "it is encrypted": bool(entry.flag_bits & 1),
        "it is compressed in an unusual way": entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED},
        "it unpacks to far more than it is": entry.file_size > _SMALL and ratio > _MOST_RATIO,
    }
    return next((trouble for trouble, found in checks.items() if found), None)


def _is_inside(name: str) -> bool:
    parts = name.split("/")
    return not ("\\" in name or ":" in parts[0] or any(part in {"", ".", ".."} for part in parts))


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk
