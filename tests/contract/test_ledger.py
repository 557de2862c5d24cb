"""One set of promises over every Ledger."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from msgspec.structs import replace

from everyday.adapters.memory_ledger import MemoryLedger
from everyday.errors import LedgerConflict
from everyday.jobs.board import Board
from everyday.jobs.model import Call, Group, Job, Overrides, Retries, State, Tally
from everyday.jobs.ports import Lane, Ledger
from tests.contract.ledgers import NONE, an_array, dynamo, dynamodb, ended, jobs_table, parent_of
from tests.job_builders import a_job

__all__ = ["dynamo", "dynamodb", "jobs_table"]

ENV = {"name": "EVERYDAY_ARRAY_INDEX"}


@pytest.fixture(params=["memory", "dynamo"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    if request.param == "memory":
        return MemoryLedger()
    made: Ledger = request.getfixturevalue("dynamo")
    return made


def ids(jobs: Iterable[Job]) -> list[str]:
    return [job.id for job in jobs]


def lanes_of(ledger: Ledger, cluster: str = "main") -> dict[str, list[str]]:
    found = {lane.value: ids(ledger.listed(cluster, lane)) for lane in Lane}
    return {lane: jobs for lane, jobs in found.items() if jobs}


# Every ledger


def test_a_job_comes_back_whole_with_its_new_version(ledger: Ledger) -> None:
    job = a_job(
        state=State.RUNNING,
        retries=Retries(attempts=2, exit_codes=(1, 137)),
        depends_on=("x", "y/3"),
        group=Group("g", 4),
        reason="Zoë\u202e <b>\N{SNOWFLAKE}",
        ending=State.CANCELLED,
        rank=-5,
    )
    stored = ledger.add(job, NONE)
    assert stored == replace(job, version=1)
    assert ledger.get_many([job.id]) == {job.id: stored}
    assert ledger.put(replace(stored, reason=None)).version == 2


def test_a_known_id_gives_back_the_job_that_is_there(ledger: Ledger) -> None:
    first = ledger.add(a_job(payload="a"), Overrides({"cpu": "1"}))
    moved = ledger.put(replace(first, state=State.PLACING))
    assert ledger.add(a_job(payload="b"), Overrides({"cpu": "2"})) == moved
    assert ledger.overrides([first.id]) == {first.id: Overrides({"cpu": "1"})}


def test_of_many_that_add_one_job_one_does(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda number: ledger.add(a_job(payload=str(number)), NONE), range(24)))
    assert len({job.payload for job in stored}) == 1


def test_a_rejected_jobs_id_may_be_used_again_and_by_one_only(ledger: Ledger) -> None:
    rejected = ledger.add(ended(a_job(), State.REJECTED), Overrides({"cpu": "1"}))
    again = replace(a_job(payload="new"), version=rejected.version)
    stored = ledger.add(again, Overrides({"cpu": "2"}))
    assert stored == replace(again, version=2)
    assert ledger.add(replace(again, payload="late"), NONE) == stored
    assert ledger.overrides([stored.id]) == {stored.id: Overrides({"cpu": "2"})}
    assert lanes_of(ledger) == {"waiting": [stored.id]}


def test_the_place_of_a_job_that_is_gone_is_not_taken(ledger: Ledger) -> None:
    with pytest.raises(LedgerConflict, match="gone"):
        ledger.add(a_job(version=1), NONE)


def test_many_are_read_at_once_and_the_unknown_are_left_out(ledger: Ledger) -> None:
    known = {job.id: job for job in (ledger.add(a_job(f"j{number}"), NONE) for number in range(120))}
    wanted = [*known, *list(known)[:5], "unknown", "unknown/3"]
    assert ledger.get_many(wanted) == known
    assert ledger.overrides(wanted) == dict.fromkeys(known, NONE)
    assert (ledger.get_many([]), ledger.overrides([])) == ({}, {})


def test_overrides_come_back_as_they_were_given_and_survive_changes(ledger: Ledger) -> None:
    value = {"containerOverrides": [{"name": "a", "command": ["x", "é"]}], "cpu": "256"}
    job = ledger.add(a_job(), Overrides(value))
    ledger.put(replace(job, state=State.PLACING))
    assert ledger.overrides([job.id]) == {job.id: Overrides(value)}


def test_a_version_that_is_not_stored_is_refused(ledger: Ledger) -> None:
    first = ledger.add(a_job(), NONE)
    second = ledger.put(first)
    for stale in (a_job(), first, replace(second, version=9), a_job("unknown", version=1)):
        with pytest.raises(LedgerConflict):
            ledger.put(stale)
    assert ledger.get_many([first.id, "unknown"]) == {first.id: second}


def test_of_many_writers_of_one_version_one_wins(ledger: Ledger) -> None:
    stored = ledger.add(a_job(), NONE)

    def write(number: int) -> bool:
        try:
            ledger.put(replace(stored, reason=str(number)))
        except LedgerConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(24)))
    assert won.count(True) == 1
    assert ledger.get_many([stored.id])[stored.id].reason == str(won.index(True))


@pytest.mark.parametrize("state", [state for state in State if state.final])
def test_a_final_job_never_changes(ledger: Ledger, state: State) -> None:
    final = ledger.put(ended(ledger.add(a_job(), NONE), state))
    with pytest.raises(LedgerConflict):
        ledger.put(replace(final, state=State.WAITING))
    assert ledger.get_many([final.id]) == {final.id: final}


@pytest.mark.parametrize(
    ("changes", "lane"),
    [
        ({}, "waiting"),
        ({"held": True}, "held"),
        ({"size": 2}, "arrays"),
        ({"state": State.PLACING}, "open"),
        ({"state": State.RUNNING, "deadline": 3}, "open"),
        *[({"state": state}, "done") for state in State if state.final],
        ({"state": State.REJECTED, "size": 2}, "done"),
    ],
)
def test_a_job_is_in_the_one_list_of_its_state(ledger: Ledger, changes: dict[str, Any], lane: str) -> None:
    waiting = ledger.add(a_job("other"), NONE)
    assert ledger.add(a_job("a", **changes), NONE)
    ledger.put(replace(waiting, **changes))
    assert {name: set(found) for name, found in lanes_of(ledger).items()} == {lane: {"a", "other"}}
    assert lanes_of(ledger, "another") == {}


def test_what_waits_is_listed_by_rank_and_then_by_id(ledger: Ledger) -> None:
    for id_, rank in {"d": 99, "c": 100, "b": -7, "a": 100, "e": -70, "f": 10**13}.items():
        for held in (False, True):
            ledger.add(a_job(f"{id_}{held:d}", rank=rank, held=held), NONE)
    assert lanes_of(ledger) == {
        "waiting": ["e0", "b0", "d0", "a0", "c0", "f0"],
        "held": ["e1", "b1", "d1", "a1", "c1", "f1"],
    }
    assert ids(ledger.listed("main", Lane.WAITING, limit=2)) == ["e0", "b0"]


DEADLINES = {"d": None, "a": 99, "b": 100, "c": 101}


@pytest.mark.parametrize(
    ("until", "found"), [(None, "abcd"), (98, ""), (99, "a"), (100, "ab"), (9**9, "abc")]
)
def test_what_is_open_is_listed_by_deadline(ledger: Ledger, until: int | None, found: str) -> None:
    for id_, deadline in DEADLINES.items():
        ledger.add(a_job(id_, state=State.RUNNING, deadline=deadline), NONE)
    assert ids(ledger.listed("main", Lane.OPEN, until=until)) == list(found)


@pytest.mark.parametrize(("since", "found"), [(None, "cba"), (101, "c"), (100, "cb"), (0, "cba"), (102, "")])
def test_what_is_done_is_listed_newest_first(ledger: Ledger, since: int | None, found: str) -> None:
    for id_, at in {"b": 100, "a": 99, "c": 101}.items():
        ledger.add(ended(a_job(id_), at=at), NONE)
    assert ids(ledger.listed("main", Lane.DONE, until=since)) == list(found)
    assert ids(ledger.listed("main", Lane.DONE, until=since, limit=1)) == list(found[:1])


def test_listings_go_on_over_pages(ledger: Ledger) -> None:
    long = "x" * 9_000
    names = [f"{number:04}" for number in range(300)]  # 2.7 MB: DynamoDB ends a page at 1 MB
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda id_: ledger.add(a_job(id_, reason=long), NONE), names))
    assert ids(ledger.listed("main", Lane.WAITING)) == names
    assert ids(ledger.listed("main", Lane.WAITING, limit=250)) == names[:250]


def test_a_listing_may_be_changed_while_it_is_read(ledger: Ledger) -> None:
    for number in range(60):
        ledger.add(a_job(f"{number:02}"), NONE)
    for job in ledger.listed("main", Lane.WAITING):
        ledger.put(replace(job, state=State.PLACING, deadline=7))
    assert {lane: len(found) for lane, found in lanes_of(ledger).items()} == {"open": 60}


# Many at once


def test_many_new_jobs_are_added_and_the_known_stay_as_they_are(ledger: Ledger) -> None:
    first = ledger.put(replace(ledger.add(a_job("00070"), NONE), state=State.PLACING, deadline=5))
    jobs = [a_job(f"{number:05}") for number in range(110)]  # a transaction takes 99
    for _ in range(2):
        ledger.add_all(jobs)
    assert ledger.get_many(["00070"]) == {"00070": first}
    assert lanes_of(ledger)["waiting"] == [job.id for job in jobs if job.id != "00070"]
    ledger.add_all([])


def test_many_changes_are_stored_but_those_that_come_too_late(ledger: Ledger) -> None:
    children = an_array(ledger, 104)
    alone = ledger.add(a_job("alone"), NONE)
    taken = ledger.put(replace(children[7], state=State.RUNNING))
    ledger.put_all(
        [
            *(ended(child, State.CANCELLED, at=5) for child in children[:60]),
            *(ended(child, State.SUCCEEDED, at=6) for child in children[60:]),
            replace(alone, reason="new"),
            a_job("unknown", version=3),
        ]
    )
    assert ledger.get_many([taken.id, "alone"]) == {
        taken.id: taken,
        "alone": replace(alone, reason="new", version=2),
    }
    parent = parent_of(ledger)
    assert (parent.tally, parent.state) == (Tally(succeeded=44, failed=59), State.WAITING)
    ledger.put_all([ended(taken, State.CANCELLED, at=9)])
    parent = parent_of(ledger)
    assert (parent.tally.failed, parent.state, parent.finished_at) == (60, State.FAILED, 9)
    assert lanes_of(ledger)["done"][0] == parent.id or lanes_of(ledger)["done"][0] == taken.id


def test_an_array_may_end_at_one_stroke(ledger: Ledger) -> None:
    children = an_array(ledger, 5)
    ledger.put_all([ended(child, at=index) for index, child in enumerate(children)])
    assert (parent_of(ledger).state, parent_of(ledger).finished_at) == (State.SUCCEEDED, 4)


# Arrays


def test_an_array_ends_with_the_last_of_its_children(ledger: Ledger) -> None:
    first, second, third = an_array(ledger, 3)
    ledger.put(ended(second, State.SUCCEEDED, at=5))
    ledger.put(ended(first, State.SUCCEEDED, at=9))
    assert (parent_of(ledger).tally, parent_of(ledger).state) == (Tally(succeeded=2), State.WAITING)
    assert lanes_of(ledger) == {"arrays": ["p"], "waiting": ["p/2"], "done": ["p/0", "p/1"]}
    ledger.put(ended(third, State.SUCCEEDED, at=7))
    parent = parent_of(ledger)
    assert (parent.state, parent.tally, parent.finished_at) == (State.SUCCEEDED, Tally(succeeded=3), 7)
    assert lanes_of(ledger) == {"done": ["p/0", "p/2", "p", "p/1"]} or lanes_of(ledger) == {
        "done": ["p/0", "p", "p/2", "p/1"]
    }
    (listed,) = (job for job in ledger.listed("main", Lane.DONE) if job.id == "p")
    assert listed == parent


@pytest.mark.parametrize(
    ("ending", "states", "outcome"),
    [
        (None, [State.SUCCEEDED, State.FAILED], State.FAILED),
        (None, [State.TIMED_OUT, State.CANCELLED], State.FAILED),
        (State.CANCELLED, [State.SUCCEEDED, State.CANCELLED], State.CANCELLED),
        (State.CANCELLED, [State.SUCCEEDED, State.SUCCEEDED], State.SUCCEEDED),
    ],
)
def test_what_an_array_comes_to(
    ledger: Ledger, ending: State | None, states: list[State], outcome: State
) -> None:
    children = an_array(ledger, 2)
    ledger.put(replace(parent_of(ledger), ending=ending))
    for child, state in zip(children, states, strict=True):
        ledger.put(ended(child, state))
    assert parent_of(ledger).state is outcome


def test_a_change_of_an_array_takes_nothing_from_its_tally(ledger: Ledger) -> None:
    first, second = an_array(ledger, 2)
    before = parent_of(ledger)
    ledger.put(ended(first))
    marked = ledger.put(replace(before, ending=State.CANCELLED))
    assert parent_of(ledger) == replace(marked, tally=Tally(succeeded=1))
    ledger.put(ended(second))
    with pytest.raises(LedgerConflict):
        ledger.put(replace(marked, ending=None))


def test_a_child_is_counted_once_however_many_say_that_it_ended(ledger: Ledger) -> None:
    children = an_array(ledger, 6)

    def end(child: Job) -> bool:
        try:
            ledger.put(ended(child))
        except LedgerConflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(end, children * 4)).count(True) == 6
    assert parent_of(ledger).tally == Tally(succeeded=6)
    assert parent_of(ledger).state is State.SUCCEEDED


def test_a_child_ends_without_its_parent_too(ledger: Ledger) -> None:
    child = ledger.add(a_job("p/0", parent="p", index=0), NONE)
    assert ledger.put(ended(child)).state is State.SUCCEEDED
    assert lanes_of(ledger) == {"done": ["p/0"]}


def test_each_child_is_told_its_place_by_the_first_container(ledger: Ledger) -> None:
    an_array(ledger, 2)
    found = ledger.overrides(["p/1", "p/0", "p"])
    expected = {
        f"p/{index}": {
            "containerOverrides": [{"name": "main", "environment": [{**ENV, "value": str(index)}]}]
        }
        for index in (0, 1)
    }
    assert {id_: it.value for id_, it in found.items()} == {
        **expected,
        "p": {"containerOverrides": [{"name": "main"}]},
    }


# Calls and boards


def test_a_call_is_remembered_as_it_was_first(ledger: Ledger) -> None:
    call = Call(id="c", cluster="main", token="t", members=(("a", 1), ("p/3", 2)))
    ledger.add_call(call)
    ledger.add_call(replace(call, members=()))
    assert (ledger.call("c"), ledger.call("d")) == (call, None)


def test_a_board_gives_way_to_a_younger_one_only(ledger: Ledger) -> None:
    first = Board(cluster="main", at=5, waiting=1)
    same, younger = replace(first, waiting=2), replace(first, at=6, waiting=3)
    assert ledger.board("main") is None
    for board, stands in [(first, first), (same, same), (younger, younger), (first, younger)]:
        ledger.put_board(board)
        assert ledger.board("main") == stands
    assert (ledger.board("other"), lanes_of(ledger)) == (None, {})


def test_calls_and_boards_never_take_the_place_of_a_job(ledger: Ledger) -> None:
    child = ledger.add(replace(a_job("board/1"), parent="board", index=1), NONE)
    other = ledger.add(replace(a_job("call/2"), parent="call", index=2), NONE)
    ledger.put_board(Board(cluster="1", at=5))
    ledger.add_call(Call(id="2", cluster="main", token="t", members=()))
    assert ledger.get_many([child.id, other.id]) == {child.id: child, other.id: other}
