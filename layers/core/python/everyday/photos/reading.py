"""Reads the whole archive, medium by medium, side by side and in bounded memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from itertools import groupby, islice
from typing import NamedTuple, TypeVar

import msgspec

from everyday.errors import MediumMissing, MediumUnreadable
from everyday.photos import archive as names
from everyday.photos.archive import PostRecord
from everyday.photos.model import Sidecar
from everyday.photos.ports import Archive, Listed

CONCURRENCY = 8
_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


class Failure(msgspec.Struct, frozen=True):
    """What could not be done with one object or file, and why."""

    key: str
    reason: str


class Folder(NamedTuple):
    """What lies in one medium's folder: name to size in bytes. `id` None: keys that belong to no medium."""

    id: str | None
    sizes: Mapping[str, int]


def folders(archive: Archive) -> Iterator[Folder]:
    """Every folder of the archive, in the order of the ids. Raises ArchiveUnavailable."""
    for id_, listed in groupby(archive.list(names.ROOT), _medium_of):
        yield Folder(id_, {it.key if id_ is None else _name_of(it): it.size for it in listed})


def read_sidecar(archive: Archive, medium_id: str) -> Sidecar:
    """Raises MediumMissing, MediumUnreadable, ArchiveUnavailable."""
    sidecar = names.decode_sidecar(_read(archive, names.sidecar_key(medium_id)))
    if sidecar.medium.id != medium_id:
        raise MediumUnreadable(f"{names.SIDECAR} describes {sidecar.medium.id[:64]!r}, not this medium")
    return sidecar


def read_post(archive: Archive, medium_id: str) -> PostRecord:
    """Raises MediumMissing, MediumUnreadable, ArchiveUnavailable."""
    return names.decode_post(_read(archive, names.post_key(medium_id)))


def hash_of(chunks: Iterable[bytes]) -> str:
    """SHA-256 as hex."""
    digest = sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def side_by_side(
    work: Callable[[_Given], _Made], given: Iterable[_Given], *, concurrency: int = CONCURRENCY
) -> Iterator[_Made]:
    """The results of `work`, in order; only a few more are begun than are taken. Its errors pass through."""
    ahead = iter(given)
    with ThreadPoolExecutor(concurrency) as pool:
        begun: deque[Future[_Made]] = deque(pool.submit(work, it) for it in islice(ahead, 2 * concurrency))
        try:
            while begun:
                yield begun.popleft().result()
                begun.extend(pool.submit(work, it) for it in islice(ahead, 1))
        finally:
            for future in begun:
                future.cancel()


def _read(archive: Archive, key: str) -> bytes:
    found = archive.read(key)
    if found is None:
        raise MediumMissing(f"the archive has no {key}")
    return found[0]


def _medium_of(listed: Listed) -> str | None:
    parts = names.split_key(listed.key)
    return parts[0] if parts else None


def _name_of(listed: Listed) -> str:
    return listed.key.removeprefix(names.ROOT).partition("/")[2]
