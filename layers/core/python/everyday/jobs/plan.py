"""What the planner is told, and what it says: plain data, no decisions."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import msgspec

from everyday.jobs.model import Amount, Demand, JobClass
from everyday.record import Record


class Running(NamedTuple):
    """A task, or a reservation, that holds room until about `ends_at` (None: nobody knows)."""

    demand: Demand
    ends_at: int | None


class InstanceView(NamedTuple):
    """A container instance as the planner sees it.

    `free` is what may be given away now: nothing of it is held by a task or by a reservation. `registered` is
    what the empty instance offers. `ports` are host ports in use or reserved. `running` is what will give
    room back. `open` False: nothing may be placed here (draining, agent disconnected, under suspicion).
    `version` is the record's. A reservation looks at everything that may have changed since: room, ports,
    attributes, openness.
    """

    arn: str
    ec2_id: str
    version: int
    registered: Amount
    free: Amount
    ports: frozenset[str]
    attributes: Mapping[str, str]
    running: tuple[Running, ...]
    open: bool = True


class Shape(NamedTuple):
    """An instance that could be launched, and how many more of it."""

    name: str
    registered: Amount
    attributes: Mapping[str, str]
    more: int


class ClassPolicy(StrEnum):
    """What happens when a job of this class does not fit anywhere.

    STRICT: nothing behind it starts. RESERVE: an instance is reserved for it and others use that room only as
    far as they do not delay it. GREEDY: the next one that fits starts.
    """

    STRICT = "strict"
    RESERVE = "reserve"
    GREEDY = "greedy"


class Rules(Record, frozen=True, kw_only=True):
    """How waiting jobs compete. Times in milliseconds.

    `policies`: by class. `weights`: of the queues, 1 when not named; a queue of weight 2 is due twice the
    room. `fairness`: how much younger in rank a job may be and still go first because its queue has less than
    its share; 0 switches fair share off. `reservations`: how many blocked jobs may have an instance reserved
    at once; None: as many as pay (the planner adapts). `starve_after`: a blocked job that waited so long no
    longer relies on estimates: its instance is drained, so others only use what it leaves beside it.
    """

    policies: Mapping[JobClass, ClassPolicy] = msgspec.field(
        default_factory=lambda: dict.fromkeys(JobClass, ClassPolicy.RESERVE)
    )
    weights: Mapping[str, int] = msgspec.field(default_factory=dict)
    fairness: int = 3_600_000
    reservations: int | None = None
    starve_after: int = 3_600_000


class Situation(NamedTuple):
    """Everything the planner decides by. `usage`: what each queue's tasks hold now. `now` in milliseconds."""

    instances: tuple[InstanceView, ...]
    now: int
    usage: Mapping[str, Amount] = {}
    shapes: tuple[Shape, ...] = ()


class Placement(NamedTuple):
    """Start this attempt of this job on this instance. Members of one `group` go together or not at all."""

    job_id: str
    attempt: int
    instance: str
    demand: Demand
    group: str | None = None


class Reserved(NamedTuple):
    """A blocked job waits for this instance, which should have room from `expected_at` (None: unknown)."""

    job_id: str
    instance: str
    expected_at: int | None


class Why(StrEnum):
    """Why a job does not start."""

    NO_ROOM = "no room"
    RESERVED = "its room is reserved for a job before it"
    BEHIND = "a job before it must start first"
    GROUP = "its group is not complete"
    NEEDS_SCALE = "needs a larger cluster"
    IMPOSSIBLE = "no instance could ever hold it"
    DEPENDS = "waits for other jobs"
    UNSEEN = "not looked at yet"


class Waits(NamedTuple):
    """Why jobs of one demand wait: `lacks` names the dimensions in words the owner understands, such as
    `memory`; `largest` is the most of each dimension that one open instance has free; `reserved_for` the job
    that holds the room they would fit in, with the instance."""

    why: Why
    lacks: tuple[str, ...] = ()
    largest: Amount = Amount()
    reserved_for: str | None = None
    instance: str | None = None


class Plan(NamedTuple):
    """What to do now.

    `placements` in the order in which they are to be made. `reserved` says which blocked job waits for which
    instance. `waits` explains every job that was looked at and not placed, by job id. `impossible` jobs can
    never run here; `needs_scale` jobs could, on a larger cluster. `desired`: how many more instances of which
    shape the waiting jobs would fill, by bin-packing.
    """

    placements: tuple[Placement, ...] = ()
    reserved: tuple[Reserved, ...] = ()
    waits: Mapping[str, Waits] = {}
    impossible: tuple[str, ...] = ()
    needs_scale: tuple[str, ...] = ()
    desired: Mapping[str, int] = {}
