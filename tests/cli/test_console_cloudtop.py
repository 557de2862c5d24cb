"""The console's page of the CloudTop, over what it could find."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from everyday.cloudtop.model import Home, Lease, Machine, Report, Snapshot, Volume, Wish
from everyday.errors import BookUnavailable
from everyday_console.app import build
from everyday_console.cloudtop import SHOWN, Desk, told
from everyday_local.serving import served

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>"


def a_machine(**changes: Any) -> Machine:
    known: dict[str, Any] = {"id": "i-1", "state": "running", "zone": "us-east-1a", "type": "c6i.xlarge"}
    return Machine(**{**known, "market": "spot", "launched_at": NOW, **changes})


def a_report(stage: Any, **changes: Any) -> Report:
    return Report(**{"instance": "i-1", "stage": stage, "at": NOW, **changes})


class World:
    """What the table and EC2 hold; the page reads it as both."""

    def __init__(self) -> None:
        self.wished = Wish(up=True)
        self.said: Report | None = a_report("ready", dirty=(f"notes: 3 files {HOSTILE}",))
        self.here = [a_machine()]
        self.count = 2
        self.away = False

    def wish(self) -> Wish:
        if self.away:
            raise BookUnavailable("the table of the CloudTop did not answer; try again")
        return self.wished

    def home(self) -> Home:
        return Home(zone="us-east-1a", volume="vol-1")

    def lease(self) -> Lease:
        return Lease(holder="i-1", volume="vol-1", since=NOW)

    def report(self) -> Report | None:
        return self.said

    def machines(self) -> list[Machine]:
        return self.here

    def volume(self, volume: str) -> Volume:
        return Volume(id=volume, zone="us-east-1a", state="in-use", size_gib=50, attached_to="i-1")

    def snapshots(self) -> list[Snapshot]:
        return [
            Snapshot(
                id=f"snap-{number:03}",
                volume="vol-1",
                state="completed",
                started_at=NOW - timedelta(hours=number),
                size_gib=50,
                why=HOSTILE,
            )
            for number in range(self.count)
        ]

    def get(self) -> requests.Response:
        both: Any = self
        with served(build(stage="test", addresses={}, cloudtop=Desk(both, both))) as url:
            return requests.get(f"{url}/cloudtop", timeout=10)


@pytest.fixture
def world() -> World:
    return World()


def test_the_page_says_how_it_stands_and_where_the_data_is(world: World) -> None:
    page = world.get().text
    for shown in ("ready", "c6i.xlarge", "spot", "us-east-1a", "50 GiB", "vol-1", "it may write", "snap-001"):
        assert shown in page


def test_what_could_be_lost_is_shown_and_is_only_text(world: World) -> None:
    page = world.get().text
    assert "notes: 3 files &lt;script&gt;" in page
    assert HOSTILE not in page


def test_without_a_machine_the_page_says_how_to_start_one(world: World) -> None:
    world.here, world.wished = [], Wish(up=False, reason="idle")
    page = world.get().text
    assert "down (idle)" in page
    assert "everyday cloudtop up" in page


def test_old_snapshots_are_counted_and_not_listed(world: World) -> None:
    world.count = SHOWN + 3
    page = world.get().text
    assert f"snap-{SHOWN - 1:03}" in page
    assert f"snap-{SHOWN:03}" not in page
    assert "and 3 older" in page


def test_a_table_that_is_away_is_said(world: World) -> None:
    world.away = True
    answer = world.get()
    assert answer.status_code >= 500
    assert "did not answer; try again" in answer.text


@pytest.mark.parametrize(
    ("wish", "machines", "report", "said"),
    [
        (Wish(up=True), [], None, "waiting for a machine"),
        (Wish(up=True), [a_machine()], None, "booting"),
        (Wish(up=True), [a_machine()], a_report("ready", instance="i-0"), "booting"),
        (Wish(up=True), [a_machine()], a_report("failed"), "failed"),
        (Wish(up=False), [a_machine()], a_report("left"), "stopping"),
        (Wish(up=False, reason="budget"), [], a_report("left"), "down (budget)"),
    ],
)
def test_how_it_stands(wish: Wish, machines: list[Machine], report: Report | None, said: str) -> None:
    assert told(wish, machines, report)[0] == said
