"""What the events queue brings: changes of tasks and container instances, and requests to read a cluster.

ECS's events come through EventBridge, so each message is EventBridge's envelope (ECS developer guide, «Amazon
ECS events»): `detail` is what Describe would answer, and `detail.version` tells older from newer. Away from
AWS nobody may publish as `aws.ecs`, so a second source is taken too.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from everyday.errors import InvalidMessageError
from everyday.jobs.ecs_shapes import cluster_of, instance_of, task_of
from everyday.jobs.messages import Reconcile
from everyday.jobs.model import ContainerInstance, Task

SOURCES = frozenset({"aws.ecs", "everyday.ecs"})
TASK_CHANGE = "ECS Task State Change"
INSTANCE_CHANGE = "ECS Container Instance State Change"

Change = Task | ContainerInstance


class Told(NamedTuple):
    """One message: what changed in a cluster, or (None) that all of it is to be read.

    `sent_at`: when the message was sent, in milliseconds; 0 when the queue does not say.
    """

    message_id: str
    cluster: str
    change: Change | None
    sent_at: int = 0


class Unreadable(NamedTuple):
    """A message that can never be understood, and why."""

    message_id: str
    reason: str


class EventBatch(NamedTuple):
    """One batch of queue messages."""

    told: Sequence[Told]
    unreadable: Sequence[Unreadable]


def parse_events(event: Mapping[str, Any]) -> EventBatch:
    """The messages in a batch of SQS records; one that is wrong is set apart alone."""
    told: list[Told] = []
    unreadable: list[Unreadable] = []
    for record in event.get("Records", ()):
        message_id = str(record.get("messageId", ""))
        sent_at = int(record.get("attributes", {}).get("SentTimestamp", 0))
        try:
            cluster, change = _read(record.get("body"))
        except InvalidMessageError as error:
            unreadable.append(Unreadable(message_id, str(error)))
        else:
            told.append(Told(message_id, cluster, change, sent_at))
    return EventBatch(told, unreadable)


def _read(body: object) -> tuple[str, Change | None]:
    try:
        message = msgspec.json.decode(str(body), type=dict[str, Any])
        if "reconcile" in message:
            return msgspec.convert(message, Reconcile).reconcile, None
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise InvalidMessageError(f"body: {error}") from error
    if message.get("source") not in SOURCES:
        raise InvalidMessageError(f"source: expected aws.ecs, got {message.get('source')!r}")
    detail = message.get("detail")
    if not isinstance(detail, Mapping):
        raise InvalidMessageError("detail: expected an object")
    return cluster_of(detail), _change(message.get("detail-type"), detail)


def _change(kind: object, detail: Mapping[str, Any]) -> Change:
    if kind == TASK_CHANGE:
        return task_of(detail)
    if kind == INSTANCE_CHANGE:
        return instance_of(detail)
    raise InvalidMessageError(f"detail-type: {kind!r} says nothing about room or jobs")
