"""Key-value stores in a file: what CloudFront promises of their ETags, steps and sizes."""

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

MOST_BYTES = 5 * 1024 * 1024
MOST_KEY_BYTES = 512
MOST_PAIR_BYTES = 1024
MOST_CHANGES = 50
"""Keys in one UpdateKeys. All are CloudFront's quotas, but for the pair's: it counts the value alone."""


class Refused(Exception):
    """What the data plane answers; `code` is AWS's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class About(NamedTuple):
    """A store: how many keys, how many bytes with their values, the ETag that the next change must name."""

    keys: int
    size: int
    etag: str
    created: datetime
    modified: datetime


class Stores:
    """The stores by ARN; one is there from the first time that it is asked for."""

    def __init__(self, path: Path | None = None) -> None:
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._turn = threading.RLock()
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS pairs (store TEXT, key TEXT, value TEXT, PRIMARY KEY (store, key))"
        )
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS stores "
            "(store TEXT PRIMARY KEY, etag TEXT, created TEXT, modified TEXT)"
        )

    def close(self) -> None:
        self._db.close()

    def get(self, store: str, key: str) -> str | None:
        with self._turn:
            row = self._db.execute(
                "SELECT value FROM pairs WHERE store = ? AND key = ?", (store, key)
            ).fetchone()
        return row[0] if row else None

    def after(self, store: str, key: str, most: int) -> Sequence[tuple[str, str]]:
        """Pairs in the order of their keys, from behind `key`."""
        question = "SELECT key, value FROM pairs WHERE store = ? AND key > ? ORDER BY key LIMIT ?"
        with self._turn:
            return self._db.execute(question, (store, key, most)).fetchall()

    def about(self, store: str) -> About:
        with self._turn:
            self._db.execute(
                "INSERT OR IGNORE INTO stores VALUES (?, ?, ?, ?)", (store, str(uuid4()), _now(), _now())
            )
            etag, created, modified = self._db.execute(
                "SELECT etag, created, modified FROM stores WHERE store = ?", (store,)
            ).fetchone()
            sizes = (
                "SELECT count(*), total(length(CAST(key AS BLOB)) + length(CAST(value AS BLOB))) FROM pairs"
            )
            keys, size = self._db.execute(f"{sizes} WHERE store = ?", (store,)).fetchone()
        times = (datetime.fromisoformat(text) for text in (created, modified))
        return About(keys, int(size), etag, *times)

    def change(self, store: str, etag: str, puts: Mapping[str, str], deletes: Sequence[str]) -> About:
        """All of it or nothing. Raises Refused."""
        _check(puts, deletes)
        with self._turn, self._transaction():
            if self.about(store).etag != etag:
                raise Refused("ConflictException", "the ETag is not the store's: read it again")
            self._db.executemany(
                "DELETE FROM pairs WHERE store = ? AND key = ?", [(store, key) for key in deletes]
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO pairs VALUES (?, ?, ?)", [(store, *pair) for pair in puts.items()]
            )
            self._db.execute(
                "UPDATE stores SET etag = ?, modified = ? WHERE store = ?", (str(uuid4()), _now(), store)
            )
            after = self.about(store)
            if after.size > MOST_BYTES:
                raise Refused("ServiceQuotaExceededException", f"the store would have {after.size} bytes")
            return after

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def _check(puts: Mapping[str, str], deletes: Sequence[str]) -> None:
    if not 0 < len(puts) + len(deletes) <= MOST_CHANGES:
        raise Refused("ValidationException", f"a call changes 1 to {MOST_CHANGES} keys")
    if puts.keys() & set(deletes) or len(set(deletes)) < len(deletes):
        raise Refused("ValidationException", "a key is named twice")
    for key in (*puts, *deletes):
        if not 0 < len(key.encode()) <= MOST_KEY_BYTES:
            raise Refused("ValidationException", f"a key has 1 to {MOST_KEY_BYTES} bytes")
    for key, value in puts.items():
        if len(key.encode()) + len(value.encode()) > MOST_PAIR_BYTES:
            raise Refused(
                "ValidationException", f"{key} and its value have more than {MOST_PAIR_BYTES} bytes"
            )


def _now() -> str:
    return datetime.now(UTC).isoformat()
