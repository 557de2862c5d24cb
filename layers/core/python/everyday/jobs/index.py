"""Finds instances that hold a need, tightest first, without looking at all of them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from everyday.jobs.fit import Need, offers
from everyday.jobs.plan import InstanceView
from everyday.jobs.room import Room

_BLOCK = 32
_LOOKED_AT = 16


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
        found = False
        for block in range(need.cursor // _BLOCK, len(self._bounds)):
            if not self._bounds[block].may_hold(need):
                continue
            hit = False
            for k in range(max(block * _BLOCK, need.cursor), min((block + 1) * _BLOCK, len(self.rooms))):
                room = self.rooms[k]
                if not room.fits(need):
                    continue
                if not found:
                    need.cursor, found = k, True
                hit = True
                yield room
            if not hit:
                self._bounds[block] = _bound(self._block(block))
        need.blocked = not found

    def best(self, need: Need, until: int) -> Room | None:
        """The best fit among the first instances that hold the need and delay no reservation."""
        admitting = (room for room in self.holding(need) if room.admits(need, until))
        first = islice(admitting, _LOOKED_AT)
        return min(first, key=lambda room: (room.looseness(need), room.arn), default=None)

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
