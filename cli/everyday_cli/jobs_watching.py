"""One look after another at a cluster's jobs, and what changed in between."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from everyday.jobs.board import Board
from everyday.jobs.model import Job, JobClass, State
from everyday.jobs.ports import Lane, Ledger

_LAG_MS = 10_000
"""The ledger's lists may show an end so much later than it was."""

_QUIET_LOOKS = 3
"""So many looks without anything mean that nothing is left: what was just sent takes a moment to arrive."""


class Look(NamedTuple):
    """A cluster at one moment. `ended`: everything that ended since the first look, by id."""

    at: int
    running: Sequence[Job]
    waiting: Sequence[Job]
    held: Sequence[Job]
    arrays: Sequence[Job]
    ended: Mapping[str, Job]
    board: Board | None

    @property
    def quiet(self) -> bool:
        """Whether nothing runs or waits."""
        return not (self.running or self.waiting or self.held or self.arrays)

    @property
    def outcomes(self) -> dict[State, int]:
        """How many ended how."""
        return dict(Counter(job.state for job in self.ended.values()))

    def by_class(self) -> Iterator[tuple[JobClass, int, int, int]]:
        """Of each class that there is: how many wait (held ones too), run, and have ended."""
        waiting = Counter(job.job_class for job in (*self.waiting, *self.held))
        running = Counter(job.job_class for job in self.running)
        ended = Counter(job.job_class for job in self.ended.values())
        for each in JobClass:
            counts = waiting[each], running[each], ended[each]
            if any(counts):
                yield each, *counts


class Watching:
    """Looks at one cluster; `last` is the newest look. `changes` of a look are those since the one before."""

    def __init__(self, ledger: Ledger, cluster: str, now: int) -> None:
        self._ledger = ledger
        self._cluster = cluster
        self._since = self._started = now
        self._ended: dict[str, Job] = {}
        self._seen: dict[str, Job] = {}
        self._quiet = 0
        self.last: Look | None = None

    def look(self, now: int) -> Look:
        """What is there now."""
        for job in self._lane(Lane.DONE, until=max(self._started, self._since - _LAG_MS)):
            if job.size is None:
                self._ended.setdefault(job.id, job)
        self._since = now
        waiting, held = self._lane(Lane.WAITING), self._lane(Lane.HELD)
        running, arrays = self._lane(Lane.OPEN), self._lane(Lane.ARRAYS)
        board = self._ledger.board(self._cluster)
        self.last = Look(now, running, waiting, held, arrays, dict(self._ended), board)
        return self.last

    def over(self, look: Look) -> bool:
        """Whether nothing has been left for some looks now. To be asked once for each look."""
        self._quiet = self._quiet + 1 if look.quiet else 0
        return self._quiet >= _QUIET_LOOKS

    def changes(self, look: Look) -> Sequence[Job]:
        """The jobs that are elsewhere than at the look before, those that ended first."""
        now = [*look.ended.values(), *look.running, *look.held, *look.waiting]
        changed = [job for job in now if _standing(job) != _standing(self._seen.get(job.id))]
        self._seen.update((job.id, job) for job in changed)
        return changed

    def _lane(self, lane: Lane, *, until: int | None = None) -> Sequence[Job]:
        return list(self._ledger.listed(self._cluster, lane, until=until))


def _standing(job: Job | None) -> tuple[object, ...]:
    return (job.state, job.attempt, job.held) if job else ()
