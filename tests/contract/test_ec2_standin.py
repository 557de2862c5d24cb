"""The stand-in for EC2, asked by unmodified boto3, the keeper's adapters and the machine's program."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from everyday.adapters.cloudtop_ec2 import BotoEc2
from everyday.adapters.memory_cloudtop import MemoryBook
from everyday.adapters.spot_fleets import SpotFleets
from everyday.cloudtop.events import Ask, Look
from everyday.cloudtop.keeping import Keeper
from everyday.cloudtop.looking import Sight
from everyday.cloudtop.machine.cloud import BotoCloud
from everyday.cloudtop.machine.imds import Imds
from everyday.cloudtop.machine.ports import CloudError
from everyday.cloudtop.machine.settings import MachineSettings
from everyday.cloudtop.model import Capacity, Home, Rules
from everyday.errors import CloudtopRefused, Ec2Unavailable, FleetUnavailable
from everyday_local.ec2.app import build_app
from everyday_local.ec2.things import Disk, Fleet
from everyday_local.ec2.world import World
from everyday_local.serving import served
from tests.contract.ecs_world import Switchboard

START = datetime(2026, 11, 24, tzinfo=UTC).timestamp()
A, B = "us-east-1a", "us-east-1b"
TAGS = {"ct:name": "cloudtop"}


class Region(NamedTuple):
    """`url` of the stand-in, an unmodified client of it, and the world behind."""

    url: str
    client: Any
    world: World

    def post(self, path: str, **body: object) -> requests.Response:
        return requests.post(f"{self.url}/_standin/{path}", json=body, timeout=10)

    def pass_(self, seconds: float) -> None:
        self.world.advance(self.world.now + seconds)

    def launched(self, zone: str = "a") -> str:
        """A running instance's id."""
        self.client.modify_spot_fleet_request(SpotFleetRequestId=f"sfr-{zone}", TargetCapacity=1)
        self.pass_(60)
        fleet = f"sfr-{zone}"
        return next(it.id for it in self.world.instances.values() if it.fleet == fleet and it.notice is None)

    def machine(self, instance: str, zone: str = A) -> BotoCloud:
        settings = MachineSettings(table="t", volume="vol-1", name="cloudtop")
        return BotoCloud(
            settings, instance=instance, zone=zone, ec2=self.client, table=None, now=lambda: datetime.now(UTC)
        )


@pytest.fixture(scope="module")
def board() -> Iterator[tuple[Switchboard, str, Any]]:
    plugged = Switchboard()
    with served(plugged) as url:
        session = boto3.Session("test", "test", region_name="us-east-1")
        config = Config(retries={"total_max_attempts": 1}, read_timeout=10)
        yield plugged, url, session.client("ec2", endpoint_url=url, config=config)


@pytest.fixture
def region(board: tuple[Switchboard, str, Any]) -> Region:
    world = World(START, Random(3))
    for name, zone in (("a", A), ("b", B)):
        world.make_fleet(Fleet(id=f"sfr-{name}", zone=zone, types=("m6i.xlarge",), tags=dict(TAGS)))
    world.make_disk(Disk(id="vol-1", zone=A, size_gib=50, tags={**TAGS, "ct:home": "yes"}))
    plugged, url, client = board
    plugged.app = build_app(world, lambda: world.now)
    return Region(url, client, world)


def _code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


# What it refuses


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"Action": "DescribeMoon"}, "InvalidAction"),
        ({"Action": "DescribeVolumes", "VolumeIds.1": "vol-1"}, "UnknownParameter"),
        ({"Action": "AttachVolume", "VolumeId": "vol-1"}, "MissingParameter"),
        ({"Action": "ModifyVolume", "VolumeId": "vol-1", "Size": "big"}, "InvalidParameterValue"),
        ({"Action": "RunInstances", "MinCount": "1", "MaxCount": "1"}, "UnsupportedOperation"),
        (
            {"Action": "DescribeVolumes", "Filter.1.Name": "size", "Filter.1.Value.1": "1"},
            "InvalidParameterValue",
        ),
    ],
)
def test_what_the_model_does_not_have_is_refused(region: Region, form: dict[str, str], code: str) -> None:
    answer = requests.post(region.url, data={**form, "Version": "2016-11-15"}, timeout=10)
    assert answer.status_code == 400
    assert f"<Code>{code}</Code>" in answer.text


def test_a_volume_goes_to_no_machine_of_another_zone(region: Region) -> None:
    elsewhere = region.launched("b")
    with pytest.raises(ClientError) as caught:
        region.client.attach_volume(VolumeId="vol-1", InstanceId=elsewhere, Device="/dev/xvdj")
    assert _code(caught) == "InvalidVolume.ZoneMismatch"


def test_a_volume_goes_to_one_machine_only(region: Region) -> None:
    first = region.launched()
    region.client.attach_volume(VolumeId="vol-1", InstanceId=first, Device="/dev/xvdj")
    region.post("interrupt", instance=first)
    second = region.launched()
    assert second != first
    with pytest.raises(ClientError) as caught:
        region.client.attach_volume(VolumeId="vol-1", InstanceId=second, Device="/dev/xvdj")
    assert _code(caught) == "VolumeInUse"


def test_force_is_for_nobody(region: Region) -> None:
    first = region.launched()
    region.client.attach_volume(VolumeId="vol-1", InstanceId=first, Device="/dev/xvdj")
    region.pass_(10)
    with pytest.raises(ClientError):
        region.client.detach_volume(VolumeId="vol-1", Force=True)


def test_a_snapshot_that_is_not_complete_makes_no_volume(region: Region) -> None:
    taken = region.client.create_snapshot(VolumeId="vol-1")["SnapshotId"]
    with pytest.raises(ClientError) as caught:
        region.client.create_volume(SnapshotId=taken, AvailabilityZone=B)
    assert _code(caught) == "IncorrectState"


def test_a_new_instance_is_not_to_be_found_at_once(region: Region) -> None:
    region.client.modify_spot_fleet_request(SpotFleetRequestId="sfr-a", TargetCapacity=1)
    while not region.world.instances:
        region.pass_(0.5)
    (name,) = region.world.instances
    assert region.client.describe_instances()["Reservations"] == []
    with pytest.raises(ClientError) as caught:
        region.client.describe_instances(InstanceIds=[name])
    assert _code(caught) == "InvalidInstanceID.NotFound"
    region.pass_(3)
    assert region.client.describe_instances(InstanceIds=[name])["Reservations"]


def test_calls_are_throttled_on_demand(region: Region) -> None:
    region.post("throttle", calls=1)
    with pytest.raises(ClientError) as caught:
        region.client.describe_volumes()
    assert _code(caught) == "RequestLimitExceeded"
    assert region.client.describe_volumes()["Volumes"]


# The keeper's adapters


def test_a_move_of_the_data_by_the_owners_adapter(region: Region) -> None:
    ec2 = BotoEc2(region.client, "cloudtop")
    taken = ec2.take_snapshot("vol-1", why="move")
    region.pass_(600)
    assert [(it.id, it.state) for it in ec2.snapshots()] == [(taken.id, "completed")]
    made = ec2.make_volume(taken.id, zone=B, token="once")
    assert ec2.make_volume(taken.id, zone=B, token="once") == made
    ec2.tag("vol-1", {"ct:home": "no"})
    homes = {it.id: it.tags["ct:home"] for it in ec2.volumes()}
    assert homes == {"vol-1": "no", made.id: "yes"}
    assert (made.zone, made.size_gib) == (B, 50)


def test_a_volume_grows_four_times_a_day(region: Region) -> None:
    ec2 = BotoEc2(region.client, "cloudtop")
    for size in (60, 70, 80, 90):
        ec2.grow("vol-1", size)
    with pytest.raises(CloudtopRefused):
        ec2.grow("vol-1", 100)
    region.pass_(25 * 3600)
    ec2.grow("vol-1", 100)


def test_fleets_are_asked_and_tell_what_they_went_through(region: Region) -> None:
    fleets = SpotFleets(region.client, {A: "sfr-a", B: "sfr-b"})
    since = datetime.fromtimestamp(START, UTC)
    region.post("capacity", spot=[])
    fleets.ask(A, Capacity(total=1))
    region.pass_(300)
    assert {it.kind for it in fleets.history(A, since)} == {"allLaunchSpecsTemporarilyBlacklisted"}
    fleets.ask(A, Capacity(total=1, on_demand=1))
    region.pass_(120)
    assert fleets.capacities() == {A: Capacity(total=1, on_demand=1), B: Capacity()}
    (machine,) = BotoEc2(region.client, "cloudtop").machines()
    assert (machine.market, machine.state, machine.zone) == ("on-demand", "running", A)


def test_what_is_not_there_is_told_apart_from_what_does_not_answer(region: Region) -> None:
    ec2 = BotoEc2(region.client, "cloudtop")
    assert [ec2.machine("i-0"), ec2.volume("vol-0"), ec2.snapshot("snap-0")] == [None] * 3
    ec2.terminate("i-0")
    with pytest.raises(FleetUnavailable):
        SpotFleets(region.client, {A: "sfr-0"}).capacities()
    region.post("throttle", calls=1)
    with pytest.raises(Ec2Unavailable):
        ec2.machines()


class Nobody:
    """An owner who does not listen."""

    def tell(self, text: str) -> None: ...


def test_the_keeper_brings_a_machine_and_brings_it_back(region: Region) -> None:
    book, ec2 = MemoryBook(), BotoEc2(region.client, "cloudtop")
    fleets = SpotFleets(region.client, {A: "sfr-a", B: "sfr-b"})
    keeper = Keeper(
        sight=Sight(book, ec2, fleets, Home(zone=A, volume="vol-1")),
        owner=Nobody(),
        rules=Rules(),
        clock=lambda: datetime.fromtimestamp(region.world.now, UTC),
    )
    keeper.hear(Ask(up=True, reason="owner"))
    region.pass_(60)
    (first,) = ec2.machines()
    region.post("interrupt", instance=first.id, notice=False)
    for _ in range(10):
        keeper.hear(Look("tick"))
        region.pass_(60)
    running = [it.id for it in ec2.machines() if it.state == "running"]
    assert len(running) == 1
    assert running != [first.id]
    keeper.hear(Ask(up=False, reason="owner"))
    for _ in range(5):
        region.pass_(60)
        keeper.hear(Look("tick"))
    assert not [it for it in ec2.machines() if it.state == "running"]


# The machine's own program


def test_the_machine_attaches_its_volume_and_lets_it_go(region: Region) -> None:
    cloud = region.machine(region.launched())
    assert cloud.volume("vol-1").state == "available"
    cloud.attach("vol-1", "/dev/xvdj")
    assert cloud.volume("vol-1").attachment == "attaching"
    region.pass_(10)
    assert cloud.volume("vol-1").attachment == "attached"
    cloud.tag("vol-1", {"ct:formatted": "u-1"})
    assert cloud.volume("vol-1").tags["ct:formatted"] == "u-1"
    assert cloud.snapshot("vol-1", "notice") in region.world.copies
    cloud.detach("vol-1")
    region.pass_(10)
    view = cloud.volume("vol-1")
    assert (view.state, view.attached_to) == ("available", None)


def test_what_another_try_may_better_is_told_apart(region: Region) -> None:
    with pytest.raises(CloudError) as elsewhere:
        region.machine(region.launched("b"), B).attach("vol-1", "/dev/xvdj")
    first = region.launched()
    region.machine(first).attach("vol-1", "/dev/xvdj")
    region.post("interrupt", instance=first)
    second = region.machine(region.launched())
    with pytest.raises(CloudError) as in_use:
        second.attach("vol-1", "/dev/xvdj")
    assert in_use.value.passing
    assert not elsewhere.value.passing


def test_the_metadata_service_says_who_the_machine_is(region: Region) -> None:
    name = region.launched()
    imds = Imds(f"{region.url}/imds/{name}")
    assert (imds.instance(), imds.zone(), imds.region()) == (name, A, "us-east-1")


def test_there_is_no_notice_until_there_is_one(region: Region) -> None:
    name = region.launched()
    imds = Imds(f"{region.url}/imds/{name}")
    assert imds.notice() is None
    assert not imds.rebalance()
    region.post("interrupt", instance=name, rebalance=True)
    assert imds.rebalance()
    assert imds.notice() is None
    region.post("interrupt", instance=name)
    notice = imds.notice()
    assert notice
    assert notice.action == "terminate"
    assert notice.time == pytest.approx(region.world.now + 120, abs=1)


def test_the_metadata_service_answers_nobody_without_a_token(region: Region) -> None:
    path = f"{region.url}/imds/{region.launched()}/latest"
    assert requests.get(f"{path}/meta-data/instance-id", timeout=5).status_code == 401
    assert requests.put(f"{path}/api/token", timeout=5).status_code == 400


def test_a_token_that_was_forgotten_is_asked_for_again(region: Region) -> None:
    imds = Imds(f"{region.url}/imds/{region.launched()}")
    name = imds.instance()
    imds._token = "another machine's"
    assert imds.instance() == name


def test_a_machine_that_is_not_there_has_no_metadata(region: Region) -> None:
    with pytest.raises(CloudError) as caught:
        Imds(f"{region.url}/imds/i-0").instance()
    assert caught.value.passing
    with pytest.raises(CloudError, match="does not answer"):
        Imds("http://127.0.0.1:9").notice()
