"""The messages of `jobs`: what is sent to the job queue and to the wake queue, and the events of ECS.

The envelopes are SQS's and EventBridge's and may grow keys; what is inside them is ours and is read strictly.
"""

from typing import Annotated, Any

import msgspec

from everyday.jobs.model import JobClass

FAMILY_GROUP = "everyday-jobs"
"""The `group` of every task that this scheduler starts: tasks of another group are never touched."""

MAX_BODY_BYTES = 256 * 1024
"""A larger job message is refused: SQS would take 1 MiB, an item of the ledger only 400 KB."""

JobId = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$", description="The job's id.")]
Name = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=31 * 24 * 3600)]


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of our messages: immutable, unknown keys are refused."""


class RetriesMessage(Message, frozen=True, kw_only=True):
    """`attempts`: how many more times after a failure. `exit_codes`: after these only; empty: any but 0."""

    attempts: Annotated[int, msgspec.Meta(ge=0, le=20)] = 0
    exit_codes: tuple[Annotated[int, msgspec.Meta(ge=1, le=255)], ...] = ()


class GroupMessage(Message, frozen=True, kw_only=True):
    """Jobs that start all or none; `size` of them carry this id."""

    id: Name
    size: Annotated[int, msgspec.Meta(ge=2, le=100)]


class JobMessage(Message, frozen=True, kw_only=True):
    """A job. `class` is called `job_class` here. Without an id the SQS message's own id is taken.

    `cpu` in CPU units, `memory` in MiB, `gpu` in whole GPUs: None means the task definition's. `overrides` is
    RunTask's `overrides`. `array`: so many children, each told its place by the environment variable
    `EVERYDAY_ARRAY_INDEX`. A child's id is `<id>/<index>`, and `depends_on` may name parents and children.
    """

    task_definition: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    id: JobId | None = None
    cluster: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,255}$")] | None = None
    queue: Name = "default"
    job_class: JobClass = msgspec.field(default=JobClass.NORMAL, name="class")
    overrides: dict[str, Any] = msgspec.field(default_factory=dict)
    cpu: Annotated[int, msgspec.Meta(ge=1, le=196_608)] | None = None
    memory: Annotated[int, msgspec.Meta(ge=4, le=25_165_824)] | None = None
    gpu: Annotated[int, msgspec.Meta(ge=0, le=16)] | None = None
    estimate_seconds: Seconds | None = None
    timeout_seconds: Seconds | None = None
    retries: RetriesMessage | Annotated[int, msgspec.Meta(ge=0, le=20)] = 0
    depends_on: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}(/[0-9]{1,5})?$")], ...],
        msgspec.Meta(max_length=20),
    ] = ()
    array: Annotated[int, msgspec.Meta(ge=2, le=10_000)] | None = None
    group: GroupMessage | None = None


class Wake(Message, frozen=True, kw_only=True):
    """Asks for a pass over a cluster. `fresh`: ids of jobs that a list may not show yet. `tick`: unique text
    of the clock, or the queue would take one tick for a duplicate of the last."""

    cluster: str
    fresh: tuple[str, ...] = ()
    tick: str | None = None


class Reconcile(Message, frozen=True, kw_only=True):
    """Asks for a complete reading of a cluster."""

    reconcile: str
    tick: str | None = None
