"""The ways in which ECS, its events, the state and the wakes fail, one promise each; and two old mistakes."""

import json
from copy import deepcopy
from datetime import timedelta
from itertools import cycle

import pytest

from everyday.jobs.model import State
from everyday.jobs.plan import Why
from everyday.jobs.simulator.history import Kind
from everyday_local.ecs.events import Weather
from everyday_local.ecs.faults import Effect, Fault
from tests.faults.jobs.queues import QueuedWakes
from tests.faults.jobs.trouble import HOUR, WELL, dying, run_tasks, the_instance
from tests.faults.jobs.world import CLUSTER, a_world

# Events


@pytest.mark.parametrize(
    "weather",
    [Weather(lose=1.0), Weather(duplicate=1.0), Weather(delay_seconds=90, duplicate=0.5, seed=3)],
    ids=["lost", "doubled", "reordered"],
)
def test_whatever_becomes_of_events_room_is_given_back_once(weather: Weather) -> None:
    world = a_world(300)
    world.aws.weather(weather)
    for number in range(9):
        world.send(f"job{number}", seconds=20)
    for _ in range(8):
        world.turn(WELL())
        world.aws.advance(100)
        world.tick()
    world.settle()
    assert world.wrong() == []
    assert len(world.aws.world.tasks) == 9


def test_tasks_of_others_cost_at_most_one_refusal_for_each_of_their_starts() -> None:
    world = a_world(200, 200)
    world.disturbed = True
    world.aws.weather(Weather(lose=1.0))  # nobody tells of them
    for instance in world.aws.world.instances.values():
        world.aws.place_foreign(instance, cpu=0, memory=150, seconds=500)
    for number in range(4):
        world.send(f"job{number}", seconds=20)
    for _ in range(5):
        world.tick(reading=False)
        world.turn(WELL())
        world.aws.advance(61)  # a refusal casts suspicion for a minute
    refused = [it for it in world.aws.history.calls("RunTask") if it.reply == "ok" and not it.effect]
    assert len(refused) <= 2
    world.aws.weather(Weather())
    world.settle()
    assert world.wrong() == []


@pytest.mark.parametrize("how", ["draining", "agent disconnected"])
def test_what_was_reserved_on_an_instance_that_closes_goes_elsewhere(how: str) -> None:
    world = a_world(200)
    world.send("a", seconds=5_000)
    world.ingest(WELL())
    world.schedule(dying(world, "state reserve"))
    closed = the_instance(world)
    if how == "draining":
        world.aws.set_status(closed, "DRAINING")
    else:
        world.aws.connect(closed, connected=False)
    other = world.instance(150)
    world.aws.advance(140)
    world.tick()
    world.turn(WELL())
    assert {it.instance.arn for it in world.aws.world.tasks.values()} == {other.arn}
    assert world.ledger.jobs["a"].instance == other.arn
    assert world.broken(finished=False) == []


def test_nothing_is_placed_on_room_whose_task_is_still_stopping() -> None:
    world = a_world(100)
    world.send("a", seconds=50_000, stop_seconds=25)
    world.turn(WELL())
    world.send("b")
    world.cancel("a")(WELL())
    for _ in range(5):
        world.turn(WELL())
        assert (world.live(), world.ledger.jobs["b"].state) == (["a/1"], State.WAITING)
        world.aws.advance(4.9)
        world.tick()
    world.aws.advance(1)
    world.turn(WELL())
    assert world.live() == ["b/1"]
    world.settle()
    assert world.wrong() == []


# The state


def test_a_wiped_state_loses_no_job_and_gives_no_room_twice() -> None:
    world = a_world(300, 300)
    for number in range(10):
        world.send(f"job{number}", seconds=50 + 7 * number)
    for _ in range(6):
        world.turn(WELL())
        world.state.wipe()
        world.aws.advance(17)
        world.tick(reading=False)
    world.settle()
    assert world.wrong() == []


def test_a_state_that_lost_its_last_writes_gives_no_room_twice() -> None:
    """As after a failover to a replica that was behind: an older state, in the same life of the store."""
    world = a_world(300)
    for number in range(5):
        world.send(f"job{number}", seconds=400)
    world.ingest(WELL())
    behind = deepcopy(world.state.clusters, {id(world): world})
    world.schedule(WELL())
    world.state.clusters = behind
    world.events.messages.clear()
    world.tick(reading=False)
    world.turn(WELL())
    refused = len(world.ecs.refused)
    assert refused <= 1, "ECS itself refuses what does not fit, and that instance is left alone"
    world.disturbed = True
    world.settle()
    assert world.wrong() == []


# Wakes


def test_a_lost_wake_is_made_good_by_the_next_tick() -> None:
    world = a_world()
    world.send("a")
    world.ingest(WELL())
    world.wakes.messages.clear()
    world.turn(WELL())
    assert world.live() == []
    world.aws.advance(60)
    world.tick(reading=False)
    world.turn(WELL())
    assert world.live() == ["a/1"]


def test_a_wake_during_a_pass_is_not_taken_for_one_before_it() -> None:
    world = a_world()
    for _ in range(3):
        QueuedWakes(world.wakes).wake(CLUSTER, world.state.wake_id(CLUSTER))
    assert len(world.wakes.messages) == 1
    world.state.begin_pass(CLUSTER)
    QueuedWakes(world.wakes).wake(CLUSTER, world.state.wake_id(CLUSTER))
    assert len(world.wakes.messages) == 2


def test_passes_that_crash_over_and_over_block_their_cluster_for_a_while_and_no_longer() -> None:
    world = a_world()
    world.send("a")
    world.ingest(WELL())
    for _ in range(3):
        world.schedule(dying(world, "state view"))
        world.aws.advance(140)
    world.tick(reading=False)
    world.turn(WELL())
    assert [json.loads(it.body)["cluster"] for it in world.wakes.dead] == [CLUSTER], "the alarm's message"
    assert world.live() == ["a/1"]
    world.wakes.dead.clear()
    world.settle()
    assert world.wrong() == []


def test_a_storm_of_throttling_keeps_the_order_and_refuses_nobody() -> None:
    world = a_world(300)
    for number in range(6):
        world.send(f"job{number}", seconds=60, **{"class": "low" if number < 3 else "high"})
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.THROTTLED, times=7))
    for _ in range(12):
        world.turn(WELL())
        world.aws.advance(10)
        world.tick(reading=False)
    world.settle()
    assert {it.attempt for it in world.ledger.jobs.values()} == {1}
    assert world.wrong(order=True) == []


# Clocks, sizes, patience


def test_the_order_is_that_of_the_queue_whatever_the_functions_clocks_say() -> None:
    world = a_world(100)
    hours = cycle([1, -1, 0])
    for name in "abcd":
        world.send(name)
        world.aws.advance(1)
        world.skew = timedelta(hours=next(hours))
        world.ingest(WELL())
    for _ in range(40):
        world.turn(WELL())
        world.skew = timedelta(hours=next(hours))
        world.aws.advance(100)
        world.tick()
    sent = [it.enqueued_at for it in world.ledger.jobs.values()]
    assert sent == [sent[0] + 1000 * number for number in range(4)]
    world.skew = timedelta(0)
    world.settle()
    assert [it.job_id for it in world.history() if it.what is Kind.ACCEPTED] == [*"abcd"]
    assert world.wrong(order=True) == []


def test_ten_times_fifty_is_no_room_for_a_hundred() -> None:
    world = a_world(*[50] * 10, 100)
    world.aws.terminate(next(it for it in world.aws.world.instances.values() if it.stock.memory == 100))
    big = world.instance(100)
    world.aws.place_foreign(big, cpu=0, memory=60, seconds=600)
    world.disturbed = True
    world.turn(WELL())
    world.send("a", memory=100)
    world.turn(WELL())
    assert run_tasks(world) == 0
    board = world.ledger.boards[CLUSTER]
    assert [(it.why, it.amount.memory) for it in board.waits] == [(Why.NO_ROOM, 100)]
    world.settle()
    assert world.wrong() == []
    assert {it.instance.arn for it in world.aws.world.tasks.values() if it.started_by} <= {big.arn}


def test_ninety_eight_is_less_than_a_hundred() -> None:
    world = a_world(198)
    world.aws.place_foreign(the_instance(world), cpu=0, memory=100, seconds=90)
    world.turn(WELL())
    world.send("a", memory=100)
    world.turn(WELL())
    assert run_tasks(world) == 0, "98 MiB are free"
    world.settle()
    assert world.wrong() == []


def test_a_day_of_waiting_puts_nothing_into_the_dead_letters() -> None:
    world = a_world(100)
    world.send("long", seconds=24 * HOUR)
    for number in range(5):
        world.send(f"patient{number}")
    for _ in range(24 * 12):
        world.turn(WELL())
        world.aws.advance(300)
        world.tick()
    world.settle()
    assert world.letters.letters == []
    assert [it.dead for it in (world.jobs, world.wakes, world.events)] == [[], [], []]
    assert run_tasks(world) == 6
    assert world.wrong(order=True) == []
