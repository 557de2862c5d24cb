"""The history checker: each promise is broken once, and it notices."""

import pytest

from everyday.jobs.model import Amount, Demand, JobClass
from everyday.jobs.simulator.history import Happened, Kind, broken, overtaken
from tests.job_builders import a_job

REGISTERED = {"i-1": Amount(memory=100)}
DEMANDS = {"a": Amount(memory=60), "b": Amount(memory=60)}
S, A, R, E = Kind.SUBMITTED, Kind.ACCEPTED, Kind.RUNNING, Kind.STOPPED


def story(*lines: tuple[Kind, str, str]) -> list[Happened]:
    return [
        Happened(at, what, job, task, "i-1" if task else "") for at, (what, job, task) in enumerate(lines)
    ]


ONE = ((S, "a", ""), (A, "a", "t1"), (R, "a", "t1"), (E, "a", "t1"))
OTHER = ((S, "b", ""), (A, "b", "t2"), (R, "b", "t2"), (E, "b", "t2"))


def test_one_after_the_other_keeps_every_promise() -> None:
    assert broken(story(*ONE, *OTHER), REGISTERED, DEMANDS) == []


def test_a_second_task_after_the_first_has_stopped_is_another_attempt() -> None:
    again = ((A, "a", "t9"), (R, "a", "t9"), (E, "a", "t9"))
    assert broken(story(*ONE, *again), REGISTERED, DEMANDS) == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((*ONE[:3], *OTHER, ONE[3]), "holds"),
        ((*ONE[:2], (A, "a", "t9"), *ONE[2:], (E, "a", "t9")), "two tasks alive"),
        (ONE[:1], "was lost"),
        (ONE[:2], "was lost"),
        (ONE[:3], "never stopped"),
        ((*ONE, ONE[3]), "stopped twice"),
        (ONE[1:], "nobody submitted"),
    ],
)
def test_a_broken_promise_is_named(lines: tuple[tuple[Kind, str, str], ...], said: str) -> None:
    assert any(said in line for line in broken(story(*lines), REGISTERED, DEMANDS))


def test_room_may_count_from_running_on() -> None:
    pending = (*ONE[:3], *OTHER[:2], ONE[3], *OTHER[2:])
    assert broken(story(*pending), REGISTERED, DEMANDS) != []
    assert broken(story(*pending), REGISTERED, DEMANDS, holds_from=R) == []


def test_what_is_still_under_way_is_no_fault_of_an_unfinished_history() -> None:
    assert broken(story(*ONE[:3], OTHER[0]), REGISTERED, DEMANDS, finished=False) == []


def test_a_second_task_for_one_attempt_is_one_too_many_even_after_the_first() -> None:
    lines = [it._replace(attempt=1) for it in story(*ONE, (A, "a", "t9"), (E, "a", "t9"))]
    assert any("second task" in line for line in broken(lines, REGISTERED, DEMANDS))
    lines = [it._replace(attempt=1 if it.task == "t1" else 2) for it in lines]
    assert broken(lines, REGISTERED, DEMANDS) == []


def test_a_job_that_ended_without_a_task_is_not_lost_but_one_with_a_task_left_is_not_at_its_end() -> None:
    assert broken(story(ONE[0], (Kind.ENDED, "a", "")), REGISTERED, DEMANDS) == []
    left = story(*ONE[:3], (Kind.ENDED, "a", ""))
    assert any("never stopped" in line for line in broken(left, REGISTERED, DEMANDS))


def test_tasks_of_others_hold_room_and_nothing_else_of_them_is_judged() -> None:
    foreign = Happened(0, A, "", "t0", "i-1", demand=Amount(memory=50))
    assert broken([foreign], REGISTERED, DEMANDS) == []
    assert any("holds" in line for line in broken([foreign, *story(*ONE)], REGISTERED, DEMANDS))


@pytest.mark.parametrize(
    ("job_class", "memory", "at", "passed"),
    [
        (JobClass.HIGH, 60, 2, True),
        (JobClass.LOW, 60, 2, False),
        (JobClass.HIGH, 61, 2, False),
        (JobClass.HIGH, 60, 1, False),
    ],
)
def test_a_start_in_the_place_of_a_higher_job_that_still_waits_is_told(
    job_class: JobClass, memory: int, at: int, passed: bool
) -> None:
    low = a_job("low", job_class=JobClass.LOW, demand=Demand(Amount(memory=60)), rank=9)
    first = a_job("first", job_class=job_class, demand=Demand(Amount(memory=memory)), rank=1)
    lines = [
        Happened(0, S, "low"),
        Happened(0, S, "first"),
        Happened(1, A, "low", "t1", "i-1"),
        Happened(at, A, "first", "t2", "i-1"),
    ]
    assert bool(overtaken(lines, {"low": low, "first": first})) is passed
