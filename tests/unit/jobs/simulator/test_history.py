"""The history checker: each promise is broken once, and it notices."""

import pytest

from everyday.jobs.model import Amount
from everyday.jobs.simulator.history import Happened, Kind, broken

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
