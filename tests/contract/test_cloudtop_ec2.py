"""What is asked of EC2, Auto Scaling, Route 53 and SNS, and how their answers are read: botocore's stubber
holds both to the services' models."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from everyday.adapters.cloudtop_ec2 import BotoEc2
from everyday.adapters.owner import TopicOwner
from everyday.adapters.route53_name import Route53Name
from everyday.adapters.scaling_groups import ScalingGroups
from everyday.adapters.spot_fleets import SpotFleets
from everyday.cloudtop.model import Capacity, FleetEvent, Machine
from everyday.errors import (
    CloudtopRefused,
    Ec2Unavailable,
    EventsUnavailable,
    FleetUnavailable,
    NamesUnavailable,
)

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
MINE = [{"Name": "tag:ct:name", "Values": ["cloudtop"]}]
TAGS = [{"Key": "ct:name", "Value": "cloudtop"}, {"Key": "Name", "Value": "cloudtop"}]
INSTANCE = {
    "InstanceId": "i-1",
    "State": {"Name": "running"},
    "Placement": {"AvailabilityZone": "a"},
    "InstanceType": "m6i.xlarge",
    "InstanceLifecycle": "spot",
    "LaunchTime": NOW,
    "ImageId": "ami-1",
    "PublicIpAddress": "192.0.2.1",
    "PrivateIpAddress": "10.0.0.1",
}
VOLUME = {
    "VolumeId": "vol-1",
    "AvailabilityZone": "a",
    "State": "in-use",
    "Size": 50,
    "Attachments": [
        {"InstanceId": "i-0", "State": "detached"},
        {"InstanceId": "i-1", "State": "attaching"},
    ],
    "Tags": [{"Key": "ct:home", "Value": "yes"}],
}

Stubs = Callable[[str], tuple[Any, Stubber]]


@pytest.fixture
def stubbed(boto_session: boto3.Session) -> Iterator[Stubs]:
    stubs: list[Stubber] = []

    def make(service: str) -> tuple[Any, Stubber]:
        client: Any = boto_session.client(service)  # type: ignore[call-overload]
        stub = Stubber(client)
        stub.activate()
        stubs.append(stub)
        return client, stub

    yield make
    for stub in stubs:
        stub.assert_no_pending_responses()


@pytest.fixture
def ec2(stubbed: Stubs) -> tuple[BotoEc2, Stubber]:
    client, stub = stubbed("ec2")
    return BotoEc2(client, "cloudtop"), stub


@pytest.fixture
def fleets(stubbed: Stubs) -> tuple[SpotFleets, Stubber]:
    client, stub = stubbed("ec2")
    return SpotFleets(client, {"a": "sfr-a", "b": "sfr-b"}), stub


@pytest.fixture
def groups(stubbed: Stubs) -> tuple[ScalingGroups, Stubber]:
    client, stub = stubbed("autoscaling")
    return ScalingGroups(client, {"a": "group-a"}), stub


# Machines, volumes, snapshots


def test_machines_are_those_with_our_tag_on_every_page(ec2: tuple[BotoEc2, Stubber]) -> None:
    port, stub = ec2
    demanded = {key: value for key, value in INSTANCE.items() if key != "InstanceLifecycle"}
    page = {"Reservations": [{"Instances": [INSTANCE]}], "NextToken": "more"}
    stub.add_response("describe_instances", page, {"Filters": MINE})
    stub.add_response(
        "describe_instances",
        {"Reservations": [{"Instances": [{**demanded, "InstanceId": "i-2"}]}]},
        {"Filters": MINE, "NextToken": "more"},
    )
    first, second = port.machines()
    assert first == Machine(
        id="i-1",
        state="running",
        zone="a",
        type="m6i.xlarge",
        market="spot",
        launched_at=NOW,
        image="ami-1",
        address="192.0.2.1",
    )
    assert (second.id, second.market) == ("i-2", "on-demand")


def test_an_id_that_ec2_does_not_know_is_none(ec2: tuple[BotoEc2, Stubber]) -> None:
    port, stub = ec2
    stub.add_client_error("describe_instances", "InvalidInstanceID.NotFound")
    stub.add_client_error("describe_volumes", "InvalidVolume.NotFound")
    stub.add_client_error("describe_snapshots", "InvalidSnapshot.NotFound")
    stub.add_client_error("terminate_instances", "InvalidInstanceID.NotFound")
    assert [port.machine("i-1"), port.volume("vol-1"), port.snapshot("snap-1")] == [None] * 3
    port.terminate("i-1")


def test_a_machine_is_ended_by_its_id(ec2: tuple[BotoEc2, Stubber]) -> None:
    port, stub = ec2
    stub.add_response("terminate_instances", {}, {"InstanceIds": ["i-1"]})
    port.terminate("i-1")


def test_an_attachment_that_is_over_counts_as_none(ec2: tuple[BotoEc2, Stubber]) -> None:
    port, stub = ec2
    stub.add_response("describe_volumes", {"Volumes": [VOLUME]}, {"VolumeIds": ["vol-1"]})
    volume = port.volume("vol-1")
    assert volume
    assert (volume.attached_to, volume.attachment, volume.size_gib) == ("i-1", "attaching", 50)
    assert volume.tags == {"ct:home": "yes"}


def _snapshot(name: str, hour: int, state: str = "completed") -> dict[str, Any]:
    return {
        "SnapshotId": name,
        "VolumeId": "vol-1",
        "State": state,
        "StartTime": NOW.replace(hour=hour),
        "VolumeSize": 50,
        "Description": "hourly",
    }


def test_snapshots_are_ours_newest_first(ec2: tuple[BotoEc2, Stubber]) -> None:
    port, stub = ec2
    found = [_snapshot("snap-1", 1), _snapshot("snap-3", 3, "recovering"), _snapshot("snap-2", 2, "pending")]
    stub.add_response("describe_snapshots", {"Snapshots": found}, {"OwnerIds": ["self"], "Filters": MINE})
    told = port.snapshots()
    assert [(it.id, it.state) for it in told] == [
        ("snap-3", "error"),
        ("snap-2", "pending"),
        ("snap-1", "completed"),
    ]


def test_a_snapshot_is_tagged_as_it_is_made(ec2: tuple[BotoEc2, Stubber]) -> None:
    port, stub = ec2
    asked = {
        "VolumeId": "vol-1",
        "Description": "owner",
        "TagSpecifications": [{"ResourceType": "snapshot", "Tags": TAGS}],
    }
    stub.add_response("create_snapshot", _snapshot("snap-1", 1, "pending"), asked)
    assert port.take_snapshot("vol-1", why="owner").state == "pending"


def test_a_volume_is_made_once_whoever_asks_again_and_has_the_homes_tag(ec2: tuple[BotoEc2, Stubber]) -> None:
    port, stub = ec2
    asked = {
        "SnapshotId": "snap-1",
        "AvailabilityZone": "b",
        "VolumeType": "gp3",
        "Encrypted": True,
        "ClientToken": "0-snap-1-b",
        "TagSpecifications": [
            {"ResourceType": "volume", "Tags": [*TAGS, {"Key": "ct:home", "Value": "yes"}]}
        ],
    }
    made = {"VolumeId": "vol-2", "AvailabilityZone": "b", "State": "creating", "Size": 50}
    stub.add_response("create_volume", made, asked)
    assert port.make_volume("snap-1", zone="b", token="0-snap-1-b").id == "vol-2"


def test_a_volume_only_grows(ec2: tuple[BotoEc2, Stubber]) -> None:
    port, stub = ec2
    for _ in range(3):
        stub.add_response("describe_volumes", {"Volumes": [VOLUME]}, {"VolumeIds": ["vol-1"]})
    stub.add_response("modify_volume", {}, {"VolumeId": "vol-1", "Size": 80})
    with pytest.raises(CloudtopRefused, match="no volume can be made smaller"):
        port.grow("vol-1", 40)
    port.grow("vol-1", 50)
    port.grow("vol-1", 80)


def test_what_ec2_will_never_take_is_told_apart_from_what_passes(ec2: tuple[BotoEc2, Stubber]) -> None:
    port, stub = ec2
    stub.add_response("describe_volumes", {"Volumes": [VOLUME]}, {"VolumeIds": ["vol-1"]})
    stub.add_client_error("modify_volume", "VolumeModificationRateExceeded", "wait six hours")
    stub.add_client_error("describe_instances", "RequestLimitExceeded")
    with pytest.raises(CloudtopRefused, match="wait six hours"):
        port.grow("vol-1", 80)
    with pytest.raises(Ec2Unavailable):
        port.machines()


def test_tags_are_written(ec2: tuple[BotoEc2, Stubber]) -> None:
    port, stub = ec2
    asked = {"Resources": ["vol-1"], "Tags": [{"Key": "ct:home", "Value": "no"}]}
    stub.add_response("create_tags", {}, asked)
    port.tag("vol-1", {"ct:home": "no"})


# Spot Fleets


def _fleet(name: str, total: int, on_demand: int = 0, state: str = "active") -> dict[str, Any]:
    config = {"IamFleetRole": "role", "TargetCapacity": total, "OnDemandTargetCapacity": on_demand}
    return {"SpotFleetRequestId": name, "SpotFleetRequestState": state, "SpotFleetRequestConfig": config}


def _are(stub: Stubber, names: list[str], *fleets: dict[str, Any]) -> None:
    told = {"SpotFleetRequestConfigs": list(fleets)}
    stub.add_response("describe_spot_fleet_requests", told, {"SpotFleetRequestIds": names})


def test_a_cancelled_fleet_is_asked_for_nothing(fleets: tuple[SpotFleets, Stubber]) -> None:
    port, stub = fleets
    _are(stub, ["sfr-a", "sfr-b"], _fleet("sfr-b", 1, 1), _fleet("sfr-a", 1, state="cancelled_running"))
    assert port.capacities() == {"a": Capacity(), "b": Capacity(total=1, on_demand=1)}


def test_a_fleet_is_asked_only_for_what_it_is_not_asked_for_yet(fleets: tuple[SpotFleets, Stubber]) -> None:
    port, stub = fleets
    asked = {"SpotFleetRequestId": "sfr-a", "TargetCapacity": 1, "OnDemandTargetCapacity": 1}
    _are(stub, ["sfr-a"], _fleet("sfr-a", 1))
    stub.add_response("modify_spot_fleet_request", {"Return": True}, asked)
    _are(stub, ["sfr-a"], _fleet("sfr-a", 1, 1))
    for _ in range(2):
        port.ask("a", Capacity(total=1, on_demand=1))


def test_a_fleet_that_is_gone_says_what_to_do(fleets: tuple[SpotFleets, Stubber]) -> None:
    port, stub = fleets
    _are(stub, ["sfr-a"], _fleet("sfr-a", 0, state="cancelled"))
    _are(stub, ["sfr-a"])
    with pytest.raises(CloudtopRefused, match="deploy the stack again"):
        port.ask("a", Capacity(total=1))
    with pytest.raises(FleetUnavailable, match="there is no fleet sfr-a"):
        port.ask("a", Capacity(total=1))


def test_a_fleets_history_is_read_to_its_end(fleets: tuple[SpotFleets, Stubber]) -> None:
    port, stub = fleets

    def page(kind: str, hour: int) -> dict[str, Any]:
        about = {"EventSubType": kind, "EventDescription": f"{kind}!"}
        return {"EventInformation": about, "EventType": "error", "Timestamp": NOW.replace(hour=hour)}

    asked = {"SpotFleetRequestId": "sfr-a", "StartTime": NOW}
    name = "describe_spot_fleet_request_history"
    stub.add_response(name, {"HistoryRecords": [page("launched", 12)], "NextToken": "t"}, asked)
    stub.add_response(name, {"HistoryRecords": [page("launchSpecUnusable", 11)]}, {**asked, "NextToken": "t"})
    assert port.history("a", NOW) == [
        FleetEvent(kind="launchSpecUnusable", at=NOW.replace(hour=11), text="launchSpecUnusable!"),
        FleetEvent(kind="launched", at=NOW.replace(hour=12), text="launched!"),
    ]


# Auto Scaling groups


def _group(desired: int, percent: int, status: str | None = None) -> dict[str, Any]:
    distribution = {"OnDemandPercentageAboveBaseCapacity": percent}
    told: dict[str, Any] = {
        "AutoScalingGroupName": "group-a",
        "MinSize": 0,
        "MaxSize": 1,
        "DesiredCapacity": desired,
        "DefaultCooldown": 300,
        "AvailabilityZones": ["a"],
        "HealthCheckType": "EC2",
        "CreatedTime": NOW,
        "MixedInstancesPolicy": {"InstancesDistribution": distribution},
    }
    return {"AutoScalingGroups": [{**told, **({"Status": status} if status else {})}]}


def test_a_group_goes_on_demand_by_its_percentage(groups: tuple[ScalingGroups, Stubber]) -> None:
    port, stub = groups
    names = {"AutoScalingGroupNames": ["group-a"]}
    asked = {
        "AutoScalingGroupName": "group-a",
        "DesiredCapacity": 1,
        "MixedInstancesPolicy": {"InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 100}},
    }
    stub.add_response("describe_auto_scaling_groups", _group(1, 0), names)
    stub.add_response("update_auto_scaling_group", {}, asked)
    stub.add_response("describe_auto_scaling_groups", _group(1, 100), names)
    port.ask("a", Capacity(total=1, on_demand=1))
    assert port.capacities() == {"a": Capacity(total=1, on_demand=1)}


def test_a_group_that_is_being_deleted_says_what_to_do(groups: tuple[ScalingGroups, Stubber]) -> None:
    port, stub = groups
    stub.add_response("describe_auto_scaling_groups", _group(0, 0, "Delete in progress"))
    with pytest.raises(CloudtopRefused, match="deploy the stack again"):
        port.ask("a", Capacity(total=1))


def test_a_groups_failures_are_told_in_the_fleets_words(groups: tuple[ScalingGroups, Stubber]) -> None:
    port, stub = groups

    def activity(hour: int, status: str, text: str) -> dict[str, Any]:
        return {
            "ActivityId": "1",
            "AutoScalingGroupName": "group-a",
            "Cause": "x",
            "StartTime": NOW.replace(hour=hour),
            "StatusCode": status,
            "StatusMessage": text,
        }

    found = [
        activity(12, "Failed", "InsufficientInstanceCapacity"),
        activity(11, "Failed", "MaxSpotInstanceCountExceeded"),
        activity(10, "Successful", "Launching"),
        activity(8, "Failed", "too old to matter"),
    ]
    stub.add_response("describe_scaling_activities", {"Activities": found})
    assert [it.kind for it in port.history("a", NOW)] == [
        "progress",
        "spotInstanceCountLimitExceeded",
        "launchSpecTemporarilyBlacklisted",
    ]


# The owner, and the name


def test_the_name_is_pointed_to_the_machine(stubbed: Stubs) -> None:
    client, stub = stubbed("route53")
    record = {"Name": "box.example.org", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    changes = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
    done = {"ChangeInfo": {"Id": "1", "Status": "PENDING", "SubmittedAt": NOW}}
    stub.add_response("change_resource_record_sets", done, {"HostedZoneId": "Z1", "ChangeBatch": changes})
    stub.add_client_error("change_resource_record_sets", "NoSuchHostedZone")
    name = Route53Name(client, "Z1", "box.example.org")
    name.point("192.0.2.1")
    with pytest.raises(NamesUnavailable, match="pointing box"):
        name.point("192.0.2.1")


def test_the_owner_is_told_by_the_topic(stubbed: Stubs) -> None:
    client, stub = stubbed("sns")
    stub.add_response(
        "publish",
        {"MessageId": "1"},
        {"TopicArn": "arn:t", "Subject": "CloudTop cloudtop", "Message": "it fell back"},
    )
    stub.add_client_error("publish", "AuthorizationError")
    owner = TopicOwner(client, "arn:t", "cloudtop")
    owner.tell("it fell back")
    with pytest.raises(EventsUnavailable, match="telling the owner"):
        owner.tell("again")
