"""What a crash, a lost answer or a silence leaves behind is mended: never two tasks for a job, none lost."""

from collections.abc import Callable
from typing import Any

import pytest

from everyday.errors import StateUnavailable
from everyday.jobs.answers import End
from everyday.jobs.life import cancelled
from everyday.jobs.model import Group, State
from everyday_local.ecs.faults import Effect, Fault
from tests.jobs_world import a_world

LATER = 500  # seconds: past the deadline of any call


class Crash(BaseException):
    """The process ends here."""


def _crash(*_: Any, **__: Any) -> Any:
    raise Crash


def _crash_after(method: Callable[..., Any]) -> Callable[..., Any]:
    def crash(*args: Any, **kwargs: Any) -> Any:
        method(*args, **kwargs)
        raise Crash

    return crash


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize("effect", [Effect.LOST, Effect.ERROR])
def test_a_lost_answer_is_asked_for_again_with_the_same_token(effect: Effect, jobs: int) -> None:
    world = a_world()
    for number in range(jobs):
        world.submit(f"job-{number}", seconds=10_000)
    world.aws.faults.plant(Fault(on="RunTask", do=effect))
    assert world.pass_().ends == {End.UNANSWERED: jobs}
    world.events.clear()
    assert world.pass_().placed == 0, "before its deadline the answer may still come"
    world.silence(LATER)
    assert world.pass_().placed == jobs
    assert (len(world.live()), set(world.states().values())) == (jobs, {State.RUNNING})
    assert {job.attempt for job in world.ledger.jobs.values()} == {1}
    assert {job.task for job in world.ledger.jobs.values()} == set(world.aws.world.tasks)


_STEPS = [
    ("state", "reserve", True),
    ("ledger", "put", False),
    ("ledger", "put", True),
    ("ecs", "run", False),
    ("ecs", "run", True),
    ("state", "accept", False),
    ("state", "accept", True),
]


@pytest.mark.parametrize(
    ("jobs", "port", "method", "after"),
    [
        *((1, *step) for step in _STEPS),
        *((3, *step) for step in [*_STEPS, ("ledger", "add_call", False), ("ledger", "add_call", True)]),
    ],
)
def test_a_crash_anywhere_in_a_pass_leads_to_one_task_a_job(
    jobs: int, port: str, method: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = a_world()
    for number in range(jobs):
        world.submit(f"job-{number}", seconds=10_000)
    target = getattr(world, port)
    with monkeypatch.context() as patch:
        patch.setattr(target, method, _crash_after(getattr(target, method)) if after else _crash)
        with pytest.raises(Crash):
            world.pass_()
    for _ in range(3):
        world.advance(LATER)
        world.pass_()
    assert set(world.states().values()) == {State.RUNNING}
    assert sorted(world.aws.world.tasks) == sorted(job.task or "" for job in world.ledger.jobs.values())


def test_reserved_room_of_a_pass_that_died_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world(100)
    world.submit("job")
    with monkeypatch.context() as patch:
        patch.setattr(world.state, "reserve", _crash_after(world.state.reserve))
        with pytest.raises(Crash):
            world.pass_()
    world.ledger.put(cancelled(world.job("job"), now=world.now()))
    world.submit("other")
    world.advance(700)
    assert world.pass_().placed == 1


def test_a_job_that_was_cancelled_while_its_call_was_lost_is_looked_up_and_stopped() -> None:
    world = a_world()
    world.submit("job", seconds=10_000)
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.LOST))
    world.pass_()
    world.events.clear()
    world.ledger.put(cancelled(world.job("job"), now=world.now()))
    world.advance(LATER)
    world.pass_()
    world.advance(1)
    assert (world.job("job").state, world.live()) == (State.CANCELLED, [])
    assert world.calls("RunTask") == 1


def test_a_job_that_was_cancelled_before_its_call_arrived_never_starts() -> None:
    world = a_world()
    world.submit("job")
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.ERROR))
    world.pass_()
    world.ledger.put(cancelled(world.job("job"), now=world.now()))
    world.advance(LATER)
    world.pass_()
    assert (world.job("job").state, world.calls("RunTask"), world.live()) == (State.CANCELLED, 1, [])


def test_a_running_job_that_is_cancelled_is_stopped_and_final_when_its_task_is() -> None:
    world = a_world()
    world.submit("job", seconds=10_000)
    world.pass_()
    world.advance(5)
    world.ledger.put(cancelled(world.job("job"), now=world.now()))
    world.pass_()
    assert world.job("job").state is State.RUNNING
    world.advance(1)
    assert (world.job("job").state, world.live()) == (State.CANCELLED, [])


def test_a_job_is_stopped_when_its_time_is_up_and_not_before() -> None:
    world = a_world()
    world.submit("job", seconds=10_000, timeout_seconds=60)
    world.pass_()
    world.advance(50)
    world.pass_()
    assert world.live() == ["job/1"]
    world.advance(20)
    world.pass_()
    world.advance(1)
    assert (world.job("job").state, world.live()) == (State.TIMED_OUT, [])


def test_a_stop_that_ecs_did_not_hear_is_asked_for_again() -> None:
    world = a_world()
    world.submit("job", seconds=10_000, timeout_seconds=60)
    world.pass_()
    world.advance(70)
    world.aws.faults.plant(Fault(on="StopTask", do=Effect.ERROR))
    world.pass_()
    assert world.live() == ["job/1"]
    world.advance(70)
    world.pass_()
    world.advance(1)
    assert (world.job("job").state, world.live()) == (State.TIMED_OUT, [])


@pytest.mark.parametrize("arrived", [True, False])
def test_a_token_that_is_too_old_is_never_used_again(arrived: bool) -> None:
    world = a_world()
    world.submit("job", seconds=1_000_000)
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.LOST if arrived else Effect.ERROR))
    world.pass_()
    world.silence(25 * 3600)
    world.pass_()
    world.advance(1)
    world.pass_()
    job = world.job("job")
    assert (job.state, job.attempt, len(world.live())) == (State.RUNNING, 1 if arrived else 2, 1)


def test_a_token_that_was_used_for_another_request_is_looked_up() -> None:
    world = a_world()
    world.submit("job", seconds=10_000)
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.LOST))
    world.pass_()
    world.silence(LATER)
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.ERROR, status=400, code="ConflictException"))
    assert world.pass_().placed == 1
    assert (world.job("job").attempt, world.live()) == (1, ["job/1"])


def test_a_call_that_ecs_will_never_take_is_left_for_the_owner() -> None:
    world = a_world()
    world.submit("job", task_definition="gone:7")
    world.submit("good")
    assert world.pass_().ends == {End.REJECTED: 1, End.PLACED: 1}
    assert world.job("job").state is State.REJECTED
    assert [letter[2] for letter in world.letters.left] == ["job"]
    world.submit("next", memory=400)
    assert world.pass_().placed == 1, "its room was given back"


def test_a_refused_job_waits_at_its_rank_and_the_instance_is_left_alone_until_more_is_known() -> None:
    world = a_world(100)
    job = world.submit("job")
    (instance,) = world.aws.world.instances.values()
    world.aws.place_foreign(instance, cpu=0, memory=100, seconds=60)
    world.events.clear()
    report = world.pass_()
    assert (report.refused, world.job("job").state, world.job("job").attempt) == (1, State.WAITING, 2)
    assert world.job("job").rank == job.rank
    for _ in range(3):
        world.pass_()
    assert world.calls("RunTask") == 1, "one refusal for each change that nobody told of"
    world.advance(70)
    assert world.pass_().placed == 1


def test_a_task_that_arrives_after_its_job_went_on_is_stopped() -> None:
    world = a_world(300)
    world.submit("job", seconds=10_000)
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.LATE, seconds=1000))
    world.pass_()
    world.tracker.put_back(world.job("job"), "somebody gave it up too early")
    world.pass_()
    world.advance(1001)
    world.advance(1)
    assert (world.live(), world.job("job").attempt) == (["job/2"], 2)


def test_a_member_of_a_call_that_went_on_meanwhile_gets_nothing_from_its_repetition() -> None:
    world = a_world(1000)
    for number in range(3):
        world.submit(f"job-{number}", seconds=10_000)
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.LOST))
    world.pass_()
    world.events.clear()
    world.tracker.put_back(world.job("job-1"), "somebody gave it up too early")
    world.pass_()
    assert world.job("job-1").attempt == 2
    world.advance(LATER)
    world.pass_()
    world.advance(1)
    jobs = world.ledger.jobs
    live = {task.arn for task in world.aws.world.tasks.values() if task.status != "STOPPED"}
    assert {job.task for job in jobs.values()} == live
    assert [jobs[it].attempt for it in sorted(jobs)] == [1, 2, 1]


def test_jobs_queue_once_what_they_wait_for_has_succeeded() -> None:
    world = a_world(100)
    world.submit("first", seconds=10)
    world.submit("then", held=True, depends_on=("first",))
    world.pass_()
    assert world.job("then").held
    world.advance(20)
    assert world.pass_().placed == 1
    assert world.live() == ["then/1"]


def test_jobs_that_wait_for_a_failed_one_are_cancelled() -> None:
    world = a_world(100)
    world.submit("first", seconds=10, environment={"STANDIN_EXIT_CODE": "3"})
    world.submit("then", held=True, depends_on=("first",))
    world.pass_()
    world.advance(20)
    world.pass_()
    assert (world.job("first").state, world.job("then").state) == (State.FAILED, State.CANCELLED)


def test_a_group_whose_lost_call_is_refused_later_is_recalled_whole() -> None:
    world = a_world(100)
    other = world.instance(100)
    world.reconcile()
    world.group("gang", 2, seconds=10_000)
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.ERROR, nth=2))
    report = world.pass_()
    assert report.ends == {End.PLACED: 1, End.UNANSWERED: 1}
    (open_job,) = (job for job in world.ledger.jobs.values() if job.state is State.PLACING)
    taken = world.aws.find_instance(open_job.ec2_id or "")
    assert other
    world.aws.place_foreign(taken, cpu=0, memory=100, seconds=1_000)
    world.silence(LATER)
    world.pass_()
    world.advance(1)
    assert set(world.states().values()) == {State.WAITING}
    assert all(job.group == Group("gang", 2) for job in world.ledger.jobs.values())


def test_a_sweep_without_a_state_repeats_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world()
    world.submit("job")
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.ERROR))
    world.pass_()
    world.advance(LATER)

    def silent(*_: object) -> None:
        raise StateUnavailable("no answer")

    monkeypatch.setattr(world.state, "take", silent)
    world.pass_()
    assert world.calls("RunTask") == 1
