"""The ways in which the world around the scheduler fails, one promise each.

The functions are the deployed handlers over stores in memory and the ECS stand-in; time is the stand-in's.
"""

import json
from copy import deepcopy
from dataclasses import replace as changed
from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest
from msgspec.structs import replace

from everyday.jobs.model import State
from everyday.jobs.plan import Why
from everyday.jobs.ports import Lane
from everyday.jobs.scheduling import Scheduler
from everyday.jobs.simulator.history import Kind
from everyday_local.ecs.events import Weather
from everyday_local.ecs.faults import Effect, Fault
from everyday_local.ecs.records import Instance
from tests.faults.cuts import Mode
from tests.faults.jobs.queues import QueuedWakes
from tests.faults.jobs.world import CLUSTER, Functions, World, a_world

WELL = Functions
HOUR = 3600


def the_instance(world: World) -> Instance:
    return next(iter(world.aws.world.instances.values()))


def run_tasks(world: World) -> int:
    """How many RunTask calls reached ECS."""
    return len(world.aws.history.calls("RunTask"))


def dying(world: World, kind: str, number: int = 1) -> Functions:
    """Cuts that end the function at its call of this kind, in the effect of which it dies."""

    class Dying(Functions):
        seen = 0

        def _next(self, call: Any) -> Any:
            if f"{call.service} {call.kind}" == kind:
                self.seen += 1
                if self.seen == number:
                    self.plan[len(self.calls) + 1] = Mode.DIE
            return super()._next(call)

    return Dying()


# Messages


def test_one_job_and_one_task_come_of_any_number_of_deliveries() -> None:
    world = a_world()
    world.send("a", copies=12)
    world.turn(WELL())
    world.later(40)(WELL())
    world.send("a", copies=3)
    world.settle()
    assert (len(world.aws.world.tasks), run_tasks(world)) == (1, 1)
    assert world.wrong() == []


@pytest.mark.parametrize("kind", ["ledger add", "wakes wake"])
def test_an_inbox_that_dies_between_put_wake_and_acknowledgement_is_followed_by_a_wake(kind: str) -> None:
    world = a_world()
    world.send("a")
    world.ingest(dying(world, kind))
    assert "a" in world.ledger.jobs
    world.aws.advance(140)
    world.ingest(WELL())
    assert world.wakes.messages, "the second delivery wakes too"
    world.settle()
    assert world.wrong() == []


def test_without_the_ledger_messages_stay_in_their_queue_and_nothing_starts() -> None:
    world = a_world()
    world.send("a")
    world.turn(WELL())
    world.aws.advance(40)
    for number in range(3):
        world.send(f"b{number}")
    cuts = _Down("ledger")
    world.turn(cuts)
    assert (len(world.jobs.messages), run_tasks(world)) == (3, 1)
    world.settle()
    assert world.wrong() == []


class _Down(Functions):
    """This service does not answer at all."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def begin(self) -> None:
        super().begin()
        self._silent.add(self.service)


def test_poison_oversize_and_unknown_definitions_are_set_apart_at_once_and_hold_up_nobody() -> None:
    world = a_world()
    world.jobs.send("{ this is no JSON")
    world.jobs.send(json.dumps({"id": "large", "task_definition": "x", "queue": "q" * 300_000}))
    world.jobs.send(json.dumps({"id": "typo", "task_definition": "everyday-work", "memroy": 5}))
    world.send("unknown", task_definition="everyday-nothing", expect=State.REJECTED)
    for number in range(6):
        world.send(f"good{number}", memory=50)
    world.ingest(WELL())
    reasons = {str(it.job_id): it.reason for it in world.letters.letters}
    assert set(reasons) == {"jobs-1", "jobs-2", "typo", "unknown"}, "what is too large is not even read"
    assert "300" in reasons["jobs-2"]
    assert "memroy" in reasons["typo"]
    assert "everyday-nothing" in reasons["unknown"]
    world.turn(WELL())
    assert len(world.live()) == 6
    assert world.jobs.dead == []


# The ledger's lists


class _Lagging:
    """A ledger whose lists show the jobs as they were when it was made."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger
        self._was = {lane: list(ledger.listed(CLUSTER, lane)) for lane in Lane}

    def listed(self, _: str, lane: Lane, *, until: int | None = None, limit: int | None = None) -> Any:
        return iter(self._was[lane][:limit])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


def lagging(world: World, *, of: _Lagging) -> Scheduler:
    made = world.scheduler(WELL())
    tracker = changed(made.issuer.asker.tracker, ledger=of)
    asker = changed(made.issuer.asker, tracker=tracker)
    return changed(made, ledger=of, issuer=changed(made.issuer, asker=asker))


def test_a_ghost_in_the_list_is_not_started_and_leaves_no_room_reserved() -> None:
    world = a_world()
    world.send("a", seconds=9_000)
    world.ingest(WELL())
    old = _Lagging(world.ledger)
    world.turn(WELL())
    before = world.ledger.jobs["a"]
    lagging(world, of=old).run(CLUSTER)
    assert (world.ledger.jobs["a"], run_tasks(world)) == (before, 1)
    view = world.state.view(CLUSTER)
    assert view is not None
    assert view.instances[0].free.memory == 412


def test_a_job_that_the_list_does_not_show_is_found_by_its_wake_or_by_the_next_pass() -> None:
    world = a_world()
    empty = _Lagging(world.ledger)
    world.send("a")
    world.ingest(WELL())
    assert lagging(world, of=empty).run(CLUSTER).placed == 0
    assert lagging(world, of=empty).run(CLUSTER, fresh=["a"]).placed == 1
    world.send("b")
    world.ingest(WELL())
    assert world.scheduler(WELL()).run(CLUSTER).placed == 1


# Passes that die


@pytest.mark.parametrize("kind", ["state reserve", "ledger put", "ecs run", "state accept"])
def test_a_pass_that_dies_keeps_rank_token_task_and_room(kind: str) -> None:
    world = a_world(200)
    world.send("a", seconds=2_000)
    world.ingest(WELL())
    rank = world.ledger.jobs["a"].rank
    world.schedule(dying(world, kind))
    world.aws.advance(400)
    world.tick()
    world.turn(WELL())
    world.tick()
    world.turn(WELL())
    job = world.ledger.jobs["a"]
    assert (job.state, job.attempt, job.rank) == (State.RUNNING, 1, rank)
    assert [*world.aws.world.tasks] == [job.task]
    assert len({it.key for it in world.aws.history.calls("RunTask")}) == 1
    world.settle()
    assert world.wrong() == []


def test_a_pass_that_loses_a_claim_leaves_the_room_to_the_pass_that_won_it() -> None:
    world = a_world(100)
    world.send("a")
    world.ingest(WELL())
    old = _Lagging(world.ledger)
    world.schedule(dying(world, "ledger put"))
    assert world.ledger.jobs["a"].state is State.PLACING
    lagging(world, of=old).run(CLUSTER)
    view = world.state.view(CLUSTER)
    assert view is not None
    assert view.instances[0].free.memory == 0, "the call of the first may be on its way"


def test_a_group_whose_pass_dies_half_way_through_its_claims_starts_whole_or_not_at_all() -> None:
    world = a_world(100, 100)
    for name in ("g1", "g2"):
        world.send(name, group={"id": "g", "size": 2})
    world.ingest(WELL())
    world.schedule(dying(world, "ledger put"))
    assert sorted(it.state for it in world.ledger.jobs.values()) == [State.PLACING, State.WAITING]
    world.settle()
    assert world.wrong() == []
    assert {it.attempt for it in world.ledger.jobs.values()} == {1, 2}


@pytest.mark.parametrize("arrived", [True, False])
def test_after_a_day_a_lost_answer_is_looked_up_before_anything_new_is_tried(arrived: bool) -> None:
    world = a_world()
    world.send("a", seconds=200_000)
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.LOST if arrived else Effect.ERROR))
    world.aws.weather(Weather(lose=1.0))
    world.turn(WELL())
    assert world.ledger.jobs["a"].state is State.PLACING
    world.aws.advance(25 * HOUR)
    world.aws.weather(Weather())
    world.tick(reading=False)
    world.turn(WELL())
    job = world.ledger.jobs["a"]
    assert (job.state, job.attempt, len(world.live())) == (State.RUNNING, 1 if arrived else 2, 1)
    asked = [it.op for it in world.aws.history.operations if it.key == "a/1" or it.op == "RunTask"]
    assert asked == (["RunTask", "ListTasks"] if arrived else ["RunTask", "ListTasks", "RunTask"])
    assert world.broken(finished=False) == []


def test_a_call_that_arrives_after_its_job_went_on_is_stopped() -> None:
    world = a_world()
    world.send("a", seconds=900)
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.LATE, seconds=100))
    world.turn(WELL())
    job = world.ledger.jobs["a"]
    moved = replace(job, state=State.WAITING, attempt=2, call=None, token=None, instance=None, deadline=None)
    world.ledger.put(moved)
    world.tick()
    world.turn(WELL())
    assert world.live() == ["a/2"]
    world.aws.advance(101)
    assert world.live() == ["a/1", "a/2"]
    world.turn(WELL())
    assert world.live() == ["a/2"]
    world.settle()
    assert world.ledger.jobs["a"].state is State.SUCCEEDED
    assert world.restless() == []


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
