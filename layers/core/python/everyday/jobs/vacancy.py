"""What of an instance may be given away: counted twice, and the smaller count is believed. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from everyday.jobs.fit import has
from everyday.jobs.model import Amount, ContainerInstance, Demand
from everyday.jobs.plan import InstanceView, Running


class Hold(NamedTuple):
    """A task or a reservation that holds room. `reflected`: the instance's `remaining` lacks it already."""

    demand: Demand
    ends_at: int | None
    reflected: bool


class Vacancy(NamedTuple):
    """What may be given away. No part of `free` is negative; `ports` are those in use."""

    usable: bool
    free: Amount
    ports: frozenset[str]
    attributes: Mapping[str, str]

    def gained(self, before: "Vacancy") -> bool:
        """Whether something may start here now that could not start before."""
        if not (self.usable and before.usable):
            return self.usable
        return (
            not self.free.fits(before.free)
            or not self.ports >= before.ports
            or self.attributes != before.attributes
        )

    def admits(self, demand: Demand) -> bool:
        """Whether a task that needs this may start here."""
        return (
            self.usable
            and demand.amount.fits(self.free)
            and self.ports.isdisjoint(demand.ports)
            and has(self.attributes, demand.attributes)
        )


NONE = Vacancy(False, Amount(), frozenset(), {})
"""Of an instance that is not there."""


def vacancy(instance: ContainerInstance, holds: Iterable[Hold], *, suspected: bool) -> Vacancy:
    """What is left of an instance.

    free = min(registered − everything known to hold room, remaining − what `remaining` does not show yet).
    The first count does not know of tasks that were started beside us, the second is as old as the last
    record. Each errs, and the smaller one errs towards waiting.
    """
    held, pending, ports = sums(holds)
    free = (instance.registered - held).at_most(instance.remaining - pending)
    return Vacancy(
        instance.open and not suspected,
        Amount(max(0, free.cpu), max(0, free.memory), max(0, free.gpu)),
        instance.ports.union(ports),
        instance.attributes,
    )


def view_of(instance: ContainerInstance, holds: Sequence[Hold], *, suspected: bool) -> InstanceView:
    """The instance as the planner sees it."""
    usable, free, ports, attributes = vacancy(instance, holds, suspected=suspected)
    return InstanceView(
        instance.arn,
        instance.ec2_id,
        instance.version,
        instance.registered,
        free,
        ports,
        attributes,
        tuple([Running(hold.demand, hold.ends_at) for hold in holds]),
        usable,
    )


def sums(holds: Iterable[Hold]) -> tuple[Amount, Amount, list[str]]:
    """What all holds come to, the part of it that `remaining` does not show, and their ports."""
    cpu = memory = gpu = late_cpu = late_memory = late_gpu = 0
    ports: list[str] = []
    for demand, _, reflected in holds:
        amount = demand.amount
        cpu, memory, gpu = cpu + amount.cpu, memory + amount.memory, gpu + amount.gpu
        if not reflected:
            late_cpu, late_memory = late_cpu + amount.cpu, late_memory + amount.memory
            late_gpu += amount.gpu
        ports += demand.ports
    return Amount(cpu, memory, gpu), Amount(late_cpu, late_memory, late_gpu), ports
