"""A queue drains whatever the weather: every job is done, and never has two tasks at once."""

import random
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest

from everyday.errors import Unavailable
from everyday.jobs.model import JobClass, Retries, State
from everyday_local.ecs.events import Weather
from everyday_local.ecs.faults import Effect, Fault
from everyday_local.ecs.history import Transition
from tests.jobs_world import CLUSTER, World, a_world

HOUR = 3600


def _drain(world: World, chance: random.Random, *, step: float = 20, limit: int = 2_000) -> int:
    """Let passes, events, readings and time go by until nothing is open; how many rounds it took."""
    for count in range(limit):
        if all(job.state.final for job in world.ledger.jobs.values()):
            return count
        world.pass_()
        world.advance(step)
        if count % 15 == 14:
            _reconcile(world)
        if chance.random() < 0.01:
            world.state.wipe()
    raise AssertionError(f"not drained: {Counter(world.states().values())}")


def _reconcile(world: World) -> None:
    try:
        world.reconcile()
    except Unavailable:
        return  # the next one will do


def _plant(world: World, chance: random.Random) -> None:
    effects = [Effect.LOST, Effect.LATE, Effect.ERROR, Effect.THROTTLED]
    for action, most in (("RunTask", 60), ("StopTask", 5), ("DescribeTasks", 8), ("ListTasks", 8)):
        for _ in range(4):
            fault = Fault(
                on=action,
                do=chance.choice(effects),
                nth=chance.randint(1, most),
                times=chance.randint(1, 3),
                seconds=chance.choice([5, 60, 500]),
            )
            world.aws.faults.plant(fault)
    weather = Weather(lose=0.1, duplicate=0.3, delay_seconds=40, seed=chance.getrandbits(32))
    world.aws.weather(weather)


def _lives(world: World) -> Iterator[tuple[str, list[Transition]]]:
    """The changes of each task that was ever started, by its ARN."""
    found: dict[str, list[Transition]] = {}
    for each in world.aws.history.transitions:
        found.setdefault(each.task, []).append(each)
    yield from found.items()


def _never_two_at_once(world: World) -> None:
    """No job had two tasks alive at one time. A call for several gives each of its tasks to one job."""
    held = {job.task: job.id for job in world.ledger.jobs.values() if job.task}
    spans: dict[str, list[tuple[float, float]]] = {}
    for task, changes in _lives(world):
        call = changes[0].started_by or ""
        owner = held.get(task) if call.startswith("/") else call.rpartition("/")[0]
        end = next((it.at.timestamp() for it in changes if it.status == "STOPPED"), float("inf"))
        spans.setdefault(owner or f"nobody: {task}", []).append((changes[0].at.timestamp(), end))
    for job_id, each in spans.items():
        each.sort()
        assert all(before[1] <= after[0] for before, after in pairwise(each)), job_id


def test_the_blogs_workload_drains_in_one_call_for_each_job_without_a_refusal() -> None:
    world = a_world(512)
    classes = [JobClass.HIGH] * 20 + [JobClass.NORMAL] * 30 + [JobClass.LOW] * 50
    chance = random.Random(1)
    chance.shuffle(classes)
    for number, job_class in enumerate(classes):
        world.submit(
            f"job-{number:03d}",
            job_class=job_class,
            seconds=chance.randint(40, 80),
            environment={"N": str(number)},
        )
    while not all(job.state.final for job in world.ledger.jobs.values()):
        assert world.pass_().refused == 0
        world.advance(1)
    assert set(world.states().values()) == {State.SUCCEEDED}
    assert world.calls("RunTask") == 100
    jobs = sorted(world.ledger.jobs.values(), key=lambda job: job.started_at or 0)
    order = [job.job_class for job in jobs]
    assert order == sorted(order, key=[JobClass.HIGH, JobClass.NORMAL, JobClass.LOW].index)
    _never_two_at_once(world)


@pytest.mark.parametrize("seed", range(12))
def test_every_job_is_done_once_in_any_weather(seed: int) -> None:
    chance = random.Random(seed)
    world = a_world(600)
    world.instance(400)
    world.reconcile()
    _plant(world, chance)
    for number in range(30):
        alike = chance.random() < 0.5
        world.submit(
            f"job-{number:02d}",
            memory=chance.choice([100, 100, 200]),
            seconds=chance.choice([15, 60, 300]),
            environment={} if alike else {"N": str(number)},
            job_class=chance.choice(list(JobClass)),
            retries=Retries(lost=50),
        )
    world.group("gang", 3, seconds=60, retries=Retries(lost=50))
    _drain(world, chance)
    assert set(world.states().values()) == {State.SUCCEEDED}
    _never_two_at_once(world)
    world.aws.weather(Weather())
    world.aws.faults.clear()
    world.advance(HOUR)
    world.reconcile()
    assert world.live() == []
    view = world.state.view(CLUSTER)
    assert view is not None
    assert sorted(it.free.memory for it in view.instances) == [400, 600]
