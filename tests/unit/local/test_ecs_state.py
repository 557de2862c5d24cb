"""The parts of the ECS stand-in that decide alone: stock, buckets, what is seen, pages, time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from everyday_local.ecs.client import Client
from everyday_local.ecs.ecs import Ecs
from everyday_local.ecs.errors import EcsError
from everyday_local.ecs.events import Weather
from everyday_local.ecs.paging import page
from everyday_local.ecs.resources import Demand, Stock, cpu_units, mebibytes
from everyday_local.ecs.timeline import Timeline, standing
from everyday_local.ecs.visibility import Visible

NOW = datetime(2026, 1, 1, tzinfo=UTC)

demands = st.builds(
    Demand,
    cpu=st.integers(0, 600),
    memory=st.integers(6, 600),
    tcp=st.frozensets(st.integers(8000, 8003), max_size=2),
    udp=st.frozensets(st.integers(8000, 8003), max_size=2),
    gpus=st.integers(0, 2),
    enis=st.integers(0, 1),
)


@given(st.lists(demands, max_size=12))
def test_what_is_given_back_is_what_was_taken(wanted: list[Demand]) -> None:
    stock = Stock(cpu=1024, memory=1024, gpus=("a", "b", "c"))
    fresh = stock.remaining()
    taken = [(demand, stock.take(demand)) for demand in wanted if stock.lacking(demand) is None]
    assert stock.free_cpu == 1024 - sum(demand.cpu for demand, _ in taken) >= 0
    assert stock.free_memory == 1024 - sum(demand.memory for demand, _ in taken) >= 0
    ports = [port for demand, _ in taken for port in demand.tcp]
    assert len(ports) == len(set(ports))
    for demand, gpus in reversed(taken):
        stock.give_back(demand, gpus)
    assert stock.remaining() == fresh


@pytest.mark.parametrize(
    ("text", "units"), [("256", 256), ("1 vCPU", 1024), (".25 vcpu", 256), ("0.5 vCPU", 512)]
)
def test_cpu_is_read_as_units_or_vcpus(text: str, units: int) -> None:
    """API reference, cpu of RegisterTaskDefinition."""
    assert cpu_units(text) == units


@pytest.mark.parametrize(("text", "mib"), [("512", 512), ("1 GB", 1024), ("1GB", 1024), ("0.5 gb", 512)])
def test_memory_is_read_as_mebibytes_or_gb(text: str, mib: int) -> None:
    """API reference, memory of RegisterTaskDefinition."""
    assert mebibytes(text) == mib


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from("ab")), min_size=1, max_size=20),
    st.integers(0, 6),
    st.integers(0, 12),
)
def test_a_lagging_reader_sees_the_world_of_then(
    steps: list[tuple[int, str]], delay: int, later: int
) -> None:
    visible, now, written = Visible(), NOW, []
    visible.delay = timedelta(seconds=delay)
    for number, (pause, arn) in enumerate(steps):
        now += timedelta(seconds=pause)
        visible.put(arn, {"arn": arn, "number": number}, now)
        written.append((now, arn, number))
    end = now + timedelta(seconds=later)
    old = [each for each in written if each[0] <= end - visible.delay]
    for arn in "ab":
        seen = visible.get(arn, end)
        expected = max((number for _, name, number in old if name == arn), default=None)
        assert (seen["number"] if seen else None) == expected


def test_what_was_there_before_the_lag_began_does_not_vanish() -> None:
    visible = Visible()
    visible.put("a", {"number": 1}, NOW)
    visible.put("a", {"number": 2}, NOW + timedelta(seconds=1))
    visible.delay = timedelta(seconds=60)
    assert visible.get("a", NOW + timedelta(seconds=2)) == {"number": 2}


@given(st.sets(st.text("abc", min_size=1, max_size=4), max_size=30), st.integers(1, 7), st.booleans())
def test_the_pages_together_are_the_list(names: set[str], size: int, down: bool) -> None:
    asked: dict[str, Any] = {"maxResults": size}
    seen: list[str] = []
    while True:
        shown, more = page(names, asked, str, down=down)
        seen += shown
        assert len(shown) <= size
        if not more:
            break
        asked |= more
    assert seen == sorted(names, reverse=down)


def test_work_is_done_at_its_time_and_in_its_order() -> None:
    timeline, done = Timeline(standing), []
    timeline.after(2, lambda: done.append(("b", timeline.now())))
    timeline.after(1, lambda: timeline.after(1, lambda: done.append(("c", timeline.now()))))
    timeline.after(1, lambda: done.append(("a", timeline.now())))
    end = timeline.now() + timedelta(seconds=3)
    while timeline.step_to(end):
        timeline.run_due()
    start = end - timedelta(seconds=3)
    assert [(name, (at - start).total_seconds()) for name, at in done] == [("a", 1), ("b", 2), ("c", 2)]
    assert timeline.now() == end


class AccountMachine(RuleBasedStateMachine):
    """Anybody does anything in any order: nothing is ever over capacity, lost, or told out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.ecs = Ecs(seed=1)
        self.ecs.throttle.scale = 0
        self.aws = Client(self.ecs)
        self.ecs.add_cluster()
        self.versions: dict[str, list[int]] = {}
        self.ecs.events.sinks.append(
            lambda event: self.versions.setdefault(event["resources"][0], []).append(
                event["detail"]["version"]
            )
        )
        self.instances = [
            self.ecs.add_instance(cpu=100, memory=100 + 100 * each, gpus=each) for each in range(3)
        ]
        self.started: list[str] = []
        for size in (30, 60, 110):
            ports = [{"containerPort": 80, "hostPort": 8000 + size}] if size == 60 else []
            self.aws.register_task_definition(
                family=f"of-{size}",
                containerDefinitions=[
                    {"name": "main", "image": "x", "memory": size, "cpu": 10, "portMappings": ports}
                ],
            )

    @rule(
        size=st.sampled_from([30, 60, 110]), count=st.integers(1, 4), stop=st.sampled_from(["0", "7", "90"])
    )
    def run(self, size: int, count: int, stop: str) -> None:
        environment = [
            {"name": "STANDIN_SECONDS", "value": str(size)},
            {"name": "STANDIN_STOP_SECONDS", "value": stop},
        ]
        overrides = {"containerOverrides": [{"name": "main", "environment": environment}]}
        if all(each.status != "ACTIVE" for each in self.instances):
            return
        answer = self.aws.run_task(taskDefinition=f"of-{size}", count=count, overrides=overrides)
        self.started += [task["taskArn"] for task in answer["tasks"]]
        assert len(answer["tasks"]) == count or answer["failures"]

    @precondition(lambda self: self.started)
    @rule(which=st.integers(0, 50))
    def stop(self, which: int) -> None:
        arn = self.started[which % len(self.started)]
        if arn in self.ecs.world.tasks:
            self.aws.stop_task(task=arn)

    @rule(seconds=st.sampled_from([0, 1, 8, 40]))
    def wait(self, seconds: int) -> None:
        self.ecs.advance(seconds)

    @rule(which=st.integers(0, 2), connected=st.booleans())
    def connect(self, which: int, connected: bool) -> None:
        self.ecs.connect(self.instances[which], connected=connected)

    @rule(which=st.integers(0, 2), status=st.sampled_from(["ACTIVE", "DRAINING"]))
    def drain(self, which: int, status: str) -> None:
        self.aws.update_container_instances_state(
            containerInstances=[self.instances[which].arn], status=status
        )

    @rule(which=st.integers(0, 2))
    def reclaim(self, which: int) -> None:
        self.ecs.terminate(self.instances[which])
        self.instances[which] = self.ecs.add_instance(cpu=100, memory=200)

    @invariant()
    def nothing_is_over_capacity(self) -> None:
        for instance in self.ecs.world.instances.values():
            stock, live = instance.stock, instance.live.values()
            assert 0 <= stock.free_memory == stock.memory - sum(task.demand.memory for task in live)
            assert 0 <= stock.free_cpu == stock.cpu - sum(task.demand.cpu for task in live)
            ports = [port for task in live for port in task.demand.tcp]
            assert sorted(ports) == sorted(stock.used_tcp - stock.reserved_tcp)

    @invariant()
    def every_version_is_told_once_and_in_order(self) -> None:
        for versions in self.versions.values():
            assert versions == list(range(versions[0], versions[0] + len(versions)))

    @invariant()
    def a_stopped_task_says_why(self) -> None:
        for task in self.ecs.world.tasks.values():
            assert (task.status == "STOPPED") == (not task.live) == (task.arn not in task.instance.live)
            assert task.live or (task.desired == "STOPPED" and task.stop_code and task.stopped_reason)


TestAccount = AccountMachine.TestCase
TestAccount.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_whatever_happens_to_events_describe_is_right_in_the_end() -> None:
    ecs = Ecs(seed=2)
    aws, told = Client(ecs), dict[str, tuple[int, str]]()
    ecs.add_cluster()
    ecs.weather(Weather(duplicate=0.5, delay_seconds=30, seed=4))

    def keep_newest(event: dict[str, Any]) -> None:
        detail, arn = event["detail"], event["resources"][0]
        if "lastStatus" in detail and detail["version"] > told.get(arn, (0, ""))[0]:
            told[arn] = (detail["version"], detail["lastStatus"])

    ecs.events.sinks.append(keep_newest)
    ecs.add_instance(cpu=0, memory=1000)
    aws.register_task_definition(
        family="work", containerDefinitions=[{"name": "main", "image": "x", "memory": 100}]
    )
    arns = [task["taskArn"] for task in aws.run_task(taskDefinition="work", count=10)["tasks"]]
    ecs.advance(120)
    assert told == {
        task["taskArn"]: (task["version"], task["lastStatus"])
        for task in aws.describe_tasks(tasks=arns)["tasks"]
    }
    assert {status for _, status in told.values()} == {"STOPPED"}


def test_only_instances_that_are_there_can_be_reached() -> None:
    ecs = Ecs()
    ecs.add_cluster()
    instance = ecs.add_instance(cpu=0, memory=512, ec2_id="i-1")
    assert ecs.find_instance("i-1") is ecs.find_instance(instance.id) is instance
    with pytest.raises(KeyError):
        ecs.find_instance("i-2")
    with pytest.raises(EcsError):
        ecs.place_foreign(instance, cpu=0, memory=513)
