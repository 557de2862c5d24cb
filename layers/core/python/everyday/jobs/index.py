"""Finds instances that hold a need, tightest first, without looking at all of them."""

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from everyday.jobs.fit import Need, has, offers
from everyday.jobs.model import Amount
from everyday.jobs.plan import InstanceView
from everyday.jobs.room import Room, looseness

_BLOCK = 32

_LOOKED_AT = 8
"""So many instances are compared for a job; more change nothing that simulations could show."""


class Bound(NamedTuple):
    """No instance of a block has more than this of any dimension."""

    cpu: int
    memory: int
    gpu: int

    def may_hold(self, need: Need) -> bool:
        return self.cpu >= need.cpu and self.memory >= need.memory and self.gpu >= need.gpu


class Index:
    """The open instances, from the tightest to the emptiest, in blocks.

    Of each block an upper bound of every dimension is known. Room only shrinks, so a bound stays true without
    being touched; it is made exact when a look into its block was in vain. The rooms of a block are made when
    it is first looked into: until then its bound is exact.
    """

    def __init__(self, views: Iterable[InstanceView]) -> None:
        by_arn = sorted([view for view in views if view.open], key=attrgetter("arn"))
        loose = [looseness(view.free, view.registered) for view in by_arn]
        self.views = [by_arn[k] for k in sorted(range(len(by_arn)), key=loose.__getitem__)]
        starts = range(0, len(self.views), _BLOCK)
        self._rooms: list[list[Room] | None] = [None] * len(starts)
        self._bounds = [_bound([view.free for view in self.views[k : k + _BLOCK]]) for k in starts]
        self._most = _bound(self._bounds)

    def may_hold(self, need: Need) -> bool:
        """Whether each part of the need fits somewhere, though perhaps not on one instance."""
        return bool(self.views) and self._most.may_hold(need)

    def holding(self, need: Need) -> Iterator[Room]:
        """The instances that the need fits now, the tightest first (by what was free when the plan began).

        Notes in the need where the first one is, or that there is none.
        """
        first, skipped = divmod(need.cursor, _BLOCK)
        found = False
        for block in range(first, len(self._bounds)):
            if not self._bounds[block].may_hold(need):
                continue
            rooms, hit = self._block(block), False
            for k in range(skipped if block == first else 0, len(rooms)):
                room = rooms[k]
                if room.cpu >= need.cpu and room.memory >= need.memory and room.fits(need):
                    if not found:
                        need.cursor, found = block * _BLOCK + k, True
                    hit = True
                    yield room
            if not hit:
                self._bounds[block] = _bound(rooms)
        need.blocked = not found

    def best(self, need: Need, now: int, end: int) -> Room | None:
        """Where to put a job that runs from now until then: among the first instances that hold it and where
        it delays no reservation, the one that it fills best and lengthens least.

        Time counts as a dimension, because an instance whose tasks end together is soon empty for a large
        job: the part of the job's run for which it would be the last one there is added to the looseness.
        """
        best, least = None, 0.0
        left = _LOOKED_AT
        for room in self.holding(need):
            if room.timeline is not None and not room.timeline.admits(need, end):
                continue
            cost = room.looseness(need)
            if (longer := end - room.busy_until(now)) > 0:
                cost += longer / (end - now)
            if best is None or cost < least or (cost == least and room.arn < best.arn):
                best, least = room, cost
            left -= 1
            if not left:
                break
        return best

    def could_hold(self, need: Need) -> Iterator[Room]:
        """The instances that would hold the need if they were empty, the emptiest first."""
        for k in reversed(range(len(self.views))):
            view = self.views[k]
            if offers(view.registered, view.attributes, need.demand):
                yield self._block(k // _BLOCK)[k % _BLOCK]

    def having(self, attributes: Sequence[str]) -> Iterator[Room]:
        """The instances with these attributes."""
        for block in range(len(self._rooms)):
            yield from (room for room in self._block(block) if has(room.view.attributes, attributes))

    def largest(self, attributes: Sequence[str]) -> Amount:
        """The most of each dimension that one with these attributes has free; nothing if there is none."""
        if attributes:
            bounds = [Bound(room.cpu, room.memory, room.gpu) for room in self.having(attributes)]
        else:
            made = zip(self._rooms, self._bounds, strict=True)
            bounds = [bound if rooms is None else _bound(rooms) for rooms, bound in made]
        return Amount(*_bound(bounds)) if bounds else Amount()

    def bounds(self) -> list[Bound]:
        """What is known of the blocks, to be restored when rooms are."""
        return self._bounds[:]

    def restore(self, bounds: list[Bound]) -> None:
        self._bounds = bounds

    def _block(self, number: int) -> list[Room]:
        rooms = self._rooms[number]
        if rooms is None:
            start = number * _BLOCK
            rooms = self._rooms[number] = [Room(view) for view in self.views[start : start + _BLOCK]]
        return rooms


def _bound(rooms: Sequence[Room] | Sequence[Amount] | Sequence[Bound]) -> Bound:
    """The most of each dimension; all zero when there are none."""
    if not rooms:
        return Bound(0, 0, 0)
    return Bound(
        max([room.cpu for room in rooms]),
        max([room.memory for room in rooms]),
        max([room.gpu for room in rooms]),
    )
