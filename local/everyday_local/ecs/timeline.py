"""What happens later, and the clock that it is measured by."""

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from everyday.ports import Clock

START = datetime(2026, 1, 1, tzinfo=UTC)


def utc_now() -> datetime:
    return datetime.now(UTC)


def standing() -> datetime:
    """A clock that moves by `advance` alone."""
    return START


class Timeline:
    """Work that is due at a time. Not safe by itself: its owner locks.

    `advance` lets time pass and does what falls due on the way, each at its own time.
    """

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._shift = timedelta(0)
        self._due: list[tuple[datetime, int, Callable[[], Any]]] = []
        self._number = itertools.count()
        self.changed = threading.Event()

    def now(self) -> datetime:
        return self._clock() + self._shift

    def after(self, seconds: float, work: Callable[[], Any]) -> None:
        heapq.heappush(self._due, (self.now() + timedelta(seconds=seconds), next(self._number), work))
        self.changed.set()

    def next_due(self) -> float | None:
        """Seconds until the next work is due; None when there is none."""
        return (self._due[0][0] - self.now()).total_seconds() if self._due else None

    def run_due(self) -> bool:
        """Do what is due now, oldest first; True if there was any."""
        ran = False
        while self._due and self._due[0][0] <= self.now():
            heapq.heappop(self._due)[2]()
            ran = True
        return ran

    def step_to(self, end: datetime) -> bool:
        """Move the clock to the next work due before `end`, else to `end`; True if there is such work."""
        due = bool(self._due) and self._due[0][0] <= end
        aim = self._due[0][0] if due else end
        self._shift += max(aim - self.now(), timedelta(0))
        return due
