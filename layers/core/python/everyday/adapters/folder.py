"""The archive in a local folder.

A file appears under its name only when it is whole: it is written beside under a `.partial` name, synced,
and then linked, which never overwrites. What a killed run left is swept when its folder is next written to.
"""

import errno
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import file_digest, sha256
from io import FileIO
from pathlib import Path
from threading import Lock
from typing import IO
from uuid import uuid4

from everyday.errors import ArchiveConflict, ArchiveUnavailable, MediumMissing, SettingsError
from everyday.photos.archive import content_type, whole
from everyday.photos.ports import Body, Listed, Stored

_PARTIAL = ".partial"
_LOCK = ".lock"
_CHUNK_BYTES = 2**18
# One name of a key: no dot in front keeps out `..`, our lock and what other programs hide.
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")
# What file systems without hard links (exFAT on a stick) answer.
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS}


class FolderArchive:
    """An Archive under `path`; the tag of a document is the hash of its bytes. Raises ArchiveUnavailable."""

    def __init__(self, path: Path) -> None:
        self._root = path
        self._swept: set[Path] = set()
        self._sweeping = Lock()

    def put(self, key: str, body: Body) -> Stored:
        path = self._path(key)
        if not path.exists():
            self._create(path, whole(body), f"storing {key}")
        with _translated(f"reading {key}"), path.open("rb") as stored:
            return Stored(file_digest(stored, "sha256").hexdigest(), os.fstat(stored.fileno()).st_size)

    def read(self, key: str) -> tuple[bytes, str] | None:
        with _translated(f"reading {key}"):
            try:
                document = self._path(key).read_bytes()
            except FileNotFoundError:
                return None
        return document, sha256(document).hexdigest()

    def write(self, key: str, document: bytes, *, tag: str | None) -> None:
        path, doing = self._path(key), f"writing {key}"
        with self._partial(path, iter([document]), doing) as partial, _translated(doing):
            with self._exclusive():
                found = self.read(key)
                if (found[1] if found else None) != tag:
                    raise ArchiveConflict(f"{key} changed since it was read")
                partial.replace(path)
            _sync_folder(path.parent)

    @contextmanager
    def open(self, key: str) -> Iterator[Body]:
        with _translated(f"opening {key}"):
            try:
                file = self._path(key).open("rb")
            except FileNotFoundError as error:
                raise MediumMissing(f"the archive has no {key}") from error
        with file:
            yield Body(_reading(key, file), content_type(key), os.fstat(file.fileno()).st_size)

    def list(self, prefix: str) -> Iterator[Listed]:
        folder = prefix.rpartition("/")[0]
        with _translated(f"listing {prefix}"):
            start = self._path(folder) if folder else self._root
            yield from _walk(start, f"{folder}/" if folder else "", prefix)

    def _path(self, key: str) -> Path:
        names = key.split("/")
        if not all(_NAME.fullmatch(name) for name in names) or key.endswith(_PARTIAL):
            raise SettingsError(f"{key[:200]!r} is not a key of the archive")
        return self._root.joinpath(*names)

    def _create(self, path: Path, chunks: Iterator[bytes], doing: str) -> None:
        """Make the file unless another writer is first; theirs then stays."""
        with self._partial(path, chunks, doing) as partial, _translated(doing):
            try:
                os.link(partial, path)
            except FileExistsError:
                return
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                with self._exclusive():
                    if not path.exists():
                        partial.replace(path)

    @contextmanager
    def _partial(self, path: Path, chunks: Iterator[bytes], doing: str) -> Iterator[Path]:
        """A whole, synced file beside `path`, gone at the end unless it was renamed.

        Only our own failures are translated: what `chunks` raises passes through.
        """
        partial = path.with_name(f".{path.name}.{uuid4().hex}{_PARTIAL}")
        with _translated(doing):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._sweep(path.parent)
            file = partial.open("xb", buffering=0)
        try:
            with file:
                # The lock says that somebody alive is writing; the kernel takes it off a killed process.
                fcntl.flock(file, fcntl.LOCK_EX)
                for chunk in chunks:
                    with _translated(doing):
                        _write(file, chunk)
                with _translated(doing):
                    os.fsync(file.fileno())
                yield partial
        finally:
            partial.unlink(missing_ok=True)

    def _sweep(self, folder: Path) -> None:
        """Remove what killed runs left in the folder, once per archive object."""
        with self._sweeping:
            if folder in self._swept:
                return
            self._swept.add(folder)
            for leftover in folder.glob(f".*{_PARTIAL}"):
                with suppress(BlockingIOError, FileNotFoundError), leftover.open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    leftover.unlink()

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Only one writer of documents at a time, in this process and all others."""
        self._root.mkdir(parents=True, exist_ok=True)
        with (self._root / _LOCK).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _walk(folder: Path, base: str, prefix: str) -> Iterator[Listed]:
    """Files below `folder`, in the order of their keys, which counts the `/` after a folder's name."""
    try:
        found = [(f"{it.name}/" if it.is_dir() else it.name, it) for it in os.scandir(folder)]
    except (FileNotFoundError, NotADirectoryError):
        return
    for name, it in sorted(found, key=lambda pair: pair[0]):
        key = base + name
        if not _NAME.fullmatch(it.name) or not (key.startswith(prefix) or prefix.startswith(key)):
            continue
        if it.is_dir():
            yield from _walk(Path(it.path), key, prefix)
        else:
            yield Listed(key, it.stat().st_size)


def _reading(key: str, file: IO[bytes]) -> Iterator[bytes]:
    with _translated(f"reading {key}"):
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _write(file: FileIO, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[file.write(rest) :]


def _sync_folder(folder: Path) -> None:
    """Make the names in the folder survive a power cut. Done for documents only: the one that describes a
    medium's files is written after them, into the same folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArchiveUnavailable(f"{doing}: {error.strerror or type(error).__name__}") from error
