"""Machines that are really run: the keeper, the machine's program, and folders in the place of disks."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

import boto3
import pytest
from starlette.applications import Starlette

from everyday.adapters.cloudtop_book import DynamoBook
from everyday.adapters.cloudtop_ec2 import BotoEc2
from everyday.adapters.spot_fleets import SpotFleets
from everyday.cloudtop.events import Ask, Look
from everyday.cloudtop.keeping import Keeper
from everyday.cloudtop.looking import Sight
from everyday.cloudtop.model import Home, Machine, Rules
from everyday_local.ec2.app import Ec2App
from everyday_local.ec2.processes import ProcessHypervisor
from everyday_local.ec2.things import Disk, Fleet, Instance
from everyday_local.ec2.world import World
from everyday_local.serving import served
from tests.contract.ecs_world import Switchboard
from tests.contract.test_machine_cloud import World as Table

A = "us-east-1a"
SPEED = 10
"""So many seconds pass in the world while one passes here."""

TIME_SECONDS = 60


class Cloudtop:
    """Everything of it, and time that passes by itself."""

    def __init__(self, folder: Path, dynamodb: Any, dynamodb_url: str, url: str) -> None:
        self.table = Table(dynamodb)
        self._began = time.monotonic()
        self._start = time.time()
        environment = {
            "CT_EC2_URL": url,
            "CT_DYNAMODB_URL": dynamodb_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        self.hypervisor = ProcessHypervisor(folder, environment)
        self.world = World(self.now(), Random(5), hypervisor=self.hypervisor)
        self.world.on_running = partial(self._launch, url)
        self.world.on_ended = lambda it: self.hypervisor.end(it.id)
        tags = {"ct:name": "cloudtop"}
        self.world.make_fleet(Fleet(id="sfr-a", zone=A, types=("m6i.xlarge",), tags=tags))
        first = {**tags, "ct:home": "yes", "ct:first-use": "yes"}
        self.world.make_disk(Disk(id="vol-1", zone=A, size_gib=50, tags=first))
        self.app = Ec2App(self.world, self.now)
        client: Any = boto3.Session("test", "test", region_name="us-east-1").client("ec2", endpoint_url=url)
        self.book, self.ec2 = DynamoBook(dynamodb, self.table.table), BotoEc2(client, "cloudtop")
        self.keeper = Keeper(
            sight=Sight(self.book, self.ec2, SpotFleets(client, {A: "sfr-a"}), Home(zone=A, volume="vol-1")),
            owner=self,
            rules=Rules(),
            clock=lambda: datetime.fromtimestamp(self.now(), UTC),
        )

    def tell(self, text: str) -> None:
        """The owner does not listen."""

    def now(self) -> float:
        return self._start + (time.monotonic() - self._began) * SPEED

    def until(self, what: str, there: Callable[[], Machine | None]) -> Machine:
        """Look until it is there; the keeper looks too."""
        for _ in range(TIME_SECONDS * 5):
            self.keeper.hear(Look("tick"))
            if found := there():
                return found
            time.sleep(0.2)
        logs = [it.read_text()[-2000:] for it in self.hypervisor.place("").glob("*/log")]
        raise AssertionError(f"{what} did not come in time: {self.book.report()} {logs}")

    def ready(self, *, but: str = "") -> Machine | None:
        """The machine that has the data."""
        report, lease = self.book.report(), self.book.lease()
        if not report or not lease or report.stage != "ready" or report.instance in ("", but):
            return None
        return self.ec2.machine(report.instance) if lease.holder == report.instance else None

    def home(self, machine: Machine) -> Path:
        return self.hypervisor.place(machine.id) / "persistent"

    def _launch(self, url: str, instance: Instance) -> None:
        lines = {"TABLE": self.table.table, "VOLUME": "vol-1", "REGION": "us-east-1", "IDLE_SECONDS": "0"}
        data = "#cloud-config\n" + "\n".join(f"      CT_{key}={value}" for key, value in lines.items())
        self.hypervisor.launch(instance.id, user_data=data, imds_url=f"{url}/imds/{instance.id}")


@pytest.fixture
def cloudtop(tmp_path: Path, client: Callable[[str], Any], ministack: str) -> Iterator[Cloudtop]:
    board, over = Switchboard(), Event()
    with served(board) as url:
        made = Cloudtop(tmp_path, client("dynamodb"), ministack, url)
        board.app = Starlette(routes=made.app.routes())

        def tick() -> None:
            while not over.wait(0.05):
                made.app.tick()

        ticking = Thread(target=tick, daemon=True)
        ticking.start()
        try:
            yield made
        finally:
            over.set()
            ticking.join(10)
            made.hypervisor.close()


def test_it_comes_back_with_its_data_after_a_notice_and_after_a_power_cut(cloudtop: Cloudtop) -> None:
    cloudtop.keeper.hear(Ask(up=True, reason="owner"))
    first = cloudtop.until("the first machine", cloudtop.ready)
    for number in range(100):
        (cloudtop.home(first) / f"file-{number}").write_text(str(number))

    cloudtop.world.after(0, lambda: cloudtop.world.give_notice(first.id))
    second = cloudtop.until("the machine after the notice", lambda: cloudtop.ready(but=first.id))
    assert len(list(cloudtop.home(second).glob("file-*"))) == 100
    assert [it.why.split(",")[0] for it in cloudtop.ec2.snapshots()], "the notice took no snapshot"
    assert "EC2" in (cloudtop.hypervisor.place(first.id) / "terminal").read_text()
    (cloudtop.home(second) / "more").write_text("more")

    cloudtop.world.after(0, lambda: cloudtop.world.cut_power(second.id))
    third = cloudtop.until("the machine after the power cut", lambda: cloudtop.ready(but=second.id))
    assert third.id not in (first.id, second.id)
    assert len(list(cloudtop.home(third).glob("file-*"))) == 100
    assert (cloudtop.home(third) / "more").read_text() == "more"
    assert not cloudtop.home(first).exists()

    cloudtop.keeper.hear(Ask(up=False, reason="owner"))
    cloudtop.until("the end", lambda: third if cloudtop.world.disks["vol-1"].at is None else None)
    assert len(list(cloudtop.hypervisor.volume("vol-1").glob("file-*"))) == 100
