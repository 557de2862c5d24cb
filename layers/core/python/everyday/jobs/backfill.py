"""Reservations for blocked jobs, so that those behind them fill gaps without delaying them."""

from collections.abc import Iterator, Sequence
from enum import Enum, auto
from itertools import islice
from typing import NamedTuple

from everyday.jobs.fit import FOREVER, UNKNOWN, Need
from everyday.jobs.index import Index
from everyday.jobs.model import Job, JobClass
from everyday.jobs.plan import Reserved, Rules
from everyday.jobs.room import Room, Saved

_LOOKED_AT = 32
"""So many instances are compared for a reservation, those with the most room first."""

_FIRST, _BEHIND, _STARVED = 16, 1, 4
"""Reservations at once, found by simulation: fewer lengthen large jobs' waits, more lengthen the makespan."""

_ORDER = {JobClass.HIGH: 0, JobClass.NORMAL: 1, JobClass.LOW: 2}


class _Due(Enum):
    """Why a blocked job has a reservation."""

    FIRST = auto()
    BEHIND = auto()
    STARVED = auto()


class Backfill:
    """Reserves for each blocked job the instance that should have room for it first.

    Reservations are made only when somebody behind could take the room: until then jobs are only `noted`.
    How many: `rules.reservations`, or as many as pay. Those of the first blocked job's class, or above it,
    pay with shorter waits; of the classes behind one is enough to keep large jobs moving, because each costs
    makespan. Whoever waited past `rules.starve_after` has one too; the first of these drain their instance.
    """

    def __init__(self, index: Index, now: int, rules: Rules) -> None:
        self.reserved: list[Reserved] = []
        self.holders: dict[str, str] = {}
        self._index, self._now, self._rules = index, now, rules
        self._noted: list[tuple[Sequence[Job], Sequence[Need]]] = []
        self._lead: JobClass | None = None
        self._left = {_Due.FIRST: _FIRST, _Due.BEHIND: _BEHIND, _Due.STARVED: _STARVED}
        if rules.reservations is not None:
            self._left = {_Due.FIRST: rules.reservations, _Due.BEHIND: 0, _Due.STARVED: 0}
        self._drains = _STARVED

    @property
    def unsettled(self) -> bool:
        """Whether somebody was noted since the last `settle`."""
        return bool(self._noted)

    def note(self, members: Sequence[Job], needs: Sequence[Need]) -> None:
        """This job (or group) is blocked; whoever comes now is behind it."""
        for due in self._due(members[0]):
            if self._left[due] > 0:
                self._left[due] -= 1
                self._noted.append((members, needs))
                break

    def _due(self, job: Job) -> Iterator["_Due"]:
        """As what a job may have a reservation."""
        if self._lead is None:
            self._lead = job.job_class
        first = self._rules.reservations is not None or _ORDER[job.job_class] <= _ORDER[self._lead]
        yield _Due.FIRST if first else _Due.BEHIND
        if self._starves(job):
            yield _Due.STARVED

    def _starves(self, job: Job) -> bool:
        return self._now - job.enqueued_at >= self._rules.starve_after

    def settle(self, most: int | None = None) -> None:
        """Make the reservations of all (or the first `most`) that were noted, in that order."""
        for members, needs in self._noted[:most]:
            self._reserve(members, needs)
        self._noted.clear()

    def _reserve(self, members: Sequence[Job], needs: Sequence[Need]) -> None:
        """Hold room for a job, or for all of a group at one time; nothing if they never fit side by side."""
        if len(members) == 1:
            option = self._earliest(needs[0], lasting_of(members[0]))
            if option is not None:
                self._hold(members[0], needs[0], option.room, option.start)
            return
        options = self._side_by_side(needs)
        if len(options) == len(needs):
            together = max(option.start for option in options)
            for job, need, option in zip(members, needs, options, strict=True):
                self._hold(job, need, option.room, together)

    def _side_by_side(self, needs: Sequence[Need]) -> list["_Option"]:
        """When each could start if none ever ended: from the last of these times on they fit together."""
        options: list[_Option] = []
        saved: list[tuple[Room, Saved]] = []
        for need in needs:
            option = self._earliest(need, FOREVER)
            if option is None:
                break
            options.append(option)
            saved.append((option.room, option.room.saved()))
            option.room.future(self._now).take(need, option.start, FOREVER)
        for room, before in reversed(saved):
            room.restore(before)
        return options

    def _earliest(self, need: Need, lasting: int) -> "_Option | None":
        """When and where the need fits first; of several instances, where the least is missing for it.

        What is missing where nothing else may go only shrinks, so the choice lasts when no end is known.
        """
        best: _Option | None = None
        for room in islice(self._index.could_hold(need), _LOOKED_AT):
            start = room.future(self._now).earliest(need, lasting, best.start if best else FOREVER)
            if start is not None:
                option = _Option(start, room.missing(need), room.looseness(need), room.arn, room)
                best = option if best is None else min(best, option)
        return best

    def _hold(self, job: Job, need: Need, room: Room, start: int) -> None:
        """Keep room for the job from then on, for as long as it runs."""
        timeline, unknown = room.future(self._now), start >= UNKNOWN
        timeline.take(need, start, start + lasting_of(job))
        starves = self._starves(job) and self._drains > 0
        self._drains -= starves
        if unknown or starves:
            timeline.drain(start)
        self.reserved.append(Reserved(job.id, room.arn, None if unknown else start))
        self.holders.setdefault(room.arn, job.id)


class _Option(NamedTuple):
    """When and where a job could start; compared in this order."""

    start: int
    missing: float
    looseness: float
    arn: str
    room: Room


def lasting_of(job: Job) -> int:
    """How long the job should run at most, in milliseconds; FOREVER when nobody knows."""
    seconds = job.estimate_seconds or job.timeout_seconds
    return FOREVER if seconds is None else seconds * 1_000


def end_of(now: int, lasting: int) -> int:
    """When a job that starts now gives its room back."""
    return UNKNOWN if lasting == FOREVER else now + lasting
