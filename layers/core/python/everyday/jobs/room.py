"""What the instances have left while a plan is made."""

from typing import NamedTuple

from everyday.jobs.fit import FOREVER, Need, has
from everyday.jobs.model import Amount
from everyday.jobs.plan import InstanceView
from everyday.jobs.timeline import Claim, Timeline, expected_end


def looseness(free: Amount, registered: Amount) -> float:
    """How empty an instance is.

    Ten to the power of the fraction left, summed over the dimensions it has: so much of one and nothing of
    another counts as looser than some of each, which is of more use.
    """
    score: float = 10 ** (free.cpu / (registered.cpu or 1)) + 10 ** (free.memory / (registered.memory or 1))
    return score + 10 ** (free.gpu / registered.gpu) if registered.gpu else score


class Room:
    """What one open instance has left. Begins with what is free now and is counted down by `take`."""

    __slots__ = (
        "added",
        "arn",
        "busy",
        "cpu",
        "gpu",
        "has_gpu",
        "memory",
        "per_cpu",
        "per_gpu",
        "per_memory",
        "ports",
        "timeline",
        "view",
    )

    def __init__(self, view: InstanceView) -> None:
        free, registered = view.free, view.registered
        self.view = view
        self.arn = view.arn
        self.cpu, self.memory, self.gpu = free.cpu, free.memory, free.gpu
        self.ports = view.ports
        self.per_cpu = 1 / (registered.cpu or 1)
        self.per_memory = 1 / (registered.memory or 1)
        self.per_gpu = 1 / (registered.gpu or 1)
        self.has_gpu = registered.gpu > 0
        self.added: tuple[tuple[Need, int], ...] = ()
        self.timeline: Timeline | None = None
        self.busy: int | None = None

    def fits(self, need: Need) -> bool:
        """Whether the need fits what is free now."""
        return (
            self.cpu >= need.cpu
            and self.memory >= need.memory
            and self.gpu >= need.gpu
            and (not need.ports or self.ports.isdisjoint(need.ports))
            and (not need.attributes or has(self.view.attributes, need.attributes))
        )

    def looseness(self, need: Need) -> float:
        """How empty the instance would be with this on it as well: best fit takes the least."""
        score: float = 10 ** ((self.cpu - need.cpu) * self.per_cpu)
        score += 10 ** ((self.memory - need.memory) * self.per_memory)
        return score + 10 ** ((self.gpu - need.gpu) * self.per_gpu) if self.has_gpu else score

    def missing(self, need: Need) -> float:
        """What the need lacks here now, as parts of what the instance has, summed over the dimensions."""
        return (
            max(0, need.cpu - self.cpu) * self.per_cpu
            + max(0, need.memory - self.memory) * self.per_memory
            + max(0, need.gpu - self.gpu) * self.per_gpu
        )

    def take(self, need: Need, now: int, end: int) -> None:
        """Put a job here from now on. `end` is UNKNOWN when nobody knows."""
        self.cpu -= need.cpu
        self.memory -= need.memory
        self.gpu -= need.gpu
        if need.ports:
            self.ports = self.ports.union(need.ports)
        self.added = (*self.added, (need, end))
        if self.busy is not None and self.busy < end:
            self.busy = end
        if self.timeline is not None:
            self.timeline.take(need, now, end)

    def busy_until(self, now: int) -> int:
        """When the last task here should have ended; `now` when there is none."""
        busy = self.busy
        if busy is None:
            ends = [expected_end(ends_at, now) for _, ends_at in self.view.running]
            busy = self.busy = max(*ends, *(end for _, end in self.added), now, now)
        return busy

    def future(self, now: int) -> Timeline:
        """The room over time; made when first asked for."""
        if self.timeline is None:
            self.timeline = _timeline(self, now)
        return self.timeline

    def saved(self) -> "Saved":
        timeline = self.timeline and self.timeline.copy()
        return Saved(self.cpu, self.memory, self.gpu, self.ports, self.added, self.busy, timeline)

    def restore(self, saved: "Saved") -> None:
        """Be again as when this was saved."""
        self.cpu, self.memory, self.gpu, self.ports, self.added, self.busy, self.timeline = saved


class Saved(NamedTuple):
    """What a room was, to undo what did not come to anything."""

    cpu: int
    memory: int
    gpu: int
    ports: frozenset[str]
    added: tuple[tuple[Need, int], ...]
    busy: int | None
    timeline: Timeline | None


def _timeline(room: Room, now: int) -> Timeline:
    timeline = Timeline(now, (room.cpu, room.memory, room.gpu))
    holders = [(expected_end(ends_at, now), demand) for demand, ends_at in room.view.running]
    holders += [(end, need.demand) for need, end in room.added]
    amounts = [(end, demand.amount) for end, demand in holders]
    timeline.give_back(sorted([(end, each.cpu, each.memory, each.gpu) for end, each in amounts]))
    if room.ports:
        claims = [Claim(now, end, frozenset(demand.ports)) for end, demand in holders if demand.ports]
        others = room.ports.difference(*(each.ports for each in claims))  # such as the host's own
        timeline.claims = [*claims, Claim(now, FOREVER, others)]
    return timeline
