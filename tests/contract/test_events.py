"""One set of promises over every Events."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import uuid4

import pytest

from everyday.adapters.events import EventBridgeEvents
from everyday.adapters.memory import MemoryEvents
from everyday.errors import EventsUnavailable
from tests.contract.conftest import Trouble

SOURCE = "everyday.photos"
REFUSED = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}


class Listener:
    """A bus with a queue behind it that takes every event of our source."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        name = f"photos-{uuid4().hex}"
        self.client = client("events")
        self._sqs = client("sqs")
        self._queue = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        wanted = {"QueueUrl": self._queue, "AttributeNames": ["QueueArn"]}
        arn = self._sqs.get_queue_attributes(**wanted)["Attributes"]["QueueArn"]
        self.client.create_event_bus(Name=name)
        self.client.put_rule(Name=name, EventBusName=name, EventPattern=json.dumps({"source": [SOURCE]}))
        self.client.put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "queue", "Arn": arn}])
        self.events = EventBridgeEvents(self.client, name, SOURCE, sleep=lambda seconds: None)

    def heard(self, count: int) -> list[tuple[str, Mapping[str, Any]]]:
        bodies: list[dict[str, Any]] = []
        while len(bodies) < count:
            answer = self._sqs.receive_message(
                QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=5
            )
            got = [json.loads(it["Body"]) for it in answer.get("Messages", [])]
            assert got, f"only {len(bodies)} of {count} events arrived"
            bodies.extend(got)
        return [(it["detail-type"], it["detail"]) for it in bodies]


@pytest.fixture
def listener(client: Callable[[str], Any]) -> Listener:
    return Listener(client)


def details(count: int) -> list[dict[str, Any]]:
    return [{"id": str(number)} for number in range(count)]


def in_order(events: Iterable[tuple[str, Mapping[str, Any]]]) -> list[int]:
    return sorted(int(detail["id"]) for kind, detail in events if kind == "photo.stored")


@pytest.mark.parametrize("count", [0, 1, 10, 11, 25])
def test_every_event_arrives(listener: Listener, count: int) -> None:
    memory = MemoryEvents()
    for events in (memory, listener.events):
        events.publish("photo.stored", iter(details(count)))
    assert in_order(memory.published) == in_order(listener.heard(count)) == list(range(count))


def test_ten_events_are_one_request_and_none_is_none(listener: Listener) -> None:
    trouble = Trouble(listener.client)
    listener.events.publish("photo.stored", [])
    listener.events.publish("photo.stored", details(10))
    assert trouble.sent == ["PutEvents"]


def test_only_what_the_bus_refused_is_sent_again(listener: Listener) -> None:
    asked: list[list[str]] = []
    listener.client.meta.events.register(
        "provide-client-params.events.PutEvents",
        lambda params, **_: asked.append([json.loads(it["Detail"])["id"] for it in params["Entries"]]),
    )
    answers = [{"EventId": "1"}, REFUSED, {"EventId": "3"}]
    Trouble(listener.client).script = [{"FailedEntryCount": 1, "Entries": answers}]
    listener.events.publish("photo.stored", details(3))
    assert asked == [["0", "1", "2"], ["1"]]
    assert in_order(listener.heard(1)) == [1]


@pytest.mark.parametrize(
    "trouble",
    ["cut", (500, "InternalException"), (400, "AccessDenied"), {"FailedEntryCount": 1, "Entries": [REFUSED]}],
    ids=str,
)
def test_a_bus_that_takes_nothing_is_unavailable(listener: Listener, trouble: Any) -> None:
    sent = Trouble(listener.client)
    sent.script = [trouble] * 20
    with pytest.raises(EventsUnavailable, match=r"photo\.stored"):
        listener.events.publish("photo.stored", details(1))
    assert len(sent.sent) <= 4


def test_a_lost_reply_loses_no_event(listener: Listener) -> None:
    Trouble(listener.client).script = ["lost"]
    listener.events.publish("photo.stored", details(2))
    assert set(in_order(listener.heard(4))) == {0, 1}
