"""The ways in which messages, the ledger and passes fail, one promise each.

The functions are the deployed handlers over stores in memory and the ECS stand-in; time is the stand-in's.
"""

import json

import pytest
from msgspec.structs import replace

from everyday.jobs.model import State
from everyday_local.ecs.events import Weather
from everyday_local.ecs.faults import Effect, Fault
from tests.faults.jobs.trouble import HOUR, WELL, Down, Lagging, dying, lagging, run_tasks
from tests.faults.jobs.world import CLUSTER, a_world

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
    cuts = Down("ledger")
    world.turn(cuts)
    assert (len(world.jobs.messages), run_tasks(world)) == (3, 1)
    world.settle()
    assert world.wrong() == []


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


def test_a_ghost_in_the_list_is_not_started_and_leaves_no_room_reserved() -> None:
    world = a_world()
    world.send("a", seconds=9_000)
    world.ingest(WELL())
    old = Lagging(world.ledger)
    world.turn(WELL())
    before = world.ledger.jobs["a"]
    lagging(world, of=old).run(CLUSTER)
    assert (world.ledger.jobs["a"], run_tasks(world)) == (before, 1)
    view = world.state.view(CLUSTER)
    assert view is not None
    assert view.instances[0].free.memory == 412


def test_a_job_that_the_list_does_not_show_is_found_by_its_wake_or_by_the_next_pass() -> None:
    world = a_world()
    empty = Lagging(world.ledger)
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
    old = Lagging(world.ledger)
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


def test_a_member_whose_lost_call_is_refused_after_the_others_have_ended_starts_without_them() -> None:
    world = a_world(100, 100)
    world.disturbed = True
    for name in ("g1", "g2"):
        world.send(name, group={"id": "g", "size": 2}, seconds=20)
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.ERROR))
    world.turn(WELL())
    assert world.live() == ["g2/1"], "the call of the first was never heard"
    world.aws.terminate(world.aws.world.instances[world.ledger.jobs["g1"].instance or ""])
    world.aws.advance(25)
    world.settle()
    assert world.wrong() == []
    assert (world.ledger.jobs["g1"].attempt, world.ledger.jobs["g2"].attempt) == (2, 1)
