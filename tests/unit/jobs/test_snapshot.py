"""State and ledger follow what ECS tells, whatever is lost, doubled, late or out of order."""

import itertools
import random
from typing import Any

import pytest

from everyday.errors import EcsUnavailable, LedgerUnavailable, StateUnavailable
from everyday.jobs.ecs_events import EventBatch, Told, parse_events
from everyday.jobs.life import cancelled
from everyday.jobs.model import Job, Retries, State
from everyday_local.ecs.faults import Effect, Fault
from tests.jobs_world import CLUSTER, World, a_world, messages


def _free(world: World) -> list[int]:
    view = world.state.view(CLUSTER)
    assert view is not None
    return [instance.free.memory for instance in view.instances]


def _apply(world: World, events: list[dict[str, Any]]) -> list[str]:
    return list(world.snapshotter.apply(parse_events(messages(events))))


def _a_life(**job: Any) -> tuple[World, list[dict[str, Any]]]:
    """A world whose one job has run to its end, and the events of it, none of them delivered."""
    world = a_world()
    world.submit("job", seconds=30, **job)
    world.pass_()
    world.aws.advance(60)
    events, world.events[:] = list(world.events), []
    return world, events


def test_a_task_that_ends_well_makes_its_job_succeed_frees_its_room_once_and_wakes_once() -> None:
    world, events = _a_life()
    assert _apply(world, events) == []
    job = world.job("job")
    assert (job.state, job.exit_code, _free(world)) == (State.SUCCEEDED, 0, [512])
    assert [wake[0] for wake in world.wakes.asked] == [CLUSTER]


def test_events_in_any_order_and_any_number_come_to_the_same_end() -> None:
    chance = random.Random(5)
    _, shape = _a_life()
    orders = list(itertools.permutations(range(len(shape))))
    for order in chance.sample(orders, min(60, len(orders))):
        world, events = _a_life()
        for place in order:
            for _ in range(chance.choice([1, 2])):
                _apply(world, [events[place]])
        assert (world.job("job").state, _free(world)) == (State.SUCCEEDED, [512])
        assert world.calls("StopTask") == 0


def test_an_exit_code_fails_the_job_or_starts_its_next_attempt() -> None:
    world, events = _a_life(environment={"STANDIN_EXIT_CODE": "3"})
    _apply(world, events)
    assert (world.job("job").state, world.job("job").exit_code) == (State.FAILED, 3)
    world, events = _a_life(environment={"STANDIN_EXIT_CODE": "3"}, retries=Retries(attempts=1))
    _apply(world, events)
    assert (world.job("job").state, world.job("job").attempt) == (State.WAITING, 2)
    assert world.pass_().placed == 1


def test_the_jobs_of_an_instance_that_is_taken_away_wait_again() -> None:
    world = a_world()
    world.submit("job", seconds=10_000)
    world.pass_()
    world.advance(5)
    (instance,) = world.aws.world.instances.values()
    world.aws.terminate(instance)
    world.deliver()
    job = world.job("job")
    assert (job.state, job.attempt, job.lost) == (State.WAITING, 2, 1)
    world.instance(512)
    world.deliver()
    assert world.pass_().placed == 1


def test_an_instance_that_joins_or_leaves_is_known_by_its_event_alone() -> None:
    world = a_world(512)
    other = world.instance(300)
    world.deliver()
    assert sorted(_free(world)) == [300, 512]
    assert world.wakes.asked
    world.aws.terminate(other)
    world.deliver()
    assert _free(world) == [512]


def test_an_event_confirms_a_job_whose_answer_was_lost() -> None:
    world = a_world()
    world.submit("job", seconds=10_000)
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.LOST))
    world.pass_()
    assert world.job("job").state is State.PLACING
    world.advance(1)
    job = world.job("job")
    assert (job.state, job.task) == (State.RUNNING, next(iter(world.aws.world.tasks)))
    assert _free(world) == [412], "the task took the place of its reservation"


def test_the_end_of_a_task_whose_job_is_not_known_yet_comes_back_until_it_is() -> None:
    world = a_world()
    for number in range(2):
        world.submit(f"job-{number}", seconds=30)
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.LOST))
    world.pass_()
    world.aws.advance(500)
    assert len(world.deliver()) == 2, "both ends come back"
    world.pass_()
    assert set(world.states().values()) == {State.SUCCEEDED}
    assert world.deliver() == []
    assert (_free(world), world.calls("StopTask")) == ([512], 0)


def test_a_task_of_ours_that_no_job_has_is_stopped_and_foreign_ones_never() -> None:
    world = a_world()
    world.submit("job", seconds=10_000)
    world.pass_()
    (instance,) = world.aws.world.instances.values()
    world.aws.place_foreign(instance, cpu=0, memory=50, seconds=10_000)
    for group, name in (("everyday-jobs", "stranger/1"), ("everyday-jobs", "/nobody"), ("mine", "job/9")):
        world.client.run_task(
            cluster=CLUSTER, taskDefinition="work", startedBy=name, group=group, overrides={}
        )
    world.deliver()
    world.advance(1)
    assert sorted(it for it in world.live() if it) == ["job/1", "job/9"]


def test_the_task_of_an_older_attempt_is_stopped() -> None:
    world = a_world()
    world.submit("job", seconds=10_000)
    world.pass_()
    world.tracker.change(world.job("job"), lambda job: _next_attempt(job))
    world.deliver()
    world.advance(1)
    assert world.live() == []


def _next_attempt(job: Job) -> Job:
    from everyday.jobs.life import lost

    return lost(job, "test", now=0)


def test_a_job_that_is_to_end_is_woken_for_when_its_task_becomes_known() -> None:
    world = a_world()
    world.submit("job", seconds=10_000)
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.LOST))
    world.pass_()
    world.ledger.put(cancelled(world.job("job"), now=world.now()))
    world.advance(1)
    assert world.wakes.asked
    world.pass_()
    world.advance(1)
    assert (world.job("job").state, world.live()) == (State.CANCELLED, [])


def test_without_a_state_the_ledger_follows_and_the_events_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    world, events = _a_life()

    def silent(*_: object, **__: object) -> None:
        raise StateUnavailable("no answer")

    with monkeypatch.context() as patch:
        for method in ("put_task", "put_instance", "begin_rebuild"):
            patch.setattr(world.state, method, silent)
        assert set(_apply(world, events)) == {event["id"] for event in events}
        assert world.job("job").state is State.SUCCEEDED
        with pytest.raises(StateUnavailable):
            world.reconcile()
    assert _apply(world, events) == []
    assert _free(world) == [512]


def test_a_ledger_that_does_not_answer_brings_the_event_back(monkeypatch: pytest.MonkeyPatch) -> None:
    world, events = _a_life()

    def silent(*_: object) -> None:
        raise LedgerUnavailable("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(world.ledger, "get_many", silent)
        assert _apply(world, events)
    assert _apply(world, events) == []
    assert world.job("job").state is State.SUCCEEDED


def test_a_wake_that_could_not_be_sent_brings_its_events_back_and_is_sent_then() -> None:
    world, events = _a_life()
    world.wakes.down = True
    failed = _apply(world, events)
    assert failed
    world.wakes.down = False
    assert _apply(world, [event for event in events if event["id"] in failed]) == []
    assert len(world.wakes.asked) == 1


def test_a_message_that_nobody_can_read_comes_back_alone() -> None:
    world, events = _a_life()
    batch = messages(events)
    batch["Records"].append({"messageId": "poison", "body": '{"detail": '})
    assert world.snapshotter.apply(parse_events(batch)) == ["poison"]
    assert world.job("job").state is State.SUCCEEDED


def test_a_complete_reading_repairs_what_events_did_not_tell() -> None:
    world = a_world(1000)
    for name in ("ends", "fails", "runs"):
        world.submit(name, seconds=10_000 if name == "runs" else 30, environment={"N": name})
    world.submit("unanswered", seconds=10_000, environment={"N": "unanswered"})
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.LOST, nth=4))
    world.pass_()
    world.silence(60)
    assert world.job("ends").state is State.RUNNING
    world.reconcile()
    states = world.states()
    assert (states["ends"], states["runs"], states["unanswered"]) == (
        State.SUCCEEDED,
        State.RUNNING,
        State.RUNNING,
    )
    assert _free(world) == [800]
    assert world.job("runs").started_at is not None


def test_a_reading_shares_out_the_tasks_of_a_call_whose_answer_was_lost() -> None:
    world = a_world(1000)
    for number in range(3):
        world.submit(f"job-{number}", seconds=10_000)
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.LOST))
    world.pass_()
    world.silence(5)
    world.reconcile()
    jobs = world.ledger.jobs.values()
    assert {job.task for job in jobs} == set(world.aws.world.tasks)
    assert (_free(world), {job.state for job in jobs}) == ([700], {State.RUNNING})


def test_a_task_that_ecs_has_forgotten_is_given_up_but_not_a_young_one() -> None:
    world = a_world()
    world.submit("job", seconds=30)
    world.pass_()
    world.silence(0)
    world.aws.see_after(3600)
    world.submit("young", seconds=10_000)
    world.pass_()
    world.reconcile()
    assert world.job("young").state is State.RUNNING
    world.aws.see_after(0)
    world.silence(3 * 3600)
    world.reconcile()
    job = world.job("job")
    assert (job.state, job.attempt, job.lost) == (State.WAITING, 2, 1)
    assert "no longer knows" in (job.reason or "")


def test_a_reading_stops_tasks_of_ours_that_no_job_has() -> None:
    world = a_world()
    world.client.run_task(
        cluster=CLUSTER, taskDefinition="work", startedBy="stranger/1", group="everyday-jobs", overrides={}
    )
    world.events.clear()
    world.reconcile()
    world.aws.advance(1)
    assert world.live() == []


def test_a_partial_reading_is_never_published() -> None:
    world = a_world(512)
    for _ in range(150):
        world.instance(100)
    world.events.clear()
    world.aws.faults.plant(Fault(on="DescribeContainerInstances", do=Effect.ERROR, nth=2))
    with pytest.raises(EcsUnavailable):
        world.reconcile()
    assert _free(world) == [512]
    world.reconcile()
    assert len(_free(world)) == 151


def test_a_reading_of_many_instances_takes_two_calls_for_each_hundred() -> None:
    world = World()
    for _ in range(250):
        world.instance(100)
    before = len(world.aws.history.operations)
    world.reconcile()
    operations = [it.op for it in list(world.aws.history.operations)[before:]]
    assert operations.count("ListContainerInstances") == 3
    assert operations.count("DescribeContainerInstances") == 3
    assert operations.count("DescribeTasks") == 0


def test_a_request_that_a_younger_reading_answers_is_not_done_again() -> None:
    world = a_world()
    asked_at = world.now()
    world.aws.advance(10)
    world.reconcile()
    before = world.calls("ListContainerInstances")
    told = [Told(str(number), CLUSTER, None, asked_at) for number in range(5)]
    assert world.snapshotter.apply(EventBatch(told, ())) == []
    assert world.calls("ListContainerInstances") == before
    world.aws.advance(10)
    late = [Told(str(number), CLUSTER, None, world.now() - 1000) for number in range(5)]
    assert world.snapshotter.apply(EventBatch(late, ())) == []
    assert world.calls("ListContainerInstances") == before + 1
    assert world.wakes.asked


def test_a_lost_state_is_whole_again_after_one_reading_and_nothing_is_started_twice() -> None:
    world = a_world(300)
    world.submit("runs", seconds=10_000, environment={"N": "1"})
    world.submit("unanswered", seconds=10_000, environment={"N": "2"})
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.ERROR, nth=2))
    world.pass_()
    world.silence(5)
    world.state.wipe()
    world.reconcile()
    for number in range(3):
        world.submit(f"more-{number}", environment={"N": f"more-{number}"})
    assert world.pass_().placed == 1, "the unanswered job's room is kept for it"
    world.advance(500)
    world.pass_()
    assert {"runs/1", "unanswered/1"} < set(world.live())
    assert world.pass_().refused == 0
