"""What `jobs` needs from the outside. Adapters and fakes implement these."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from everyday.jobs.board import Board
from everyday.jobs.model import Amount, Call, ContainerInstance, Demand, Job, Overrides, Task, TaskDefinition
from everyday.jobs.plan import InstanceView, Placement


class Lane(StrEnum):
    """The ledger's lists. A job is in one of them, and each is in an order of its own.

    WAITING and HELD by rank, OPEN (placing or running) by deadline, DONE by the time it ended, newest first.
    ARRAYS: the parents whose children have not all ended, by rank.
    """

    WAITING = "waiting"
    HELD = "held"
    OPEN = "open"
    DONE = "done"
    ARRAYS = "arrays"


class Ledger(Protocol):
    """The durable record of every job. Each method is atomic. All raise LedgerUnavailable."""

    def add(self, job: Job, overrides: Overrides) -> Job:
        """Store a new job and return it with its version; if its id is known, return the one that is there.

        A job with a version takes the place of the stored one of that version: another message may use the
        id of a REJECTED job, which never ran. Raises LedgerConflict when that one is gone meanwhile.
        """
        ...

    def add_all(self, jobs: Sequence[Job]) -> None:
        """Store many new jobs without overrides, each as `add` does and in this order; not all in one step.

        When the last one is there, so are all of them.
        """
        ...

    def get_many(self, ids: Sequence[str]) -> Mapping[str, Job]:
        """The known ones among any number of ids, as they are now."""
        ...

    def overrides(self, ids: Sequence[str]) -> Mapping[str, Overrides]:
        """What each is to be started with: for a child of an array its place is in the environment."""
        ...

    def put(self, job: Job) -> Job:
        """Store the job if the stored version is `job.version`, and return it with its new version.

        A child that becomes final is counted in its parent's tally in the same step. A final job never
        changes. Raises LedgerConflict when somebody else changed it first: read again, decide again.
        """
        ...

    def put_all(self, jobs: Sequence[Job]) -> None:
        """Store many jobs, each as `put` does; not all in one step, and those that lost are left as they are:
        read again."""
        ...

    def listed(
        self, cluster: str, lane: Lane, *, until: int | None = None, limit: int | None = None
    ) -> Iterator[Job]:
        """The jobs of one lane in its order. The list may lag a little behind the jobs: `put` notices.

        `until`: of OPEN, only deadlines up to then; of DONE, only what ended since then.
        """
        ...

    def add_call(self, call: Call) -> None:
        """Remember who a call is for. A second time changes nothing."""
        ...

    def call(self, call_id: str) -> Call | None: ...

    def put_board(self, board: Board) -> None:
        """Replace what a cluster's last pass had to say, unless a younger one is there."""
        ...

    def board(self, cluster: str) -> Board | None: ...


class View(NamedTuple):
    """One consistent look at a cluster. `epoch` names the life of the store it comes from; `as_of` is when
    the whole cluster was last read (milliseconds)."""

    epoch: str
    as_of: int
    instances: tuple[InstanceView, ...]


class Freed(NamedTuple):
    """What one record changed. `applied`: it was newer than what was there. `freed`: room may have become
    usable, so somebody should look at the queue."""

    applied: bool
    freed: bool


class ClusterState(Protocol):
    """What is known of each cluster right now. Disposable: it may be empty at any moment and is made again
    from ECS and the ledger. All raise StateUnavailable."""

    def view(self, cluster: str) -> View | None:
        """The whole cluster, never half old and half new. None: nothing usable is there; have it rebuilt."""
        ...

    def begin_rebuild(self, cluster: str) -> int:
        """A ticket for `replace`, to be drawn before ECS is read: an older reading never replaces a newer."""
        ...

    def replace(
        self,
        cluster: str,
        ticket: int,
        instances: Sequence[ContainerInstance],
        tasks: Sequence[Task],
        placing: Sequence[Job],
        *,
        now: int,
        ends_at: Mapping[str, int] = {},
    ) -> bool:
        """Publish a whole reading in one atomic step; False when a newer one is already there.

        Records that are newer by version are kept. Instances that are not in the reading are gone.
        Reservations of `placing` jobs are kept or made again unless a task of theirs is seen; all others are
        dropped, except those made since the ticket was drawn. `ends_at`: estimates by the ARN of a task and
        by the id of a job.
        """
        ...

    def put_instance(self, cluster: str, instance: ContainerInstance) -> Freed:
        """Apply one record if its version is higher; of an INACTIVE one, remove the instance.

        The same record again says again whether room was freed, so that no wake is lost with an answer.
        """
        ...

    def put_task(self, cluster: str, task: Task, *, ends_at: int | None = None) -> Freed:
        """Apply one record if its version is higher. A stopped task gives its room back once, for ever.

        A task whose `started_by` is `<job id>/<attempt>` takes the place of that attempt's reservation; of
        another call's task, `accept` says whose it is, and until then both hold room. The same record again
        says again whether room was freed. A task without an instance holds none.
        """
        ...

    def reserve(
        self,
        cluster: str,
        epoch: str,
        placements: Sequence[Placement],
        *,
        ends_at: Mapping[str, int],
        now: int,
    ) -> frozenset[str]:
        """Reserve in one call what still fits, and return the ids of the jobs that got their room.

        A group gets all or nothing. Nothing is given when `epoch` is not the store's. What was reserved for
        the attempt before is given again, or given up for the new place. A reservation that neither `accept`
        nor `release` ends is over after ten minutes, unless `replace` renews it. `ends_at`: estimates by job
        id. `now` is the clock of `suspect`.
        """
        ...

    def accept(self, cluster: str, job: Job, task: Task) -> None:
        """ECS took the reserved job: from now on the task holds the room. Twice is once."""
        ...

    def release(self, cluster: str, jobs: Sequence[Job]) -> None:
        """Give up the reservations of these attempts, if they are there."""
        ...

    def suspect(self, cluster: str, instance: str, *, until: int) -> None:
        """ECS refused a placement that should have fitted: place nothing there until then, or until a newer
        record of the instance arrives."""
        ...

    def take(self, wanted: int) -> tuple[int, float]:
        """Take up to `wanted` RunTask calls from the account's shared bucket (40 a second, 100 at once):
        how many were granted, and the seconds until the next one is. The store's clock counts."""
        ...

    def begin_pass(self, cluster: str) -> None:
        """A pass begins: wakes from now on are for the next one."""
        ...

    def wake_id(self, cluster: str) -> str:
        """The id under which a wake may be deduplicated: it changes with every pass and every loss of the
        store. A random one when the store is away or empty: raises nothing."""
        ...


class Rebuilds(Protocol):
    """Whoever reads a whole cluster anew."""

    def rebuild(self, cluster: str) -> None:
        """Ask for a complete reading. Raises EventsUnavailable."""
        ...


class Launch(NamedTuple):
    """One RunTask call: `copies` identical tasks pinned to one instance.

    `call` is its `startedBy`, `token` its client token; `group` is the task group, by which our own tasks are
    known.
    """

    cluster: str
    task_definition: str
    instance: str
    ec2_id: str
    call: str
    token: str
    copies: int
    overrides: Mapping[str, Any]
    group: str


class Launched(NamedTuple):
    """RunTask's answer: the tasks by ARN, and why the others were not placed (`RESOURCE:MEMORY` …)."""

    tasks: tuple[Task, ...]
    failures: tuple[str, ...]


class Ecs(Protocol):
    """The container service. All raise EcsUnavailable (effect unknown), EcsThrottled (no effect) and
    EcsRefused (it will never take this call as it is)."""

    def instances(self, cluster: str) -> Sequence[ContainerInstance]:
        """Every instance but the inactive ones: ⌈N/100⌉ list and ⌈N/100⌉ describe calls; all or an error."""
        ...

    def tasks(self, cluster: str) -> Sequence[Task]:
        """Every task that is not stopped, and those that are stopping: they still hold room."""
        ...

    def describe_instances(self, cluster: str, arns: Sequence[str]) -> Sequence[ContainerInstance]:
        """The known ones among these."""
        ...

    def describe_tasks(self, cluster: str, arns: Sequence[str]) -> Sequence[Task]:
        """The known ones among these; ECS forgets a stopped task after about an hour."""
        ...

    def started_by(self, cluster: str, call: str) -> Sequence[Task]:
        """The tasks of one call that are not stopped."""
        ...

    def run(self, launch: Launch) -> Launched:
        """Also raises EcsConflict when the token was used with other parameters."""
        ...

    def stop(self, cluster: str, task: str, reason: str) -> None:
        """Ask for the end of a task; one already gone is no error."""
        ...

    def task_definition(self, name: str) -> TaskDefinition | None:
        """By ARN, `family:revision`, or `family` for the newest active one. None: there is no such."""
        ...


class Wakes(Protocol):
    """The wake queue: one group a cluster, so that one pass at a time looks at it."""

    def wake(self, cluster: str, wake_id: str, *, fresh: Sequence[str] = ()) -> None:
        """Ask for a pass. `fresh`: ids of jobs that a list may not show yet. Raises EventsUnavailable."""
        ...


class DeadLetters(Protocol):
    """Where what can never run is left for the owner. Raises EventsUnavailable."""

    def put(self, body: str, reason: str, *, job_id: str | None = None) -> None:
        """Leave a message as it came, with the reason. At least once: a caller that dies leaves it again."""
        ...


class Fleet(Protocol):
    """The machines that could be had. Raises FleetUnavailable."""

    def shapes(self, cluster: str, *, joined: Mapping[str, Amount]) -> Sequence[tuple[str, Demand, int]]:
        """What could be launched: the name, what one offers (attributes as `name=value`), how many more of it
        than those that have joined. `joined`: what each registered in the cluster, by EC2 id."""
        ...

    def grow(self, cluster: str, more: Mapping[str, int], *, joined: Mapping[str, Amount]) -> None:
        """Ask for so many more instances of each shape than those that have joined, up to the fleet's
        maximum. What is already on its way counts, so asking again changes nothing."""
        ...
