"""Why a job does not start: what it lacks, and the most that one instance has free."""

from collections.abc import Iterable, Mapping

from everyday.jobs.fit import FOREVER, Need, offers
from everyday.jobs.index import Index
from everyday.jobs.model import Amount
from everyday.jobs.plan import Situation, Waits, Why


class Reasons:
    """Explains needs by what is left when a plan is made. `holders`: who waits for which instance."""

    def __init__(self, index: Index, holders: Mapping[str, str]) -> None:
        self._index, self._holders = index, holders
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
            most = self._largest[attributes] = self._index.largest(attributes)
        return most

    def _lacks(self, need: Need) -> tuple[str, ...]:
        if need.attributes and next(self._index.having(need.attributes), None) is None:
            return tuple(f"attribute {each}" for each in need.attributes)
        return _short(need, self.largest(need.attributes)) or self._taken(need) or _all_of(need)

    def _taken(self, need: Need) -> tuple[str, ...]:
        """The ports that are in use everywhere."""
        rooms = [*self._index.having(need.attributes)] if need.ports else []
        return tuple(f"host port {port}" for port in need.ports if all(port in room.ports for room in rooms))


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


def _parts(need: Need) -> Iterable[tuple[str, int]]:
    return ("CPU", need.cpu), ("memory", need.memory), ("GPU", need.gpu)


def _short(need: Need, most: Amount) -> tuple[str, ...]:
    parts = zip(_parts(need), (most.cpu, most.memory, most.gpu), strict=True)
    return tuple(name for (name, part), has_most in parts if part > has_most)


def _all_of(need: Need) -> tuple[str, ...]:
    """Everything it needs: each part fits somewhere, but not on one instance."""
    return tuple(name for name, part in _parts(need) if part)
