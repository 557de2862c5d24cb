"""The life of a job: every transition, and what must hold whatever happens in whichever order."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from everyday.jobs import life
from everyday.jobs.model import Group, Job, Retries, State, Tally, Task
from tests.job_builders import TASK, a_job, a_task

NOW = 2_000_000
CLAIM: dict[str, Any] = {"instance": "i", "ec2_id": "e", "call": "c", "token": "t", "deadline": 9, "now": NOW}


def placing(**changes: Any) -> Job:
    placed = {"state": State.PLACING, **CLAIM, "placed_at": 5, **changes}
    return a_job(**{name: value for name, value in placed.items() if name != "now"})


def running(**changes: Any) -> Job:
    return placing(**{"state": State.RUNNING, "task": TASK, "deadline": None, "started_at": 7, **changes})


def a_stopped(
    exit_code: int | None = None, code: str | None = "EssentialContainerExited", **more: Any
) -> Task:
    return a_task(status="STOPPED", stop_code=code, exit_code=exit_code, stopped_at=77, **more)


# On its way


def test_a_waiting_job_is_claimed_for_a_call() -> None:
    assert life.claimed(a_job(reason="tried before"), **CLAIM) == a_job(
        state=State.PLACING, instance="i", ec2_id="e", call="c", token="t", deadline=9, placed_at=NOW
    )


def test_a_job_that_ecs_took_runs_with_its_task_and_waits_for_nobody() -> None:
    assert life.confirmed(placing(), TASK, now=NOW) == placing(state=State.RUNNING, task=TASK, deadline=None)
    assert life.confirmed(placing(), TASK, instance="other", now=NOW).instance == "other"


def test_the_time_of_an_attempt_counts_from_when_it_really_runs() -> None:
    waiting = running(started_at=None, timeout_seconds=60)
    assert life.started(waiting, at=1000) == replace(waiting, started_at=1000, deadline=61_000)
    assert life.started(running(started_at=None), at=1000).deadline is None
    again = running(started_at=5, timeout_seconds=60, deadline=60_005)
    assert life.started(again, at=99) is again


def test_a_job_that_ecs_did_not_take_waits_again_at_its_rank_with_its_group() -> None:
    job = placing(group=Group("g", 2), rank=3)
    assert life.requeued(job, "RESOURCE:MEMORY", now=NOW) == a_job(
        attempt=2, reason="RESOURCE:MEMORY", group=Group("g", 2), rank=3
    )


# The end of a task


ENDS: list[tuple[str, Job, Task, dict[str, Any]]] = [
    ("success", running(), a_stopped(0), {"state": State.SUCCEEDED, "reason": None}),
    (
        "no retries",
        running(),
        a_stopped(3),
        {"state": State.FAILED, "reason": "exit code 3: EssentialContainerExited"},
    ),
    (
        "its last words",
        running(),
        a_stopped(137, stopped_reason="OutOfMemoryError"),
        {"state": State.FAILED, "reason": "exit code 137: OutOfMemoryError"},
    ),
    ("any code", running(retries=Retries(attempts=1)), a_stopped(3), {"state": State.WAITING, "failures": 1}),
    (
        "no code",
        running(retries=Retries(attempts=1)),
        a_stopped(None),
        {"state": State.WAITING, "failures": 1},
    ),
    ("used up", running(retries=Retries(attempts=1), failures=1), a_stopped(3), {"state": State.FAILED}),
    (
        "a code worth it",
        running(retries=Retries(attempts=1, exit_codes=(3, 4))),
        a_stopped(4),
        {"state": State.WAITING},
    ),
    (
        "another code",
        running(retries=Retries(attempts=1, exit_codes=(3, 4))),
        a_stopped(5),
        {"state": State.FAILED},
    ),
    (
        "stopped by hand",
        running(retries=Retries(attempts=5)),
        a_stopped(137, "UserInitiated", stopped_reason="stopped in the console"),
        {"state": State.FAILED, "reason": "exit code 137: stopped in the console"},
    ),
    *[
        (code, running(), a_stopped(None, code), {"state": State.WAITING, "lost": 1, "failures": 0})
        for code in ("SpotInterruption", "TerminationNotice", "TaskFailedToStart")
    ],
    (
        "host gone",
        running(),
        a_stopped(None, None, stopped_reason="Host EC2 (instance i-7) terminated."),
        {"state": State.WAITING, "lost": 1},
    ),
    (
        "lost once too often",
        running(lost=3),
        a_stopped(None, "SpotInterruption"),
        {"state": State.FAILED, "reason": "lost 4 times, the last time because: SpotInterruption"},
    ),
    (
        "never to come back",
        running(retries=Retries(lost=0)),
        a_stopped(None, "SpotInterruption"),
        {"state": State.FAILED},
    ),
    (
        "cancelled",
        running(ending=State.CANCELLED, reason="mine"),
        a_stopped(0, "UserInitiated"),
        {"state": State.CANCELLED, "reason": "mine"},
    ),
    (
        "finished before the stop",
        running(ending=State.CANCELLED, reason="mine"),
        a_stopped(0),
        {"state": State.SUCCEEDED, "reason": None},
    ),
    (
        "failed before the stop",
        running(ending=State.CANCELLED, retries=Retries(attempts=5)),
        a_stopped(1),
        {"state": State.CANCELLED},
    ),
    (
        "out of time",
        running(ending=State.TIMED_OUT),
        a_stopped(137, "UserInitiated"),
        {"state": State.TIMED_OUT},
    ),
    (
        "cancelled and lost",
        running(ending=State.CANCELLED),
        a_stopped(None, "SpotInterruption"),
        {"state": State.CANCELLED},
    ),
    ("answer still unknown", placing(), a_stopped(0), {"state": State.SUCCEEDED, "task": TASK}),
]


@pytest.mark.parametrize(("name", "job", "task", "expected"), ENDS, ids=[end[0] for end in ENDS])
def test_what_a_stopped_task_makes_of_its_job(
    name: str, job: Job, task: Task, expected: dict[str, Any]
) -> None:
    ended = life.stopped(job, task, now=NOW)
    assert {field: getattr(ended, field) for field in expected} == expected
    if ended.state.final:
        assert (ended.finished_at, ended.ending, ended.deadline) == (77, None, None)
    else:
        assert (ended.attempt, ended.task, ended.started_at) == (2, None, None)
        assert "attempt 1 ended" in str(ended.reason)


def test_only_a_stopped_task_ends_its_job() -> None:
    for status in ("PENDING", "RUNNING", "DEACTIVATING", "STOPPING"):
        job = running()
        assert life.stopped(job, a_task(status=status, exit_code=0), now=NOW) is job


def test_a_task_without_times_ends_now() -> None:
    assert life.stopped(running(), replace(a_stopped(0), stopped_at=None), now=NOW).finished_at == NOW


def test_a_member_of_a_group_that_had_started_comes_back_alone() -> None:
    job = running(group=Group("g", 2), retries=Retries(attempts=1))
    assert life.stopped(job, a_stopped(1), now=NOW).group is None


def test_a_task_that_nobody_knows_any_more_is_lost() -> None:
    again = life.lost(running(), "ECS does not know its task", now=NOW)
    assert (again.state, again.attempt, again.lost) == (State.WAITING, 2, 1)
    assert life.lost(running(ending=State.CANCELLED), "gone", now=NOW).state is State.CANCELLED


# The owner and the clock


def test_what_waits_is_cancelled_at_once() -> None:
    for job in (a_job(), a_job(held=True)):
        ended = life.cancelled(job, now=NOW)
        assert ended == a_job(state=State.CANCELLED, finished_at=NOW, reason="cancelled by its owner")


def test_what_runs_is_to_be_stopped_at_once() -> None:
    marked = life.cancelled(running(deadline=99_000_000), now=NOW)
    assert (marked.state, marked.ending, marked.deadline) == (State.RUNNING, State.CANCELLED, NOW)


def test_a_call_on_its_way_is_waited_for_before_a_cancelled_job_is_stopped() -> None:
    marked = life.cancelled(placing(), now=NOW)
    assert (marked.state, marked.ending, marked.deadline) == (State.PLACING, State.CANCELLED, 9)
    taken = life.confirmed(marked, TASK, now=NOW + 5)
    assert (taken.state, taken.ending, taken.deadline) == (State.RUNNING, State.CANCELLED, NOW + 5)
    refused = life.requeued(marked, "RESOURCE:CPU", now=NOW + 5)
    assert (refused.state, refused.finished_at, refused.attempt) == (State.CANCELLED, NOW + 5, 1)


def test_an_array_that_is_cancelled_ends_with_its_children() -> None:
    marked = life.cancelled(a_job(size=2), now=NOW)
    assert (marked.state, marked.ending) == (State.WAITING, State.CANCELLED)
    assert life.tallied(marked, Tally(succeeded=1), at=None).state is State.WAITING
    ended = life.tallied(marked, Tally(succeeded=1, failed=1), at=5)
    assert (ended.state, ended.finished_at) == (State.CANCELLED, 5)


@pytest.mark.parametrize(
    ("succeeded", "failed", "state"), [(2, 0, State.SUCCEEDED), (1, 1, State.FAILED), (1, 0, State.WAITING)]
)
def test_an_array_comes_to_what_its_children_came_to(succeeded: int, failed: int, state: State) -> None:
    assert life.tallied(a_job(size=2), Tally(succeeded=succeeded, failed=failed), at=5).state is state


def test_a_job_out_of_time_is_to_be_stopped_again_and_again() -> None:
    late = running(deadline=NOW, timeout_seconds=60)
    marked = life.overdue(late, now=NOW)
    assert (marked.ending, marked.deadline, marked.reason) == (
        State.TIMED_OUT,
        NOW + 60_000,
        "ran longer than 60 s",
    )
    assert life.overdue(marked, now=NOW + 59_999) is marked
    assert life.overdue(marked, now=NOW + 60_000).deadline == NOW + 120_000


def test_a_cancelled_job_stays_cancelled_when_its_time_is_over() -> None:
    marked = life.overdue(running(deadline=NOW, ending=State.CANCELLED, reason="mine"), now=NOW)
    assert (marked.ending, marked.reason) == (State.CANCELLED, "mine")


@pytest.mark.parametrize("task", [a_stopped(0), a_stopped(1), a_stopped(137, "UserInitiated")])
def test_a_recalled_member_of_a_group_waits_again_with_its_group(task: Task) -> None:
    job = running(group=Group("g", 2), rank=3)
    marked = life.recalled(job, "a member was refused", now=NOW)
    assert (marked.state, marked.deadline) == (State.RUNNING, NOW)
    again = life.stopped(marked, task, now=NOW)
    assert again == a_job(attempt=2, group=Group("g", 2), rank=3, reason="a member was refused")
    ended = life.stopped(life.cancelled(marked, now=NOW), a_stopped(137, "UserInitiated"), now=NOW)
    assert ended.state is State.CANCELLED


def test_a_call_made_again_is_asked_about_later() -> None:
    assert life.asked_again(placing(), deadline=99) == placing(deadline=99)


# Dependencies


@pytest.mark.parametrize(
    ("parents", "state", "held"),
    [
        ({"x": State.SUCCEEDED, "y": State.SUCCEEDED}, State.WAITING, False),
        ({"x": State.SUCCEEDED, "y": State.RUNNING}, State.WAITING, True),
        ({"x": State.SUCCEEDED}, State.WAITING, True),
        ({}, State.WAITING, True),
        *[({"y": ended}, State.CANCELLED, False) for ended in State if ended.final and ended != "SUCCEEDED"],
    ],
)
def test_a_held_job_follows_those_it_depends_on(parents: dict[str, State], state: State, held: bool) -> None:
    job = life.released(a_job(held=True, depends_on=("x", "y")), parents, now=NOW)
    assert (job.state, job.held) == (state, held)
    if state is State.CANCELLED:
        assert job.reason == f"depends on y, which became {parents['y']}"


# Whatever happens

LATER = NOW + 10**9
STEPS: list[Callable[[Job], Job]] = [
    lambda job: life.claimed(job, **CLAIM),
    lambda job: life.confirmed(job, TASK, now=NOW),
    lambda job: life.started(job, at=NOW),
    lambda job: life.requeued(job, "no room", now=NOW),
    lambda job: life.stopped(job, a_stopped(0), now=NOW),
    lambda job: life.stopped(job, a_stopped(1), now=NOW),
    lambda job: life.stopped(job, a_stopped(None, "SpotInterruption"), now=NOW),
    lambda job: life.stopped(job, a_stopped(137, "UserInitiated"), now=NOW),
    lambda job: life.lost(job, "gone", now=NOW),
    lambda job: life.recalled(job, "a member was refused", now=NOW),
    lambda job: life.cancelled(job, now=NOW),
    lambda job: life.overdue(job, now=LATER),
    lambda job: life.rejected(job, "too large", now=NOW),
    lambda job: life.released(job, {"x": State.SUCCEEDED}, now=NOW),
    lambda job: life.released(job, {"x": State.FAILED}, now=NOW),
]
beginnings = st.builds(
    lambda held, attempts, lost, timeout: a_job(
        held=held,
        depends_on=("x",) if held else (),
        retries=Retries(attempts=attempts, lost=lost),
        timeout_seconds=timeout,
    ),
    st.booleans(),
    st.integers(0, 3),
    st.integers(0, 3),
    st.none() | st.integers(1, 100),
)


def whole(job: Job) -> bool:
    """Whether the fields are those of the state."""
    call = (job.call, job.token, job.instance, job.ec2_id, job.placed_at)
    match job.state:
        case State.WAITING:
            return not any((*call, job.task, job.deadline, job.started_at, job.ending, job.finished_at))
        case State.PLACING:
            return all(call) and not job.task and bool(job.deadline) and not job.held
        case State.RUNNING:
            return all(call) and bool(job.task) and not job.held and (not job.ending or bool(job.deadline))
        case _:
            return bool(job.finished_at) and not (job.ending or job.deadline or job.held)


@given(beginnings, st.lists(st.sampled_from(STEPS), max_size=40))
def test_a_job_stays_whole_whatever_happens(job: Job, steps: list[Callable[[Job], Job]]) -> None:
    for step in steps:
        new = step(job)
        assert whole(new)
        assert new is job or not job.state.final
        assert (new is job) == (new == job)
        assert new.attempt - job.attempt in {0, 1}
        assert (new.id, new.rank, new.version, new.payload) == (job.id, job.rank, job.version, job.payload)
        assert (new.failures + new.lost) <= job.retries.attempts + job.retries.lost
        job = new


@given(beginnings, st.lists(st.sampled_from(STEPS), max_size=40))
def test_what_is_told_twice_counts_once(job: Job, steps: list[Callable[[Job], Job]]) -> None:
    for step in steps:
        job = step(job)
        assert step(job) is job
