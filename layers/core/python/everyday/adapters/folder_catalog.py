"""The catalog beside an archive in a local folder: one SQLite file."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from everyday.errors import CatalogConflict, CatalogUnavailable
from everyday.photos.catalog import Entry, RunState, Work

FILE = "catalog.sqlite"
_RUN = "#run"
_PAGE = 500
_BUSY_SECONDS = 30
# The archive is the truth and the catalog can be rebuilt from it: it need not be synced at every write.
_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS entries (
    pk TEXT PRIMARY KEY, version INTEGER NOT NULL, taken_at TEXT, work TEXT, retry_at TEXT, doc BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS todo ON entries (work, taken_at, pk) WHERE work IS NOT NULL;
CREATE INDEX IF NOT EXISTS timeline ON entries (taken_at, pk) WHERE taken_at IS NOT NULL;
"""
_INSERT = """
INSERT INTO entries (version, taken_at, work, retry_at, doc, pk) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""
_UPDATE = """
UPDATE entries SET version = ?, taken_at = ?, work = ?, retry_at = ?, doc = ? WHERE pk = ? AND version = ?
"""
_DUE = """
SELECT taken_at, pk, doc FROM entries
WHERE work = ? AND (taken_at, pk) > (?, ?) AND (retry_at IS NULL OR retry_at <= ?)
ORDER BY taken_at, pk LIMIT ?
"""
_TIMELINE = """
SELECT taken_at, pk, doc FROM entries
WHERE taken_at >= ? AND (taken_at, pk) < (?, ?)
ORDER BY taken_at DESC, pk DESC LIMIT ?
"""
_Versioned = TypeVar("_Versioned", Entry, RunState)


class FolderCatalog:
    """A Catalog in `catalog.sqlite` under `path`, for all threads and processes of one machine.

    Raises CatalogUnavailable.
    """

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        with _translated():
            path.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(
                path / FILE, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._database.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def get_many(self, ids: Sequence[str]) -> Mapping[str, Entry]:
        marks = ", ".join("?" * len(ids))
        rows = self._rows(f"SELECT pk, doc FROM entries WHERE pk IN ({marks})", *ids)  # noqa: S608 - marks
        return {pk: msgspec.json.decode(doc, type=Entry) for pk, doc in rows}

    def put(self, entry: Entry) -> Entry:
        retry_at = _stamp(entry.retry_at) if entry.retry_at else None
        return self._put(entry.id, entry, _stamp(entry.taken_at), entry.work, retry_at)

    def due(self, work: Work, *, now: datetime) -> Iterator[Entry]:
        last = ("", "")
        while rows := self._rows(_DUE, work, *last, _stamp(now), _PAGE):
            yield from _entries(rows)
            last = rows[-1][:2]

    def timeline(self, *, since: datetime | None = None, until: datetime | None = None) -> Iterator[Entry]:
        # "~" sorts after every digit and after every id.
        last = (_stamp(until) if until else "~", "~")
        low = _stamp(since) if since else ""
        while rows := self._rows(_TIMELINE, low, *last, _PAGE):
            yield from _entries(rows)
            last = rows[-1][:2]

    def run_state(self) -> RunState:
        rows = self._rows("SELECT doc FROM entries WHERE pk = ?", _RUN)
        return msgspec.json.decode(rows[0][0], type=RunState) if rows else RunState()

    def put_run_state(self, state: RunState) -> RunState:
        return self._put(_RUN, state, None, None, None)

    def _put(self, pk: str, record: _Versioned, *indexed: str | None) -> _Versioned:
        new = replace(record, version=record.version + 1)
        values: tuple[object, ...] = (new.version, *indexed, msgspec.json.encode(new), pk)
        with self._lock, _translated():
            if record.version == 0:
                done = self._database.execute(_INSERT, values)
            else:
                done = self._database.execute(_UPDATE, (*values, record.version))
        if done.rowcount != 1:
            raise CatalogConflict(f"{pk} changed in the catalog since it was read")
        return new

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._lock, _translated():
            return self._database.execute(query, values).fetchall()


def _entries(rows: list[Any]) -> Iterator[Entry]:
    return (msgspec.json.decode(doc, type=Entry) for *_, doc in rows)


def _stamp(moment: datetime) -> str:
    """Sorts as text the way moments sort."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise CatalogUnavailable(
            f"{FILE}: {error}; if the file is damaged, delete it and run `everyday photos backup` again"
        ) from error
