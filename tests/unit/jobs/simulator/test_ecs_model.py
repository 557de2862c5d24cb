"""The model of ECS: what it rejects, what it holds back, what it tells."""

from collections.abc import Callable

import pytest

from everyday.errors import EcsThrottled
from everyday.jobs.model import Amount, ContainerInstance, Demand, Task
from everyday.jobs.simulator.conditions import Conditions
from everyday.jobs.simulator.ecs import BURST, Change, Launchable, SimulatedEcs
from everyday.jobs.simulator.timeline import Timeline

SIZE = Amount(memory=100)


class Room:
    """A cluster of one instance, and all that is told of it."""

    def __init__(self, **conditions: object) -> None:
        self.timeline = Timeline(0)
        self.ecs = SimulatedEcs(self.timeline, [SIZE], Conditions(**conditions), seed=1)
        self.machine = self.ecs.machines[0]
        self.told: list[tuple[int, Change]] = []
        self.ecs.deliver = lambda change: self.told.append((self.timeline.now, change))

    def run(self, name: str, memory: int = 60, milliseconds: int = 1000, **changes: object) -> Task | None:
        ask = Launchable(name, f"{name}/1", Demand(Amount(memory=memory)), milliseconds)
        return self.ecs.run(ask._replace(**changes))

    def until(self, done: Callable[[], bool]) -> None:
        while not done():
            assert self.timeline.step()

    def drain(self) -> None:
        while self.timeline.step():
            pass

    def tasks(self, status: str) -> list[tuple[int, str]]:
        return [
            (at, it.started_by or "") for at, it in self.told if isinstance(it, Task) and it.status == status
        ]


def test_what_does_not_fit_the_instance_is_rejected() -> None:
    room = Room()
    assert room.run("a") is not None
    assert room.run("b") is None
    assert room.run("c", 40) is not None


def test_the_same_token_gets_the_same_task() -> None:
    room = Room()
    first, second = room.run("a"), room.run("a")
    assert first is second
    assert room.machine.shown == Amount(memory=40)


def test_a_task_is_pending_behind_one_that_is_stopping() -> None:
    room = Room(stop=(500, 500))
    room.run("a")
    room.until(lambda: room.machine.shown == SIZE)
    assert room.timeline.now == 1000
    assert room.run("b") is not None
    room.drain()
    assert room.tasks("STOPPED")[0] == (1500, "a/1")
    assert room.tasks("RUNNING")[-1] == (1500, "b/1")


def test_calls_beyond_the_burst_are_throttled_until_the_bucket_fills() -> None:
    room = Room()
    for number in range(BURST):
        room.run(f"j{number}", memory=1, milliseconds=10_000)
    with pytest.raises(EcsThrottled):
        room.run("more", memory=0)
    room.timeline.at(25, lambda: None)
    room.until(lambda: room.timeline.now >= 25)
    assert room.run("more", memory=0) is not None


def test_records_rise_in_version_and_show_what_remains() -> None:
    room = Room()
    room.run("a")
    room.drain()
    records = [it for _, it in room.told if isinstance(it, ContainerInstance)]
    assert [it.remaining.memory for it in records] == [40, 40, 100, 100]
    versions = [it.version for it in records]
    assert versions == sorted(set(versions))


def test_events_are_lost_doubled_and_reordered_as_the_conditions_say() -> None:
    lossy, double, wild = Room(event_loss=1.0), Room(event_twice=1.0), Room(event=(0, 100_000))
    for room in (lossy, double, wild):
        for number in range(10):
            room.run(f"j{number}", memory=10, milliseconds=1000 * (number + 1))
        room.drain()
    assert lossy.told == []
    assert len(double.tasks("STOPPED")) == 20
    stops = [name for _, name in wild.tasks("STOPPED")]
    assert sorted(stops) != stops
    assert len(stops) == 10


def test_the_same_seed_draws_the_same() -> None:
    rooms = [Room(start=(0, 5000), event=(0, 5000)) for _ in range(2)]
    for room in rooms:
        room.run("a")
        room.drain()
    assert rooms[0].told == rooms[1].told
