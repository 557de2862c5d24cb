"""The machine's lease and report, in a table that keeps its conditions as DynamoDB does."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from everyday.cloudtop.machine.cloud import BotoCloud, view_of
from everyday.cloudtop.machine.settings import MachineSettings
from everyday.cloudtop.names import HOME, LEASE, REPORT, WISH

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
VOLUME = "vol-1"


class World:
    """The table, and machines that speak to it."""

    def __init__(self, dynamodb: Any) -> None:
        self.dynamodb = dynamodb
        self.table = f"cloudtop-{uuid4().hex}"
        dynamodb.create_table(
            TableName=self.table,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def machine(self, instance: str) -> BotoCloud:
        return BotoCloud(
            MachineSettings(table=self.table, volume="vol-of-the-stack"),
            instance=instance,
            zone="us-east-1a",
            ec2=None,
            table=self.dynamodb,
            now=lambda: NOW,
        )

    def item(self, key: str) -> dict[str, Any]:
        found = self.dynamodb.get_item(TableName=self.table, Key={"pk": {"S": key}}, ConsistentRead=True)
        return dict(found.get("Item", {}))

    def write(self, key: str, **doc: Any) -> None:
        self.dynamodb.put_item(TableName=self.table, Item={"pk": {"S": key}, "doc": {"S": json.dumps(doc)}})


@pytest.fixture
def world(client: Callable[[str], Any]) -> World:
    return World(client("dynamodb"))


@pytest.fixture
def lost_answers(world: World) -> Iterator[list[str]]:
    """Writes that are done, and whose answer nobody gets: every PutItem sends once more by itself."""
    lost: list[str] = []
    real = world.dynamodb._endpoint.http_session.send

    def send(request: Any) -> AWSResponse:
        answer: AWSResponse = real(request)
        if b"PutItem" in request.headers["X-Amz-Target"] and not lost:
            lost.append("PutItem")
            raise ReadTimeoutError(endpoint_url=request.url)
        return answer

    world.dynamodb._endpoint.http_session.send = send
    yield lost
    world.dynamodb._endpoint.http_session.send = real


def test_of_two_machines_one_gets_the_lease(world: World) -> None:
    first, second = world.machine("i-1"), world.machine("i-2")
    assert [first.take_lease(VOLUME), second.take_lease(VOLUME), first.take_lease(VOLUME)] == [
        True,
        False,
        True,
    ]
    assert second.holder() == "i-1"
    assert world.item(LEASE)["volume"] == {"S": VOLUME}
    assert world.item(LEASE)["since"] == {"S": NOW.isoformat()}


def test_a_lease_whose_answer_was_lost_is_still_ours(world: World, lost_answers: list[str]) -> None:
    assert world.machine("i-1").take_lease(VOLUME)
    assert lost_answers
    assert world.machine("i-1").holder() == "i-1"


def test_only_the_holder_gives_the_lease_back_and_twice_is_once(world: World) -> None:
    first, second = world.machine("i-1"), world.machine("i-2")
    first.take_lease(VOLUME)
    second.give_lease()
    assert first.holder() == "i-1"
    first.give_lease()
    second.take_lease(VOLUME)
    first.give_lease()
    assert first.holder() == "i-2"


def test_the_home_is_the_tables_and_before_there_is_one_the_stacks(world: World) -> None:
    machine = world.machine("i-1")
    assert machine.home() == "vol-of-the-stack"
    world.write(HOME, zone="us-east-1b", volume="vol-moved")
    assert machine.home() == "vol-moved"


def test_a_hold_of_the_owner_is_seen(world: World) -> None:
    machine = world.machine("i-1")
    assert machine.hold_until() is None
    world.write(WISH, up=True, hold_until=NOW.isoformat())
    assert machine.hold_until() == NOW.timestamp()


def test_a_beat_never_hides_a_farewell_or_another_machines_report(world: World) -> None:
    machine = world.machine("i-1")
    machine.report("ready")
    machine.beat("ready", "", ("notes: 3 files",))
    assert world.item(REPORT)["dirty"] == {"L": [{"S": "notes: 3 files"}]}
    machine.report("left", "bye")
    machine.beat("ready", "", ())
    assert world.item(REPORT)["stage"] == {"S": "left"}
    world.machine("i-2").report("booting")
    machine.beat("ready", "", ())
    assert world.item(REPORT)["instance"] == {"S": "i-2"}
    assert world.item(REPORT)["stage"] == {"S": "booting"}


def test_a_report_that_cannot_be_written_stops_nobody(world: World) -> None:
    world.dynamodb.delete_table(TableName=world.table)
    world.machine("i-1").report("ready")


@given(st.sampled_from(["attaching", "attached", "detaching", "busy"]), st.booleans())
def test_a_volume_is_seen_as_ec2_shows_it(state: str, over: bool) -> None:
    ended = {"State": "detached", "InstanceId": "i-0"}
    now = {"State": state, "InstanceId": "i-1"}
    shown = view_of(
        {
            "VolumeId": VOLUME,
            "AvailabilityZone": "us-east-1a",
            "State": "available" if over else "in-use",
            "Attachments": [ended] if over else [ended, now],
            "Tags": [{"Key": "ct:home", "Value": "yes"}],
        }
    )
    assert (shown.attached_to, shown.attachment) == ((None, None) if over else ("i-1", state))
    assert shown.tags == {"ct:home": "yes"}
