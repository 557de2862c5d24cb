"""The queues of `jobs`: submitting, waking, and what is left of messages that can never run."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from everyday.adapters.jobs_queue import SqsDeadLetters, SqsJobs, SqsWakes
from everyday.adapters.memory_queues import MemoryDeadLetters, MemoryWakes
from everyday.errors import EventsUnavailable
from everyday.jobs.messages import Wake, parse_wakes
from tests.contract.conftest import Trouble

MIB = 1024 * 1024


class Queue:
    """One queue in SQS, and all that comes out of it."""

    def __init__(self, sqs: Any, *, fifo: bool = False) -> None:
        name = f"jobs-{uuid4().hex}" + (".fifo" if fifo else "")
        self._sqs = sqs
        self.url = sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if fifo else {})[
            "QueueUrl"
        ]

    def messages(self, count: int) -> list[dict[str, Any]]:
        """So many messages, and it is an error when there are fewer or more."""
        found: list[dict[str, Any]] = []
        wait = 5 if count else 0
        while len(found) < count or wait:
            answer = self._sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=wait,
                MessageAttributeNames=["All"],
                AttributeNames=["All"],
            )
            got = answer.get("Messages", [])
            for each in got:
                self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=each["ReceiptHandle"])
            found += got
            wait = 0 if len(found) >= count else wait
            assert got or not wait, f"only {len(found)} of {count} messages arrived"
        assert len(found) == count
        return found


@pytest.fixture
def sqs(client: Callable[[str], Any]) -> Any:
    return client("sqs")


@pytest.fixture
def queue(sqs: Any) -> Queue:
    return Queue(sqs)


# Submitting


@pytest.mark.parametrize("count", [0, 1, 10, 11, 25])
def test_every_job_is_sent_and_told_its_message_in_order(sqs: Any, queue: Queue, count: int) -> None:
    bodies = [json.dumps({"id": f"j{number}"}) for number in range(count)]
    told = SqsJobs(sqs, queue.url).submit(bodies)
    by_id = {each["MessageId"]: each["Body"] for each in queue.messages(count)}
    assert [by_id[message_id] for message_id in told] == bodies


def test_a_batch_stays_within_what_sqs_takes(sqs: Any, queue: Queue) -> None:
    requests = Trouble(sqs, "SendMessageBatch")
    bodies = ["é" * (200 * 1024 // 2)] * 7
    assert len(SqsJobs(sqs, queue.url).submit(bodies)) == 7
    assert len(requests.sent) == 2, "five of 200 KiB are 1,000 KiB, six are too much"


def test_what_sqs_did_not_take_of_a_batch_is_sent_again(sqs: Any, queue: Queue) -> None:
    refused = {"Id": "1", "SenderFault": False, "Code": "InternalError"}
    taken = {"Id": "0", "MessageId": "first", "MD5OfMessageBody": "900150983cd24fb0d6963f7d28e17f72"}
    Trouble(sqs, "SendMessageBatch").script = [{"Successful": [taken], "Failed": [refused]}]
    first, second = SqsJobs(sqs, queue.url, sleep=lambda seconds: None).submit(["abc", "d"])
    (message,) = queue.messages(1)
    assert (first, second, message["Body"]) == ("first", message["MessageId"], "d")


def test_a_queue_that_takes_nothing_is_unavailable(sqs: Any, queue: Queue) -> None:
    refused = {"Failed": [{"Id": "0", "SenderFault": False, "Code": "InternalError"}]}
    requests = Trouble(sqs, "SendMessageBatch")
    requests.script = [refused] * 20  # type: ignore[list-item]
    with pytest.raises(EventsUnavailable, match="1 of 1"):
        SqsJobs(sqs, queue.url, sleep=lambda seconds: None).submit(["a"])
    assert len(requests.sent) == 4


# Waking


@pytest.fixture(params=["memory", "sqs"])
def heard(request: pytest.FixtureRequest) -> tuple[Any, Callable[[int], list[Wake]]]:
    """A Wakes, and what reads so many wakes back."""
    if request.param == "memory":
        memory = MemoryWakes()
        return memory, lambda count: memory.sent
    sqs = request.getfixturevalue("client")("sqs")
    queue = Queue(sqs, fifo=True)

    def read(count: int) -> list[Wake]:
        records = [{"messageId": it["MessageId"], "body": it["Body"]} for it in queue.messages(count)]
        return [call.wake for call in parse_wakes({"Records": records}).calls]

    return SqsWakes(sqs, queue.url), read


def test_a_wake_arrives_with_the_fresh_ids(heard: Any) -> None:
    wakes, read = heard
    wakes.wake("main", "e:1", fresh=["a", "p/3"])
    assert read(1) == [Wake(cluster="main", fresh=("a", "p/3"))]


def test_a_wake_is_dropped_only_for_one_of_the_same_id_and_cluster(heard: Any) -> None:
    wakes, read = heard
    for cluster, wake_id in [("main", "e:1"), ("main", "e:1"), ("main", "e:2"), ("other", "e:1")]:
        wakes.wake(cluster, wake_id)
    assert sorted(wake.cluster for wake in read(3)) == ["main", "main", "other"]


def test_each_cluster_is_a_group_of_its_own_however_long_its_name(sqs: Any) -> None:
    queue = Queue(sqs, fifo=True)
    wakes = SqsWakes(sqs, queue.url)
    for cluster in ("main", "c" * 255):
        wakes.wake(cluster, "e:1")
    groups = [it["Attributes"]["MessageGroupId"] for it in queue.messages(2)]
    assert sorted(groups) == ["c" * 128, "main"]


# Dead letters


@pytest.mark.parametrize("kind", ["memory", "sqs"])
def test_a_dead_letter_is_the_message_as_it_came_with_the_reason(
    kind: str, request: pytest.FixtureRequest
) -> None:
    if kind == "memory":
        memory = MemoryDeadLetters()
        memory.put("{é", "class: wrong", job_id="a")
        assert memory.letters == [("{é", "class: wrong", "a")]
        return
    sqs, queue = request.getfixturevalue("sqs"), request.getfixturevalue("queue")
    SqsDeadLetters(sqs, queue.url).put("{é", "class: wrong", job_id="a")
    (message,) = queue.messages(1)
    said = {name: each["StringValue"] for name, each in message["MessageAttributes"].items()}
    assert (message["Body"], said) == ("{é", {"reason": "class: wrong", "job": "a"})


def test_a_reason_holds_nothing_that_sqs_refuses(sqs: Any, queue: Queue) -> None:
    SqsDeadLetters(sqs, queue.url).put("x", "unknown field `a\x00\x1b\ud800b`" + "é" * 2000)
    (message,) = queue.messages(1)
    reason = message["MessageAttributes"]["reason"]["StringValue"]
    assert reason.startswith("unknown field `a   b`é")
    assert len(reason) == 1000


def test_the_largest_message_still_fits_with_its_reason(sqs: Any, queue: Queue) -> None:
    body = "é" * (MIB // 2)
    SqsDeadLetters(sqs, queue.url).put(body, "body: too large", job_id="a" * 64)
    (message,) = queue.messages(1)
    words = message["MessageAttributes"]
    size = len(message["Body"].encode()) + sum(
        len(name) + len("String") + len(word["StringValue"]) for name, word in words.items()
    )
    assert MIB - 16 * 1024 < size <= MIB
    assert body.startswith(message["Body"])
    assert words["cut"]["StringValue"] == f"{MIB} bytes before"


CALLS: list[tuple[str, Callable[[Any, str], object]]] = [
    ("SendMessageBatch", lambda sqs, url: SqsJobs(sqs, url, sleep=lambda seconds: None).submit(["a"])),
    ("SendMessage", lambda sqs, url: SqsWakes(sqs, url).wake("main", "e:1")),
    ("SendMessage", lambda sqs, url: SqsDeadLetters(sqs, url).put("a", "b")),
]


@pytest.mark.parametrize("trouble", ["cut", (500, "InternalFailure"), (403, "AccessDenied")], ids=str)
@pytest.mark.parametrize(("operation", "call"), CALLS)
def test_a_queue_that_stays_away_is_unavailable(
    sqs: Any, queue: Queue, operation: str, call: Callable[[Any, str], object], trouble: Any
) -> None:
    troubles = Trouble(sqs, operation)
    troubles.script = [trouble] * 20
    with pytest.raises(EventsUnavailable):
        call(sqs, queue.url)
    assert len(troubles.sent) in {1, 4}, "one layer of retries, and a bounded one"
