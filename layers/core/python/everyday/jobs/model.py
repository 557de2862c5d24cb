"""What `jobs` knows: what a job asks for, and where it stands.

Words are ECS's: a *container instance* is a machine of the cluster, a *task* is what runs on it, started from
a *task definition*. Units are ECS's: `cpu` in CPU units (1,024 are one vCPU), `memory` in MiB, `gpu` in whole
GPUs. Times are whole milliseconds since 1970 in UTC, so that they can be compared in every store.
"""

from enum import StrEnum
from typing import Any

import msgspec

from everyday.record import Record


class JobClass(StrEnum):
    """How urgent a job is."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class State(StrEnum):
    """Where a job stands.

    WAITING → PLACING → RUNNING → one of the final states; from PLACING and RUNNING a job may come back to
    WAITING as its next attempt.
    """

    WAITING = "WAITING"
    PLACING = "PLACING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    TIMED_OUT = "TIMED_OUT"

    @property
    def final(self) -> bool:
        """Whether the job will never change again."""
        return self not in {State.WAITING, State.PLACING, State.RUNNING}


class Amount(Record, frozen=True):
    """An amount of what can be divided: CPU units, MiB, GPUs. May be negative as a difference."""

    cpu: int = 0
    memory: int = 0
    gpu: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.cpu + other.cpu, self.memory + other.memory, self.gpu + other.gpu)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.cpu - other.cpu, self.memory - other.memory, self.gpu - other.gpu)

    def fits(self, room: "Amount") -> bool:
        """Whether each part of it is at most that part of `room`."""
        return self.cpu <= room.cpu and self.memory <= room.memory and self.gpu <= room.gpu

    def at_most(self, other: "Amount") -> "Amount":
        """The smaller of each part."""
        return Amount(min(self.cpu, other.cpu), min(self.memory, other.memory), min(self.gpu, other.gpu))


class Demand(Record, frozen=True):
    """What one task needs on one container instance.

    `ports` are host ports, such as `80/tcp`, sorted. `attributes` are what the instance must have, sorted:
    `name` (exists) or `name=value`.
    """

    amount: Amount
    ports: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()


class Retries(Record, frozen=True, kw_only=True):
    """When a job that ended badly is tried again: up to `attempts` more times.

    `exit_codes`: only these are worth another try; empty: every code but 0. A job whose instance was lost, or
    whose task ECS could not start, comes back up to `lost` more times; that does not count as an attempt.
    """

    attempts: int = 0
    exit_codes: tuple[int, ...] = ()
    lost: int = 3


class Group(Record, frozen=True):
    """Jobs that start all or none. `size`: how many carry this `id`."""

    id: str
    size: int


class Tally(Record, frozen=True, kw_only=True):
    """How the children of an array ended so far."""

    succeeded: int = 0
    failed: int = 0


class Job(Record, frozen=True, kw_only=True):
    """One job as the ledger holds it. Every change of it is a conditional write on `version`.

    `rank` is written once: when it was enqueued minus what its class is worth; the lowest goes first, ties
    are broken by `id`. `attempt` counts from 1; a new attempt is a new task. `payload` is the hash of the
    message, so that the same id with another message is told from a duplicate.

    An array is one parent (`size` children, never runs itself, see `tally`) and children
    `<parent>/<index>`; `parent` and `index` are set in a child only. A ledger hands a parent out with what
    its children came to: `tally`, and once all have ended `state` and `finished_at`.

    `task_definition` is the full ARN once the job was accepted. `instance` and `task` are ARNs, `ec2_id` is
    the instance's other name, to which its call is pinned. `call` is the `startedBy` of the RunTask call that
    (maybe) started the attempt and `token` its client token. `deadline`: when somebody must look after the
    job: a PLACING one whose answer never came, a RUNNING one out of time.
    `placed_at`: when the attempt was claimed, so how old its token is at most.
    `ending`: what the job becomes when its task has stopped, because somebody asked for it.
    `lost` counts attempts that ended without the job's fault, `failures` those that ended with it.
    `held`: not all jobs in `depends_on` have succeeded yet, so it does not queue.
    """

    id: str
    cluster: str
    task_definition: str
    demand: Demand
    enqueued_at: int
    rank: int
    payload: str = ""
    queue: str = "default"
    job_class: JobClass = JobClass.NORMAL
    estimate_seconds: int | None = None
    timeout_seconds: int | None = None
    retries: Retries = Retries()
    depends_on: tuple[str, ...] = ()
    group: Group | None = None
    size: int | None = None
    tally: Tally = Tally()
    parent: str | None = None
    index: int | None = None
    state: State = State.WAITING
    attempt: int = 1
    version: int = 0
    held: bool = False
    instance: str | None = None
    ec2_id: str | None = None
    task: str | None = None
    call: str | None = None
    token: str | None = None
    deadline: int | None = None
    placed_at: int | None = None
    started_at: int | None = None
    finished_at: int | None = None
    exit_code: int | None = None
    reason: str | None = None
    ending: State | None = None
    lost: int = 0
    failures: int = 0

    @property
    def outcome(self) -> State:
        """The state; of an array: WAITING until all children have ended, then what they came to."""
        if self.size is None or self.state.final or self.tally.succeeded + self.tally.failed < self.size:
            return self.state
        return (self.ending or State.FAILED) if self.tally.failed else State.SUCCEEDED


class TaskDefinition(Record, frozen=True, kw_only=True):
    """What ECS says of a task definition that matters here. `demand` is what its tasks need by default.

    `doubt` says why no task of it can be placed by this scheduler, None when it can.
    `containers` are their names in order: an override without a name means the first one.
    `task_level`: which of `cpu` and `memory` it sets for the whole task; the others are sums over containers.
    `soft`: its first container has a `memoryReservation`, so its `memory` is not what ECS reserves.
    """

    arn: str
    family: str
    demand: Demand
    containers: tuple[str, ...]
    doubt: str | None = None
    task_level: tuple[str, ...] = ()
    soft: bool = False


class ContainerInstance(Record, frozen=True, kw_only=True):
    """One machine of the cluster as ECS describes it. `ports`: host ports in use, such as `22/tcp`.

    `version` rises with every change and equals the `detail.version` of events.
    """

    arn: str
    ec2_id: str
    version: int
    registered: Amount
    remaining: Amount
    status: str = "ACTIVE"
    agent_connected: bool = True
    running_tasks: int = 0
    pending_tasks: int = 0
    ports: frozenset[str] = frozenset()
    attributes: dict[str, str] = msgspec.field(default_factory=dict)
    capacity_provider: str | None = None

    @property
    def open(self) -> bool:
        """Whether ECS places tasks here at all."""
        return self.status == "ACTIVE" and self.agent_connected


class Task(Record, frozen=True, kw_only=True):
    """One task as ECS describes it. Its room is free only when `status` (lastStatus) is STOPPED."""

    arn: str
    version: int
    status: str
    demand: Demand
    definition: str = ""
    instance: str | None = None
    desired: str = "RUNNING"
    started_by: str | None = None
    group: str | None = None
    stop_code: str | None = None
    stopped_reason: str | None = None
    exit_code: int | None = None
    started_at: int | None = None
    stopped_at: int | None = None

    @property
    def stopped(self) -> bool:
        return self.status == "STOPPED"


class Call(Record, frozen=True, kw_only=True):
    """One RunTask call for several identical jobs: who they were, in the order in which they get the tasks.

    `id` is the call's `startedBy`. `members` are (job id, attempt).
    """

    id: str
    cluster: str
    token: str
    members: tuple[tuple[str, int], ...]


class Overrides(Record, frozen=True):
    """RunTask's `overrides` as the message gave them; stored beside the job and read only to start it."""

    value: dict[str, Any] = msgspec.field(default_factory=dict)
