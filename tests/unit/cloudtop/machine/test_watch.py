"""A machine that has to go leaves its data in order; one on which nobody works asks to be stopped."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.cloudtop.machine import idle
from everyday.cloudtop.machine.departure import Departure
from everyday.cloudtop.machine.idle import Signs, work
from everyday.cloudtop.machine.imds import Notice
from everyday.cloudtop.machine.leaving import hook_seconds
from everyday.cloudtop.machine.ports import CloudError
from everyday.cloudtop.machine.settings import MachineSettings
from everyday.cloudtop.machine.watch import Watch
from tests.unit.cloudtop.machine.machine_world import VOLUME, MemoryCloud, MemoryHost

NOTICE = Notice(action="terminate", time=120.0)


class Life:
    """A machine at work, its metadata service included."""

    def __init__(self, folder: Path, idle_seconds: int = 0) -> None:
        self.cloud = MemoryCloud()
        self.cloud.lease = self.cloud.at = "i-me"
        self.cloud.attachment, self.cloud.state, self.cloud.mounted = "attached", "in-use", True
        self.host = MemoryHost(self.cloud)
        self.now = 0.0
        self.said: Notice | None = None
        self.recommended = False
        self.deaf = False
        self.stage = "ready"
        self.signs = Signs()
        self.settings = MachineSettings(
            table="t", volume=VOLUME, home=folder / "home", run=folder, idle_seconds=idle_seconds
        )
        self.watch = self.start()

    def notice(self) -> Notice | None:
        if self.deaf:
            raise CloudError("no answer", passing=True)
        return self.said

    def rebalance(self) -> bool:
        return self.recommended

    def start(self) -> Watch:
        return Watch(
            cloud=self.cloud,
            host=self.host,
            metadata=self,
            settings=self.settings,
            departure=Departure(
                cloud=self.cloud, host=self.host, settings=self.settings, time=lambda: self.now
            ),
            stage=lambda: self.stage,
            signs=lambda: self.signs,
            dirty=lambda: ("x: 1 changed file",),
            time=lambda: self.now,
        )

    def minutes(self, count: int) -> None:
        for _ in range(count * 12):
            self.watch.round()
            self.now += 5


@pytest.fixture
def life(tmp_path: Path) -> Life:
    return Life(tmp_path)


def test_the_notice_is_answered_in_order(life: Life) -> None:
    life.said = NOTICE
    life.watch.round()
    assert life.host.log == ["warn", "hook", "stop", "sync", "unmount"]
    assert life.cloud.stages == ["notice", "left"]
    assert (life.cloud.at, life.cloud.lease) == (None, None)
    assert life.cloud.snapshots == ["before the machine left"]


def test_it_is_answered_once(life: Life) -> None:
    life.said = NOTICE
    life.minutes(2)
    assert life.host.log.count("warn") == 1
    assert len(life.cloud.snapshots) == 1


def test_a_mount_that_somebody_holds_keeps_volume_and_lease_and_still_gets_a_snapshot(life: Life) -> None:
    life.said, life.host.held = NOTICE, 3
    life.watch.round()
    assert (life.cloud.at, life.cloud.lease) == ("i-me", "i-me")
    assert len(life.cloud.snapshots) == 1
    life.minutes(1)
    assert (life.cloud.at, life.cloud.lease) == (None, None)
    assert life.cloud.stages[-1] == "left"


def test_a_rebalance_recommendation_warns_and_saves_and_takes_nothing_away(life: Life) -> None:
    life.recommended = True
    life.minutes(1)
    assert life.host.log == ["warn", "sync"]
    assert len(life.cloud.snapshots) == 1
    assert life.cloud.mounted


def test_a_notice_after_the_recommendation_is_answered_in_full(life: Life) -> None:
    life.recommended = True
    life.watch.round()
    life.said = NOTICE
    life.watch.round()
    assert life.cloud.lease is None
    assert len(life.cloud.snapshots) == 2


def test_a_metadata_service_that_does_not_answer_is_asked_again(life: Life) -> None:
    life.deaf = True
    life.watch.round()
    life.deaf, life.said = False, NOTICE
    life.watch.round()
    assert life.cloud.lease is None


@given(
    st.lists(st.sampled_from(["warn", "hook", "stop", "sync", "unmount"]), max_size=6),
    st.lists(st.sampled_from(["home", "volume", "detach", "snapshot", "give_lease"]), max_size=6),
    st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_whatever_fails_and_whenever_it_is_started_anew_it_leaves_in_order(
    tmp_path_factory: pytest.TempPathFactory, host: list[str], cloud: list[str], anew: list[bool]
) -> None:
    """The world refuses to detach what is mounted, and to take the lease of it."""
    life = Life(tmp_path_factory.mktemp("run"))
    life.said = NOTICE
    life.host.fail = {name: host.count(name) for name in host}
    life.cloud.fail = {name: [True] * cloud.count(name) for name in cloud}
    for restart in anew:
        life.watch = life.start() if restart else life.watch
        life.watch.round()
    life.minutes(1)
    assert (life.cloud.at, life.cloud.lease, life.cloud.mounted) == (None, None, False)
    assert life.cloud.stages[-1] == "left"


@pytest.mark.parametrize(("left", "seconds"), [(None, 60), (120, 60), (70, 30), (40, 0), (-5, 0)])
def test_the_owners_hook_leaves_time_for_the_rest(left: float | None, seconds: float) -> None:
    assert hook_seconds(left) == seconds


def test_the_state_and_unsaved_work_are_told_every_minute(life: Life) -> None:
    life.minutes(3)
    assert life.cloud.beats == [("ready", ("x: 1 changed file",))] * 2


def test_a_machine_on_which_nobody_works_counts_down_and_asks_to_be_stopped(tmp_path: Path) -> None:
    life = Life(tmp_path, idle_seconds=1800)
    life.minutes(25)
    assert life.cloud.reports == []
    life.minutes(4)
    assert life.host.log == ["warn"]
    life.minutes(4)
    assert life.cloud.stages[0] == "idle"
    assert life.host.log == ["warn"]


def test_work_in_the_countdown_begins_the_wait_anew(tmp_path: Path) -> None:
    life = Life(tmp_path, idle_seconds=1800)
    life.minutes(28)
    life.signs = Signs(typed=2)
    life.minutes(2)
    life.signs = Signs()
    life.minutes(28)
    assert life.cloud.reports == []
    assert life.host.log == ["warn", "warn"]


def test_a_machine_that_may_idle_is_never_stopped(life: Life) -> None:
    life.minutes(300)
    assert life.cloud.reports == []


def test_a_machine_whose_boot_failed_says_nothing_more_and_still_answers_the_notice(tmp_path: Path) -> None:
    life = Life(tmp_path, idle_seconds=1800)
    life.stage, life.cloud.mounted = "failed", False
    life.minutes(40)
    assert (life.cloud.beats, life.cloud.reports) == ([], [])
    life.said = NOTICE
    life.watch.round()
    assert life.cloud.lease is None


@pytest.mark.parametrize(
    ("signs", "working"),
    [
        (Signs(), False),
        (Signs(typed=5), True),
        (Signs(typed=600), False),
        (Signs(sessions=(5.0,)), False),
        (Signs(sessions=(5.0, 300.0)), True),
        (Signs(load=0.1), False),
        (Signs(load=2.0), True),
        (Signs(network=20_000_000), True),
        (Signs(held=True), True),
    ],
)
def test_what_counts_as_work(signs: Signs, working: bool) -> None:
    assert bool(work(signs)) is working


@pytest.mark.parametrize(
    ("quiet", "limit", "verdict"),
    [
        (0, 1800, "work"),
        (1499, 1800, "quiet"),
        (1500, 1800, "countdown"),
        (1800, 1800, "stop"),
        (9e9, 0, "quiet"),
    ],
)
def test_what_a_quiet_means(quiet: float, limit: float, verdict: str) -> None:
    assert idle.judge(quiet, limit) == verdict
