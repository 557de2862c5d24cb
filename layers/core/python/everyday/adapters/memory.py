"""Stores in memory, for tests and dry runs: real adapters, held to their ports by the contract suite.

All are thread-safe, and what they hold can be looked at: `objects`, `entries`, `values`, `published`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from threading import Lock
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from everyday.errors import ArchiveConflict, CatalogConflict, MediumMissing, SettingsError
from everyday.photos.archive import whole
from everyday.photos.catalog import Entry, RunState, Work
from everyday.photos.ports import Body, Listed, Stored


class MemoryObject(NamedTuple):
    """One object: its bytes and their type."""

    data: bytes
    content_type: str


class MemoryArchive:
    """An Archive in a dictionary; the tag of a document is the hash of its bytes."""

    def __init__(self) -> None:
        self.objects: dict[str, MemoryObject] = {}
        self._lock = Lock()

    def put(self, key: str, body: Body) -> Stored:
        if key not in self.objects:
            new = MemoryObject(b"".join(whole(body)), body.content_type)
            with self._lock:
                self.objects.setdefault(key, new)
        data = self.objects[key].data
        return Stored(sha256(data).hexdigest(), len(data))

    def read(self, key: str) -> tuple[bytes, str] | None:
        found = self.objects.get(key)
        return (found.data, sha256(found.data).hexdigest()) if found else None

    def write(self, key: str, document: bytes, *, tag: str | None) -> None:
        with self._lock:
            found = self.read(key)
            if (found[1] if found else None) != tag:
                raise ArchiveConflict(f"{key} changed since it was read")
            self.objects[key] = MemoryObject(document, "application/json")

    @contextmanager
    def open(self, key: str) -> Iterator[Body]:
        if key not in self.objects:
            raise MediumMissing(f"the archive has no {key}")
        data, content_type = self.objects[key]
        yield Body(iter([data] if data else []), content_type, len(data))

    def list(self, prefix: str) -> Iterator[Listed]:
        with self._lock:
            found = sorted((key, len(it.data)) for key, it in self.objects.items() if key.startswith(prefix))
        return (Listed(key, size) for key, size in found)


class MemoryCatalog:
    """A Catalog in a dictionary."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.state = RunState()
        self._lock = Lock()

    def get_many(self, ids: Sequence[str]) -> Mapping[str, Entry]:
        with self._lock:
            return {id_: self.entries[id_] for id_ in ids if id_ in self.entries}

    def put(self, entry: Entry) -> Entry:
        with self._lock:
            known = self.entries.get(entry.id)
            if (known.version if known else 0) != entry.version:
                raise CatalogConflict(f"the entry of {entry.id} changed since it was read")
            self.entries[entry.id] = replace(entry, version=entry.version + 1)
            return self.entries[entry.id]

    def due(self, work: Work, *, now: datetime) -> Iterator[Entry]:
        waiting = [it for it in self._by_time() if it.work == work]
        return (it for it in waiting if it.retry_at is None or it.retry_at <= now)

    def timeline(self, *, since: datetime | None = None, until: datetime | None = None) -> Iterator[Entry]:
        newest_first = reversed(self._by_time())
        return (
            it
            for it in newest_first
            if (since is None or it.taken_at >= since) and (until is None or it.taken_at <= until)
        )

    def run_state(self) -> RunState:
        with self._lock:
            return self.state

    def put_run_state(self, state: RunState) -> RunState:
        with self._lock:
            if self.state.version != state.version:
                raise CatalogConflict("the run's state changed since it was read")
            self.state = replace(state, version=state.version + 1)
            return self.state

    def _by_time(self) -> list[Entry]:
        with self._lock:
            return sorted(self.entries.values(), key=lambda it: (it.taken_at, it.id))


class MemorySecrets:
    """Secrets in a dictionary; values are copied on the way in and out."""

    def __init__(self, values: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.values: dict[str, bytes] = {}
        for name, value in (values or {}).items():
            self.put(name, value)

    def get(self, name: str) -> Mapping[str, Any]:
        if name not in self.values:
            raise SettingsError(f"the secret {name} was never filled")
        return msgspec.json.decode(self.values[name], type=dict[str, Any])

    def put(self, name: str, value: Mapping[str, Any]) -> None:
        self.values[name] = msgspec.json.encode(value)


class MemoryEvents:
    """Events in a list, as (kind, detail)."""

    def __init__(self) -> None:
        self.published: list[tuple[str, Mapping[str, Any]]] = []

    def publish(self, kind: str, details: Iterable[Mapping[str, Any]]) -> None:
        self.published.extend((kind, dict(detail)) for detail in details)
