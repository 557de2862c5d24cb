"""The same messages again and again from many threads, events in any order, and many faults at once."""

import json
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from everyday.jobs.ecs_events import parse_events
from everyday.jobs.model import State
from everyday.jobs.simulator.history import Kind
from everyday_local.ecs.events import Weather
from everyday_local.ecs.faults import Effect, Fault
from functions.cluster_snapshot import handler as cluster_snapshot
from functions.job_ingest import handler as job_ingest
from tests.faults.cuts import Mode
from tests.faults.jobs.world import CLUSTER, Functions, World, a_world
from tests.functions.handling import AContext

JOBS, COPIES, THREADS, BATCH = 200, 50, 20, 10
SCHEDULES, GROUPS = 240, 8
ORDERS = 40


def test_fifty_copies_of_every_message_and_event_from_many_threads_make_one_task_a_job() -> None:
    world = a_world(*[2_000] * 10)
    chance = random.Random(1)
    for number in range(JOBS):
        world.send(f"job{number}")
    inbox, records = world.inbox(Functions()), [it.record() for it in world.jobs.messages]
    world.jobs.messages.clear()
    failed = _storm(
        records, chance, lambda event: job_ingest.handle(event, AContext(), inbox=inbox)["batchItemFailures"]
    )
    assert failed == []
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: world.scheduler(Functions()).run(CLUSTER), range(4)))
    world.disturbed = True  # a pass may move the reservation of another that has not claimed its job yet
    assert len(world.aws.world.tasks) > JOBS / 2, "several passes at once get on"
    assert world.broken(finished=False) == []
    world.aws.advance(40)
    snapshotter, told = world.snapshotter(Functions()), [it.record() for it in world.events.messages]
    chance.shuffle(told)
    world.events.messages.clear()
    _storm(
        told[:JOBS],
        chance,
        lambda event: cluster_snapshot.handle(event, None, snapshotter=snapshotter)["batchItemFailures"],
    )
    world.settle()
    assert len({it.job_id for it in world.history() if it.what is Kind.ACCEPTED}) == JOBS
    assert len(world.aws.history.calls("RunTask")) <= JOBS
    assert world.wrong() == []


def _storm(
    records: Sequence[Any], chance: random.Random, deliver: Callable[[Any], Sequence[Any]]
) -> list[Any]:
    """Deliver each record COPIES times, in any order, in batches, from THREADS threads; what failed."""
    copies = [*records] * COPIES
    chance.shuffle(copies)
    batches = [{"Records": copies[start : start + BATCH]} for start in range(0, len(copies), BATCH)]
    with ThreadPoolExecutor(THREADS) as pool:
        return [it for failures in pool.map(deliver, batches) for it in failures]


def _a_past() -> tuple[World, list[dict[str, Any]]]:
    """A world that has heard nothing since its jobs were started, and all that there was to hear."""
    world = a_world(300, 300)
    for number in range(6):
        world.send(f"job{number}", seconds=10 + 5 * number, exit_code=number % 2)
        world.expected[f"job{number}"] = State.FAILED if number % 2 else State.SUCCEEDED
    world.ingest(Functions())
    world.schedule(Functions())
    world.aws.advance(60)
    told = [json.loads(it.body) for it in world.events.messages]
    world.events.messages.clear()
    world.wakes.messages.clear()
    return world, told


@pytest.mark.parametrize("lost", [0.0, 0.4])
def test_events_in_any_order_doubled_or_lost_and_a_reading_come_to_one_state(lost: float) -> None:
    ends = set()
    for seed in range(ORDERS):
        chance = random.Random(seed)
        world, told = _a_past()
        heard = [it for it in told * 2 if chance.random() >= lost]
        chance.shuffle(heard)
        snapshotter = world.snapshotter(Functions())
        for start in range(0, len(heard), BATCH):
            snapshotter.apply(parse_events(_batch(heard[start : start + BATCH])))
            assert world.broken(finished=False) == [], seed
        world.aws.advance(300)
        snapshotter.reconcile(CLUSTER)
        view = world.state.view(CLUSTER)
        assert view is not None
        jobs = [(it.id, it.state, it.attempt, it.exit_code) for it in world.ledger.jobs.values()]
        ends.add(str((jobs, [(it.free, it.running, it.version) for it in view.instances])))
    assert len(ends) == 1
    world.settle()
    assert world.wrong() == []


def _batch(events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    records = [
        {"messageId": str(number), "body": json.dumps(event), "attributes": {"SentTimestamp": "0"}}
        for number, event in enumerate(events)
    ]
    return {"Records": records}


@pytest.mark.parametrize("group", range(GROUPS))
def test_any_schedule_of_faults_ends_well(group: int) -> None:
    wrong = []
    for seed in range(group, SCHEDULES, GROUPS):
        wrong += [f"seed {seed}: {it}" for it in schedule(seed)]
    assert wrong == []


def schedule(seed: int) -> list[str]:
    """What is wrong after functions that overlap, each with faults of its own, over bad weather, a store that
    is wiped and instances that come and go; then all goes well."""
    chance = random.Random(seed)
    world = a_world(*chance.choice([(250,), (200, 200), (120, 250, 350)]), seed=seed)
    world.disturbed = True  # an instance may go between a plan and its call
    wrong: list[str] = []
    for number in range(chance.randint(1, 3)):
        _jobs(world, chance, number)
        world.aws.weather(Weather(lose=chance.choice([0, 0.3]), duplicate=0.2, delay_seconds=20, seed=seed))
        if chance.random() < 0.3:
            world.aws.faults.plant(Fault(on="RunTask", do=chance.choice([Effect.LOST, Effect.THROTTLED])))
        world.overlapping(*(_some(world, chance) for _ in range(chance.choice([1, 2, 3]))))
        _happens(world, chance)
        wrong += world.broken(finished=False)
        world.aws.advance(chance.choice([1, 15, 40, 200]))
        world.tick()
    world.aws.weather(Weather())
    world.aws.faults.clear()
    world.settle()
    return [*wrong, *world.wrong()]


def _jobs(world: World, chance: random.Random, number: int) -> None:
    for index in range(chance.randint(1, 4)):
        seconds, memory = chance.choice([5, 30, 100]), chance.choice([40, 60, 100])
        world.send(f"j{number}-{index}", seconds=seconds, memory=memory, copies=chance.choice([1, 1, 2]))
    if chance.random() < 0.3:
        for name in ("g1", "g2"):
            world.send(f"{name}-{number}", group={"id": f"g{number}", "size": 2}, seconds=20)
    if chance.random() < 0.3:
        world.send(f"array-{number}", array=3, seconds=10)
    if chance.random() < 0.3:
        world.send(f"after-{number}", depends_on=[f"j{number}-0"], seconds=5)


def _some(world: World, chance: random.Random) -> Callable[[], None]:
    """A crew of functions that takes its turns, with up to three cuts."""
    plan = {chance.randint(1, 90): chance.choice([*Mode]) for _ in range(chance.randint(0, 3))}
    return lambda: world.turn(Functions(plan))


def _happens(world: World, chance: random.Random) -> None:
    did = chance.random()
    living = [it for it in world.aws.world.instances.values() if it.status == "ACTIVE"]
    if did < 0.2:
        world.state.wipe()
    elif did < 0.35:
        world.aws.terminate(chance.choice(living))
        world.instance(350)
    elif did < 0.5:
        jobs = [it for it in world.ledger.jobs.values() if it.parent is None and it.group is None]
        job = chance.choice(sorted(jobs, key=lambda it: it.id)) if jobs else None
        if job and not job.outcome.final and f"after-{job.id[1]}" not in world.expected:
            world.cancel(job.id)(Functions())
            for each in (job.id, *(f"{job.id}/{index}" for index in range(job.size or 0))):
                world.expected.pop(each, None)  # it may have ended by itself before
