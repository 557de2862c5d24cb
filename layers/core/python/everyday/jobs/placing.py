"""Puts jobs on instances: one by one, or all of a group at once."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from everyday.jobs.backfill import Backfill, end_of, lasting_of
from everyday.jobs.fit import Learnt, Need
from everyday.jobs.index import Bound, Index
from everyday.jobs.model import Job
from everyday.jobs.ordering import Shares
from everyday.jobs.plan import Placement
from everyday.jobs.room import Room, Saved


class Party(NamedTuple):
    """Who starts together: one job, or the members of a group, and what each needs."""

    jobs: Sequence[Job]
    needs: Sequence[Need]


class Placing:
    """What a plan has placed so far. `open`: the needs for which there may still be room."""

    def __init__(
        self, index: Index, backfill: Backfill, shares: Shares, now: int, needs: Iterable[Need]
    ) -> None:
        self.placements: list[Placement] = []
        self.open: set[Need] = set()
        self._index, self._backfill, self._shares, self._now = index, backfill, shares, now
        self._vain: set[frozenset[tuple[tuple[Need, int], int]]] = set()
        for need in needs:
            need.blocked = not index.may_hold(need)
            if need.never is None and not need.blocked:
                self.open.add(need)
        for need in list(self.open):
            if need in self.open and not self._holds(need):
                self._close(need)

    def start(self, party: Party) -> bool:
        """Start all of them now if they fit without delaying what is reserved for those before them."""
        if any(need.blocked for need in party.needs):
            return False
        if self._backfill.unsettled and all(self._holds(need) for need in party.needs):
            self._backfill.settle()
        if len(party.jobs) == 1:
            return self._start_one(party.jobs[0], party.needs[0])
        return self._start_all(party)

    def _start_one(self, job: Job, need: Need) -> bool:
        room = self._find(job, need)
        if room is not None:
            room.take(need, self._now, end_of(self._now, lasting_of(job)))
            self._record(job, room)
        elif need.blocked:
            self._close(need)
        return room is not None

    def _start_all(self, party: Party) -> bool:
        """Start all or none. What was in vain once is in vain for every group that needs the same."""
        key = frozenset(Counter(zip(party.needs, map(lasting_of, party.jobs), strict=True)).items())
        if key in self._vain:
            return False
        before = self._index.bounds(), [(need, need.learnt()) for need in set(party.needs)]
        rooms: list[tuple[Room, Saved]] = []
        for job, need in zip(*party, strict=True):
            room = self._find(job, need)
            if room is None:
                self._vain.add(key)
                self._undo(rooms, *before)
                return False
            rooms.append((room, room.saved()))
            room.take(need, self._now, end_of(self._now, lasting_of(job)))
        for job, (room, _) in zip(party.jobs, rooms, strict=True):
            self._record(job, room)
        return True

    def _undo(
        self,
        rooms: Sequence[tuple[Room, Saved]],
        bounds: list[Bound],
        learnt: Iterable[tuple[Need, Learnt]],
    ) -> None:
        for room, saved in reversed(rooms):
            room.restore(saved)
        self._index.restore(bounds)
        for need, known in learnt:
            need.relearn(known)

    def _find(self, job: Job, need: Need) -> Room | None:
        """Where the job fits best, if it fits anywhere without delaying what is reserved."""
        lasting = lasting_of(job)
        if need.blocked or lasting >= need.refused:
            return None
        room = self._index.best(need, self._now, end_of(self._now, lasting))
        if room is None:
            need.refused = lasting
        return room

    def _holds(self, need: Need) -> bool:
        """Whether any instance has room for it, reserved or not."""
        return not need.blocked and next(self._index.holding(need), None) is not None

    def _close(self, blocked: Need) -> None:
        """Nothing holds this need any more, nor any that needs as much of everything."""
        for need in [each for each in self.open if each.covers(blocked)]:
            need.blocked = True
            self.open.remove(need)

    def _record(self, job: Job, room: Room) -> None:
        group = job.group.id if job.group else None
        self.placements.append(Placement(job.id, job.attempt, room.arn, job.demand, group))
        self._shares.took(job.queue, job.demand)
