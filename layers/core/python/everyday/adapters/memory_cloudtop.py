"""The table of `cloudtop` in memory, for tests and simulations: held to its port by the contract suite."""

from datetime import datetime
from threading import Lock
from typing import TypeVar

from everyday.cloudtop.model import Home, Lease, Notes, Report, Wish
from everyday.errors import BookConflict

_Doc = TypeVar("_Doc", Wish, Home, Notes)


class MemoryBook:
    """A Book in attributes. Thread-safe. `take_lease` and `say` are the machine's side of it."""

    def __init__(self) -> None:
        self._wish = Wish()
        self._home: Home | None = None
        self._notes = Notes()
        self._lease: Lease | None = None
        self._report: Report | None = None
        self._lock = Lock()

    def wish(self) -> Wish:
        return self._wish

    def put_wish(self, wish: Wish) -> None:
        with self._lock:
            self._wish = _successor(self._wish, wish)

    def home(self) -> Home | None:
        return self._home

    def put_home(self, home: Home) -> None:
        with self._lock:
            self._home = _successor(self._home, home)

    def notes(self) -> Notes:
        return self._notes

    def put_notes(self, notes: Notes) -> None:
        with self._lock:
            self._notes = _successor(self._notes, notes)

    def lease(self) -> Lease | None:
        return self._lease

    def free_lease(self, holder: str) -> bool:
        with self._lock:
            theirs = self._lease is not None and self._lease.holder == holder
            self._lease = None if theirs else self._lease
            return theirs

    def report(self) -> Report | None:
        return self._report

    def take_lease(self, holder: str, volume: str, since: datetime) -> bool:
        """True if it is theirs now, also when it was before."""
        with self._lock:
            self._lease = self._lease or Lease(holder=holder, volume=volume, since=since)
            return self._lease.holder == holder

    def say(self, report: Report) -> None:
        self._report = report


def _successor(known: _Doc | None, new: _Doc) -> _Doc:
    before = known.version if known else 0
    if new.version != before + 1 and new != known:
        raise BookConflict(f"{type(new).__name__} was written since it was read")
    return new
