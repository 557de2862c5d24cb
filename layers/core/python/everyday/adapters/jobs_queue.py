"""The queues of `jobs` in SQS: jobs to be taken in, wakes, and what can never run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from everyday.adapters.aws import pauses, translated
from everyday.errors import EventsUnavailable
from everyday.jobs.messages import Wake

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient

# SQS API reference: a batch has at most 10 messages; it and each message, with attributes, at most 1 MiB.
_BATCH = 10
_BATCH_BYTES = 1024 * 1024
_REASON = 1000
_GROUP = 128


class SqsJobs:
    """Sends jobs to the job queue: at least once, because a message whose reply was lost is sent again.

    With an id of its own a job is taken in once all the same.
    """

    def __init__(self, client: SQSClient, url: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._url = url
        self._sleep = sleep

    def submit(self, bodies: Sequence[str]) -> Sequence[str]:
        """Send the messages, and return their SQS ids in the same order. Raises EventsUnavailable.

        When it raises, those before the first that was not taken are in the queue, and perhaps others.
        """
        return [message_id for batch in _batches(bodies) for message_id in self._send(batch)]

    def _send(self, bodies: Sequence[str]) -> Sequence[str]:
        wanted: dict[str, str] = {str(number): body for number, body in enumerate(bodies)}
        sent: dict[str, str] = {}
        for pause in [0.0, *pauses()]:
            self._sleep(pause)
            left = [{"Id": id_, "MessageBody": body} for id_, body in wanted.items() if id_ not in sent]
            sent.update(self._take(left))
            if len(sent) == len(wanted):
                return [sent[id_] for id_ in wanted]
        raise EventsUnavailable(
            f"SQS did not take {len(wanted) - len(sent)} of {len(wanted)} jobs; try again"
        )

    def _take(self, entries: Any) -> Mapping[str, str]:
        with translated(EventsUnavailable, "submitting jobs"):
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        return {each["Id"]: each["MessageId"] for each in answer.get("Successful", [])}


class SqsWakes:
    """The Wakes port on a FIFO queue."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def wake(self, cluster: str, wake_id: str, *, fresh: Sequence[str] = ()) -> None:
        # The queue deduplicates over all groups, so the id holds the cluster too.
        deduplication = sha256(f"{cluster} {wake_id}".encode()).hexdigest()
        with translated(EventsUnavailable, f"waking the scheduler for {cluster}"):
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=msgspec.json.encode(Wake(cluster=cluster, fresh=tuple(fresh))).decode(),
                MessageGroupId=cluster[:_GROUP],
                MessageDeduplicationId=deduplication,
            )


class SqsDeadLetters:
    """The DeadLetters port: the message as it came, with the attributes `reason` and `job`.

    Of a message that leaves no room for them within SQS's limit, the end is cut off and `cut` says so.
    """

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def put(self, body: str, reason: str, *, job_id: str | None = None) -> None:
        room = _BATCH_BYTES - 8 * 1024
        whole = body.encode(errors="replace")
        words = {"reason": _plain(reason)[:_REASON]}
        if job_id:
            words["job"] = job_id
        if len(whole) > room:
            words["cut"] = f"{len(whole)} bytes before"
        attributes: Any = {
            name: {"DataType": "String", "StringValue": value} for name, value in words.items()
        }
        with translated(EventsUnavailable, "leaving a dead letter"):
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=whole[:room].decode(errors="ignore"),
                MessageAttributes=attributes,
            )


def _batches(bodies: Sequence[str]) -> Sequence[Sequence[str]]:
    batches: list[list[str]] = [[]]
    size = 0
    for body in bodies:
        length = len(body.encode())
        if len(batches[-1]) == _BATCH or (batches[-1] and size + length > _BATCH_BYTES):
            batches.append([])
            size = 0
        batches[-1].append(body)
        size += length
    return [batch for batch in batches if batch]


def _plain(reason: str) -> str:
    """Without the characters that SQS refuses."""
    return "".join(each if each.isprintable() else " " for each in reason) or "no reason given"
