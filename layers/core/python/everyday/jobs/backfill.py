"""Reservations for blocked jobs, so that those behind them fill gaps without delaying them."""

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from everyday.jobs.fit import FOREVER, UNKNOWN, Need
from everyday.jobs.index import Index
from everyday.jobs.model import Job
from everyday.jobs.plan import Reserved, Rules
from everyday.jobs.room import Room, Saved

_LOOKED_AT = 64


class Backfill:
    """Reserves for each blocked job the instance that should have room for it first.

    Reservations are made only when somebody behind could take the room: until then jobs are only `noted`.
    """

    def __init__(self, index: Index, now: int, rules: Rules) -> None:
        self.reserved: list[Reserved] = []
        self._index, self._now, self._rules = index, now, rules
        self.holders: dict[str, str] = {}
        self._noted: list[tuple[Sequence[Job], Sequence[Need]]] = []
        self._left = len(index.rooms) if rules.reservations is None else rules.reservations

    @property
    def unsettled(self) -> bool:
        return bool(self._noted) and self._left > 0

    def note(self, members: Sequence[Job], needs: Sequence[Need]) -> None:
        """This job (or group) is blocked; whoever comes now is behind it."""
        self._noted.append((members, needs))

    def settle(self, most: int | None = None) -> None:
        """Make the reservations of all (or the first `most`) that were noted, in that order."""
        for members, needs in self._noted[:most]:
            if self._left <= 0:
                break
            self._reserve(members, needs)
        self._noted.clear()

    def _reserve(self, members: Sequence[Job], needs: Sequence[Need]) -> None:
        """Hold room for a job, or for all of a group at the same time; nothing if they never fit beside."""
        alone = len(members) == 1
        held: list[_Held] = []
        for job, need in zip(members, needs, strict=True):
            option = self._earliest(need, lasting_of(job) if alone else FOREVER)
            if option is None:
                break
            held.append(_Held(job, need, option.room, option.start, option.room.saved()))
            option.room.future(self._now).take(need, option.start, FOREVER)
        for each in reversed(held):
            each.room.restore(each.saved)
        if len(held) == len(members):
            together = max(each.start for each in held)
            for each in held:
                self._hold(each, together)

    def _earliest(self, need: Need, lasting: int) -> "_Option | None":
        """When and where the need fits first; of several instances, where the least room is lost."""
        rooms = islice(self._index.could_hold(need), _LOOKED_AT)
        starts = ((room.future(self._now).earliest(need, lasting), room) for room in rooms)
        options = (
            _Option(start, room.looseness(need), room.arn, room)
            for start, room in starts
            if start is not None
        )
        return min(options, default=None)

    def _hold(self, held: "_Held", together: int) -> None:
        """Keep the room free from its first time until the job has run, beginning when all can."""
        job, room, unknown = held.job, held.room, together >= UNKNOWN
        timeline = room.future(self._now)
        timeline.take(held.need, held.start, together + lasting_of(job))
        if unknown or self._now - job.enqueued_at >= self._rules.starve_after:
            timeline.drain(held.start)
        self.reserved.append(Reserved(job.id, room.arn, None if unknown else together))
        self.holders.setdefault(room.arn, job.id)
        self._left -= 1


class _Option(NamedTuple):
    """When and where a job could start; compared in this order."""

    start: int
    lost: float
    arn: str
    room: Room


class _Held(NamedTuple):
    job: Job
    need: Need
    room: Room
    start: int
    saved: Saved


def lasting_of(job: Job) -> int:
    """How long the job should run at most, in milliseconds; FOREVER when nobody knows."""
    seconds = job.estimate_seconds or job.timeout_seconds
    return FOREVER if seconds is None else seconds * 1_000
