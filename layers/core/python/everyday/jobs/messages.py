"""The messages of `jobs`: what is sent to the job queue and to the wake queue, and the events of ECS.

The envelopes are SQS's and EventBridge's and may grow keys; what is inside them is ours and is read strictly.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import msgspec

from everyday.errors import InvalidMessageError
from everyday.jobs.model import JobClass
from everyday.record import END, Message

FAMILY_GROUP = "everyday-jobs"
"""The `group` of every task that this scheduler starts: tasks of another group are never touched."""

MAX_BODY_BYTES = 256 * 1024
"""A larger job message is refused: SQS would take 1 MiB, an item of the ledger only 400 KB."""

JobId = Annotated[str, msgspec.Meta(pattern=rf"^[A-Za-z0-9_-]{{1,64}}{END}", description="The job's id.")]
Name = Annotated[str, msgspec.Meta(pattern=rf"^[A-Za-z0-9_-]{{1,64}}{END}")]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=31 * 24 * 3600)]


class RetriesMessage(Message, frozen=True, kw_only=True):
    """`attempts`: how many more times after a failure. `exit_codes`: after these only; empty: any but 0."""

    attempts: Annotated[int, msgspec.Meta(ge=0, le=20)] = 0
    exit_codes: tuple[Annotated[int, msgspec.Meta(ge=1, le=255)], ...] = ()


class GroupMessage(Message, frozen=True, kw_only=True):
    """Jobs that start all or none; `size` of them carry this id."""

    id: Name
    size: Annotated[int, msgspec.Meta(ge=2, le=100)]


class Pair(Message, frozen=True):
    """An environment variable."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    value: str


class EnvironmentFile(Message, frozen=True):
    """A file of environment variables in S3, by its ARN."""

    value: str
    type: Literal["s3"] = "s3"


class ContainerOverride(Message, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What one container is started with. Without a name the first of the task definition is meant.

    Sizes are not here: they are the job's `cpu`, `memory` and `gpu`.
    """

    name: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    command: tuple[str, ...] | None = None
    environment: tuple[Pair, ...] | None = None
    environment_files: tuple[EnvironmentFile, ...] | None = None


class OverridesMessage(Message, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """ECS API reference, TaskOverride, without sizes: they are the job's `cpu`, `memory` and `gpu`."""

    container_overrides: tuple[ContainerOverride, ...] = ()
    task_role_arn: str | None = None
    execution_role_arn: str | None = None


class JobMessage(Message, frozen=True, kw_only=True):
    """A job. Without an id the SQS message's own id is taken.

    `cpu` in CPU units, `memory` in MiB, `gpu` in whole GPUs: None means the task definition's. `overrides` is
    RunTask's `overrides`. `array`: so many children, each told its place by the environment variable
    `EVERYDAY_ARRAY_INDEX`. A child's id is `<id>/<index>`, and `depends_on` may name arrays and children.
    """

    task_definition: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    id: JobId | None = None
    cluster: Annotated[str, msgspec.Meta(pattern=rf"^[A-Za-z0-9_-]{{1,255}}{END}")] | None = None
    queue: Name = "default"
    job_class: JobClass = msgspec.field(default=JobClass.NORMAL, name="class")
    overrides: OverridesMessage = OverridesMessage()
    cpu: Annotated[int, msgspec.Meta(ge=1, le=196_608)] | None = None
    memory: Annotated[int, msgspec.Meta(ge=4, le=25_165_824)] | None = None
    gpu: Annotated[int, msgspec.Meta(ge=0, le=16)] | None = None
    estimate_seconds: Seconds | None = None
    timeout_seconds: Seconds | None = None
    retries: RetriesMessage | Annotated[int, msgspec.Meta(ge=0, le=20)] = 0
    depends_on: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern=rf"^[A-Za-z0-9_-]{{1,64}}(/[0-9]{{1,5}})?{END}")], ...],
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


class Submission(NamedTuple):
    """A job as it was sent. `payload`: the hash of what the message says, whatever its layout."""

    message_id: str
    body: str
    sent_at: int
    job: JobMessage
    payload: str

    @property
    def id(self) -> str:
        return self.job.id or self.message_id


class Refusal(NamedTuple):
    """A queue message that can never succeed, and why. `job_id`: the id by which its sender looks for it."""

    message_id: str
    body: str
    sent_at: int
    payload: str
    reason: str
    job_id: str


class Submissions(NamedTuple):
    """One batch of messages of the job queue."""

    jobs: Sequence[Submission]
    refused: Sequence[Refusal]


class WakeCall(NamedTuple):
    """One message of the wake queue."""

    message_id: str
    wake: Wake


class WakeCalls(NamedTuple):
    """One batch of messages of the wake queue. `refused`: (message id, reason)."""

    calls: Sequence[WakeCall]
    refused: Sequence[tuple[str, str]]


_Kind = TypeVar("_Kind")


def parse_jobs(event: Mapping[str, Any]) -> Submissions:
    """The jobs in a batch of SQS records; a message that is wrong is refused alone."""
    jobs: list[Submission] = []
    refused: list[Refusal] = []
    for record in event.get("Records", ()):
        message_id, body = str(record.get("messageId", "")), str(record.get("body", ""))
        sent_at = int(record.get("attributes", {}).get("SentTimestamp", 0))
        try:
            message = _json(body)
            job = _decode(message, JobMessage)
            jobs.append(
                Submission(
                    message_id, body, sent_at, job, _hash(msgspec.json.encode(message, order="sorted"))
                )
            )
        except InvalidMessageError as error:
            payload, job_id = _hash(_bytes(body)), _id_in(body) or message_id
            refused.append(Refusal(message_id, body, sent_at, payload, str(error), job_id))
    return Submissions(jobs, refused)


def parse_wakes(event: Mapping[str, Any]) -> WakeCalls:
    """The wakes in a batch of SQS records; a message that is wrong is refused alone."""
    calls: list[WakeCall] = []
    refused: list[tuple[str, str]] = []
    for record in event.get("Records", ()):
        message_id = str(record.get("messageId", ""))
        try:
            calls.append(WakeCall(message_id, _decode(_json(str(record.get("body", ""))), Wake)))
        except InvalidMessageError as error:
            refused.append((message_id, str(error)))
    return WakeCalls(calls, refused)


def _json(body: str) -> dict[str, Any]:
    size = len(_bytes(body))
    if size > MAX_BODY_BYTES:
        raise InvalidMessageError(f"body: {size} bytes; a message may have {MAX_BODY_BYTES}")
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidMessageError(f"body: {error}") from error


def _decode(value: object, kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InvalidMessageError(str(error)) from error


def _bytes(body: str) -> bytes:
    return body.encode(errors="backslashreplace")


def _hash(text: bytes) -> str:
    return sha256(text).hexdigest()


def _id_in(body: str) -> str | None:
    """The id that a wrong message asks for, if that at least is right."""
    try:
        return _decode(_json(body).get("id"), JobId)
    except InvalidMessageError:
        return None
