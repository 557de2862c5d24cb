"""Zips of sites: packed the same from the same files, unpacked only when nothing in them is a trap.

What a zip says of itself is not believed where it matters: bytes are counted as they are written.
"""

import re
import stat
import zlib
from collections.abc import Iterable, Iterator
from io import BufferedReader, FileIO
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, BadZipFile, LargeZipFile, ZipFile, ZipInfo

from everyday.errors import SiteRefused

MOST_ENTRIES = 100_000
MOST_BYTES = 2 * 2**30
MOST_RATIO = 200
RATIO_FREE_BYTES = 100 * 2**20
"""So much may come out of any zip, however small; above it, MOST_RATIO holds."""
MOST_DIRECTORY_BYTES = 64 * 2**20
"""Of the zip's list of its entries, which Python reads as a whole, however many they are."""
_MOST_NAME = 1024
_CHUNK_BYTES = 2**20
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can say
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ENCRYPTED = 0x1
_INDEX = "index.html"


def pack(folder: Path, to: Path, names: Iterable[str] | None = None) -> int:
    """Write the files of a folder into a zip, all or the named ones; the same files make the same bytes.

    Returns the zip's size. Raises SiteRefused for a link out of the folder, and for what cannot be read.
    """
    with ZipFile(to, "w", ZIP_DEFLATED, compresslevel=6) as zipped:
        for name in sorted(_names(folder) if names is None else names):
            try:
                _add(zipped, name, _inside(folder, name))
            except OSError as error:
                raise SiteRefused(f"{name}: {error.strerror or type(error).__name__}") from error
    return to.stat().st_size


def _names(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if not path.is_dir() or path.is_symlink():
            yield path.relative_to(folder).as_posix()


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve(strict=True)
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise SiteRefused(f"{name}: is no file of the folder")
    return path


def _add(zipped: ZipFile, name: str, path: Path) -> None:
    entry = ZipInfo(name, _LONG_AGO)
    entry.compress_type = ZIP_DEFLATED
    entry.create_system = 3
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    with path.open("rb") as file, zipped.open(entry, "w", force_zip64=True) as written:
        for chunk in _chunks(file):
            written.write(chunk)


def unpack(
    zipped: Path, into: Path, *, most_entries: int = MOST_ENTRIES, most_bytes: int = MOST_BYTES
) -> Path:
    """Unpack a zip into an empty or new folder and return the site's root: the folder, or the only one in it
    if that has the index.html.

    Raises SiteRefused naming the entry; what was written till then stays in the folder.
    """
    try:
        into.mkdir(parents=True, exist_ok=True)
        with _Zip(FileIO(zipped)) as file, ZipFile(file) as source:
            files = _judged(source.infolist(), most_entries)
            budget = _Budget(most_bytes, zipped.stat().st_size)
            for entry in files:
                _write(source, entry, into / entry.filename, budget)
    except (BadZipFile, LargeZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise SiteRefused(f"the zip cannot be read: {error}") from error
    except OSError as error:
        raise SiteRefused(f"the zip cannot be unpacked: {error.strerror or type(error).__name__}") from error
    return _root(into)


class _Zip(BufferedReader):
    """A zip whose list of entries is not read when it is too long to be held: nothing else is read in one."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size and size > MOST_DIRECTORY_BYTES:
            raise SiteRefused(
                f"the zip's list of its entries has {size} bytes, and {MOST_DIRECTORY_BYTES} are read: "
                f"a site may have {MOST_ENTRIES} entries"
            )
        return super().read(size)


class _Budget:
    """How much a zip of `packed` bytes may still become."""

    def __init__(self, most: int, packed: int) -> None:
        self._most = most
        self._fair = max(RATIO_FREE_BYTES, packed * MOST_RATIO)
        self._written = 0

    def take(self, name: str, size: int) -> None:
        self._written += size
        if self._written > self._most:
            raise SiteRefused(f"{name}: the zip has more than {self._most} bytes when it is unpacked")
        if self._written > self._fair:
            raise SiteRefused(
                f"{name}: the zip grows more than {MOST_RATIO} times when it is unpacked, like a zip bomb"
            )


def _judged(entries: list[ZipInfo], most: int) -> list[ZipInfo]:
    """The files among the entries. Raises SiteRefused before anything is written."""
    if len(entries) > most:
        raise SiteRefused(f"the zip has {len(entries)} entries; a site may have {most}")
    files: dict[str, ZipInfo] = {}
    for entry in entries:
        if reason := _fault(entry):
            raise SiteRefused(f"{_shown(entry)}: {reason}")
        if entry.is_dir():
            continue
        if entry.filename in files:
            raise SiteRefused(f"{_shown(entry)}: is in the zip twice")
        files[entry.filename] = entry
    for name in files:
        if blocked := next((folder for folder in _folders(name) if folder in files), None):
            raise SiteRefused(f"{blocked}: is a file and a folder in the zip")
    return list(files.values())


def _fault(entry: ZipInfo) -> str | None:
    """Why an entry may not be unpacked. `orig_filename` is what stands in the zip; Python cuts the other one
    at a zero byte."""
    name = entry.orig_filename
    parts = name.rstrip("/").split("/")
    mode = entry.external_attr >> 16
    faults = {
        "its name has control characters": bool(_CONTROL.search(name)),
        "its name has a backslash": "\\" in name,
        "its name is absolute": name.startswith("/") or bool(_DRIVE.match(name)),
        "its name leads out of the site": ".." in parts,
        "its name has an empty part, or a part that is a dot": bool({"", "."} & set(parts)),
        f"its name is longer than {_MOST_NAME} bytes": len(name.encode("utf-8", "replace")) > _MOST_NAME,
        "part of its name is longer than 255 bytes": max(
            len(part.encode("utf-8", "replace")) for part in parts
        )
        > 255,
        "it is a link or a device, and a site has files only": stat.S_IFMT(mode)
        not in (0, stat.S_IFREG, stat.S_IFDIR),
        "it is encrypted": bool(entry.flag_bits & _ENCRYPTED),
    }
    return next((reason for reason, found in faults.items() if found), None)


def _shown(entry: ZipInfo) -> str:
    return ascii(entry.orig_filename[:200])[1:-1]


def _folders(name: str) -> Iterator[str]:
    at = name.find("/")
    while at >= 0:
        yield name[:at]
        at = name.find("/", at + 1)


def _write(source: ZipFile, entry: ZipInfo, to: Path, budget: _Budget) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    with source.open(entry) as packed, to.open("xb") as file:
        for chunk in _chunks(packed):
            budget.take(_shown(entry), len(chunk))
            file.write(chunk)


def _chunks(packed: IO[bytes]) -> Iterator[bytes]:
    while chunk := packed.read(_CHUNK_BYTES):
        yield chunk


def _root(folder: Path) -> Path:
    """Zipping the folder instead of what is in it is a common slip."""
    inside = [it for it in folder.iterdir() if it.name not in _NOISE]
    if len(inside) == 1 and inside[0].is_dir() and (inside[0] / _INDEX).is_file():
        return inside[0]
    return folder


_NOISE = {"__MACOSX", ".DS_Store"}
"""What macOS puts beside."""
