"""What a job needs, as plain numbers, and whether an instance could ever hold it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from everyday.jobs.model import Amount, Demand
from everyday.jobs.plan import Waits, Why

UNKNOWN = 2**61
"""When a task of which nobody knows the end gives its room back: after everything that has a time."""

FOREVER = 2**62
"""Later still: what is held until then is not given back within a plan."""


def has(attributes: Mapping[str, str], wanted: Iterable[str]) -> bool:
    """Whether an instance has each wanted attribute: `name` (any value) or `name=value`."""
    return all(_has_one(attributes, text) for text in wanted)


def _has_one(attributes: Mapping[str, str], text: str) -> bool:
    name, equals, value = text.partition("=")
    return attributes.get(name) == value if equals else name in attributes


def offers(registered: Amount, attributes: Mapping[str, str], demand: Demand) -> bool:
    """Whether an instance of this kind could hold the demand if it were empty."""
    return demand.amount.fits(registered) and has(attributes, demand.attributes)


class Learnt(NamedTuple):
    """What a plan knows of a need, to undo what was learnt in vain."""

    cursor: int
    blocked: bool
    refused: int


class Need:
    """One demand among the waiting jobs, and what this plan has learnt about it.

    Room only shrinks while a plan is made. So instances before `cursor` will not fit any more, `blocked`
    stays true once nothing fits, and a job that runs for at least `refused` milliseconds need not ask again.
    `never`: why no registered instance could hold it, if so.
    `waits` is filled in when all is placed: why jobs that need this do not start.
    """

    __slots__ = (
        "attributes",
        "blocked",
        "cpu",
        "cursor",
        "demand",
        "gpu",
        "memory",
        "never",
        "ports",
        "refused",
        "waits",
    )

    def __init__(self, demand: Demand) -> None:
        amount = demand.amount
        self.demand = demand
        self.cpu, self.memory, self.gpu = amount.cpu, amount.memory, amount.gpu
        self.ports, self.attributes = demand.ports, demand.attributes
        self.blocked = False
        self.cursor = 0
        self.refused = FOREVER + 1
        self.never: Why | None = None
        self.waits = Waits(Why.UNSEEN)

    def covers(self, other: "Need") -> bool:
        """Whether an instance that holds this holds the other too: it needs at least as much."""
        return (
            self.cpu >= other.cpu
            and self.memory >= other.memory
            and self.gpu >= other.gpu
            and (not other.ports or set(other.ports) <= set(self.ports))
            and (not other.attributes or set(other.attributes) <= set(self.attributes))
        )

    def learnt(self) -> Learnt:
        return Learnt(self.cursor, self.blocked, self.refused)

    def relearn(self, known: Learnt) -> None:
        """Know only what was known then."""
        self.cursor, self.blocked, self.refused = known
