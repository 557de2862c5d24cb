"""Why a job does not start: what it lacks, and the most that one instance has free."""

from collections.abc import Iterable, Mapping, Sequence

from everyday.jobs.fit import FOREVER, Need, has, offers
from everyday.jobs.index import Index
from everyday.jobs.model import Amount
from everyday.jobs.plan import Situation, Waits, Why
from everyday.jobs.room import Room


class Reasons:
    """Explains needs by what is left when a plan is made. `holders`: who waits for which instance."""

    def __init__(self, index: Index, holders: Mapping[str, str]) -> None:
        self._index, self._rooms, self._holders = index, index.rooms, holders
        self._largest: dict[tuple[str, ...], Amount] = {}

    def of(self, need: Need) -> Waits:
        """Why jobs of this need, if there are any left, do not start."""
        if need.never or need.blocked:
            return self.without(need.never or Why.NO_ROOM, need)
        largest = self.largest(need.attributes)
        if need.refused > FOREVER:
            return Waits(Why.BEHIND, (), largest)
        held = ((self._holders.get(room.arn), room.arn) for room in self._index.holding(need))
        holder, instance = next((each for each in held if each[0] is not None), (None, None))
        return Waits(Why.RESERVED, (), largest, holder, instance)

    def without(self, why: Why, need: Need) -> Waits:
        """What the need lacks on every one of the instances."""
        return Waits(why, self._lacks(need), self.largest(need.attributes))

    def largest(self, attributes: tuple[str, ...]) -> Amount:
        """The most of each dimension that an open instance with these attributes has free."""
        most = self._largest.get(attributes)
        if most is None:
            most = self._largest[attributes] = _largest(self._with(attributes))
        return most

    def _with(self, attributes: tuple[str, ...]) -> Sequence[Room]:
        if not attributes:
            return self._rooms
        return [room for room in self._rooms if has(room.view.attributes, attributes)]

    def _lacks(self, need: Need) -> tuple[str, ...]:
        rooms = self._with(need.attributes)
        if need.attributes and not rooms:
            return tuple(f"attribute {each}" for each in need.attributes)
        short = _short(need, self.largest(need.attributes))
        if short:
            return short
        taken = tuple(f"host port {port}" for port in need.ports if all(port in room.ports for room in rooms))
        return taken or tuple(name for name, part in _parts(need) if part)


def never(need: Need, situation: Situation) -> Why | None:
    """IMPOSSIBLE or NEEDS_SCALE when no registered instance could ever hold the need, else None.

    A cluster without any instance says nothing about what is possible: its jobs wait.
    """
    demand = need.demand
    if any(offers(each.registered, each.attributes, demand) for each in situation.instances):
        return None
    if any(each.more > 0 and offers(each.registered, each.attributes, demand) for each in situation.shapes):
        return Why.NEEDS_SCALE
    return Why.IMPOSSIBLE if situation.instances else None


def _largest(rooms: Sequence[Room]) -> Amount:
    return Amount(
        max((room.cpu for room in rooms), default=0),
        max((room.memory for room in rooms), default=0),
        max((room.gpu for room in rooms), default=0),
    )


def _parts(need: Need) -> Iterable[tuple[str, int]]:
    return ("CPU", need.cpu), ("memory", need.memory), ("GPU", need.gpu)


def _short(need: Need, most: Amount) -> tuple[str, ...]:
    parts = zip(_parts(need), (most.cpu, most.memory, most.gpu), strict=True)
    return tuple(name for (name, part), has_most in parts if part > has_most)
