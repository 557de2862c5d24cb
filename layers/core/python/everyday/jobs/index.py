"""Finds instances that hold a need, tightest first, without looking at all of them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from everyday.jobs.fit import Need, offers
from everyday.jobs.plan import InstanceView
from everyday.jobs.room import Room

_BLOCK = 32
_LOOKED_AT = 8
"""So many instances are compared for a job; more change nothing that simulations could show."""


class Index:
    """The open instances, from the tightest to the emptiest, in blocks.

    Of each block an upper bound of every dimension is known. Rooms only shrink, so a bound stays true without
    being touched; it is made exact when a look into its block was in vain.
    """

    def __init__(self, views: Iterable[InstanceView]) -> None:
        rooms = [Room(each) for each in views if each.open]
        self.rooms = [room for _, _, room in sorted((room.looseness(), room.arn, room) for room in rooms)]
        starts = range(0, len(self.rooms), _BLOCK)
        self._bounds = [_bound(self.rooms[start : start + _BLOCK]) for start in starts]

    def holding(self, need: Need) -> Iterator[Room]:
        """The instances that the need fits now, the tightest first (by what was free when the plan began).

        Notes in the need where the first one is, or that there is none.
        """
        cursor, found = need.cursor, False
        for block in range(cursor // _BLOCK, len(self._bounds)):
            if not self._bounds[block].may_hold(need):
                continue
            hit = False
            for k in range(max(block * _BLOCK, cursor), min((block + 1) * _BLOCK, len(self.rooms))):
                room = self.rooms[k]
                if room.cpu >= need.cpu and room.memory >= need.memory and room.fits(need):
                    if not found:
                        need.cursor, found = k, True
                    hit = True
                    yield room
            if not hit:
                self._bounds[block] = _bound(self._block(block))
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
        return (
            room
            for room in reversed(self.rooms)
            if offers(room.view.registered, room.view.attributes, need.demand)
        )

    def bounds(self) -> list["Bound"]:
        """What is known of the blocks, to be restored when rooms are."""
        return self._bounds[:]

    def restore(self, bounds: list["Bound"]) -> None:
        self._bounds = bounds

    def _block(self, number: int) -> list[Room]:
        return self.rooms[number * _BLOCK : (number + 1) * _BLOCK]


class Bound(NamedTuple):
    """No room of a block has more than this of any dimension."""

    cpu: int
    memory: int
    gpu: int

    def may_hold(self, need: Need) -> bool:
        return self.cpu >= need.cpu and self.memory >= need.memory and self.gpu >= need.gpu


def _bound(rooms: Sequence[Room]) -> Bound:
    return Bound(max(r.cpu for r in rooms), max(r.memory for r in rooms), max(r.gpu for r in rooms))
