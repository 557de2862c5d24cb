"""The owner's verbs: cancel, show, list, depth."""

from typing import Any

import pytest
from msgspec.structs import replace

from everyday.adapters.memory_ledger import MemoryLedger
from everyday.adapters.memory_queues import MemoryWakes
from everyday.errors import JobEnded, JobUnknown, LedgerConflict
from everyday.jobs.board import Board, BoardWait
from everyday.jobs.circles import circle
from everyday.jobs.desk import Depth, Desk, Wanted
from everyday.jobs.model import Amount, Job, JobClass, Overrides, State
from everyday.jobs.plan import Why
from tests.job_builders import ENQUEUED, a_job
from tests.unit.jobs.inbox_world import NOW, NOW_MS, ids


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def wakes() -> MemoryWakes:
    return MemoryWakes()


@pytest.fixture
def desk(ledger: MemoryLedger, wakes: MemoryWakes) -> Desk:
    new_ids = iter("123456789")
    return Desk(ledger, wakes, lambda: NOW, lambda: next(new_ids))


def add(ledger: MemoryLedger, job_id: str, **changes: Any) -> Job:
    return ledger.add(a_job(job_id, **changes), Overrides())


def an_array(ledger: MemoryLedger, *states: State) -> None:
    add(ledger, "p", size=len(states))
    for index, state in enumerate(states):
        child = add(ledger, f"p/{index}", parent="p", index=index)
        ledger.put(replace(child, state=state, finished_at=1 if state.final else None))


# Cancel


@pytest.mark.parametrize(
    ("changes", "state", "ending"),
    [
        ({}, State.CANCELLED, None),
        ({"held": True, "depends_on": ("x",)}, State.CANCELLED, None),
        ({"state": State.PLACING, "deadline": 5}, State.PLACING, State.CANCELLED),
        ({"state": State.RUNNING}, State.RUNNING, State.CANCELLED),
    ],
)
def test_cancelling_ends_what_waits_and_has_the_scheduler_stop_what_runs(
    ledger: MemoryLedger, wakes: MemoryWakes, desk: Desk, changes: dict[str, Any], state: State, ending: Any
) -> None:
    add(ledger, "a", **changes)
    job = desk.cancel("a")
    assert (job.state, job.ending) == (state, ending)
    assert [wake.cluster for wake in wakes.sent] == ["main"]
    again = desk.cancel("a") if not state.final else job
    assert again == job, "cancelling twice is cancelling once"


def test_cancelling_an_array_cancels_all_of_its_children(ledger: MemoryLedger, desk: Desk) -> None:
    an_array(ledger, State.SUCCEEDED, State.WAITING, State.RUNNING, State.WAITING)
    assert desk.cancel("p").ending is State.CANCELLED
    children = [ledger.jobs[f"p/{index}"] for index in range(4)]
    assert [it.state for it in children] == [State.SUCCEEDED, State.CANCELLED, State.RUNNING, State.CANCELLED]
    assert children[2].ending is State.CANCELLED
    ledger.put(replace(children[2], state=State.CANCELLED, finished_at=2, ending=None))
    assert ledger.jobs["p"].state is State.CANCELLED


def test_one_child_is_cancelled_alone(ledger: MemoryLedger, desk: Desk) -> None:
    an_array(ledger, State.WAITING, State.WAITING)
    assert desk.cancel("p/1").state is State.CANCELLED
    assert ledger.jobs["p/0"].state is State.WAITING


@pytest.mark.parametrize("state", [state for state in State if state.final])
def test_what_is_over_cannot_be_cancelled(ledger: MemoryLedger, desk: Desk, state: State) -> None:
    add(ledger, "a", state=state, finished_at=1)
    with pytest.raises(JobEnded, match=f"a is {state} already"):
        desk.cancel("a")


def test_a_whole_array_that_is_over_cannot_be_cancelled(ledger: MemoryLedger, desk: Desk) -> None:
    an_array(ledger, State.SUCCEEDED, State.FAILED)
    with pytest.raises(JobEnded, match="p is FAILED already"):
        desk.cancel("p")


def test_an_unknown_job_is_named(desk: Desk) -> None:
    for verb in (desk.cancel, desk.show):
        with pytest.raises(JobUnknown, match="'nobody'"):
            verb("nobody")


def test_cancelling_wins_against_somebody_who_was_faster(
    ledger: MemoryLedger, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(ledger, "a")
    put, late = ledger.put, iter([True])

    def overtaken(job: Job) -> Job:
        if next(late, False):
            put(replace(ledger.jobs["a"], state=State.RUNNING))
        return put(job)

    monkeypatch.setattr(ledger, "put", overtaken)
    job = desk.cancel("a")
    assert (job.state, job.ending) == (State.RUNNING, State.CANCELLED)


def test_cancelling_does_not_try_for_ever(
    ledger: MemoryLedger, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(ledger, "a")
    tries: list[Job] = []

    def busy(job: Job) -> Job:
        tries.append(job)
        raise LedgerConflict("no")

    monkeypatch.setattr(ledger, "put", busy)
    with pytest.raises(LedgerConflict, match="try again"):
        desk.cancel("a")
    assert len(tries) == 5


# Show


def test_a_waiting_job_says_its_place_and_why(ledger: MemoryLedger, desk: Desk) -> None:
    for id_, rank in (("b", 2), ("a", 1), ("c", 2)):
        add(ledger, id_, rank=rank)
    waits = (BoardWait(amount=Amount(), why=Why.NO_ROOM, text="needs 100 MiB"),)
    ledger.put_board(Board(cluster="main", at=1, waits=waits, waits_of={"c": 0}))
    assert [desk.show(id_).place for id_ in "abc"] == [1, 2, 3]
    assert [desk.show(id_).waits for id_ in "abc"] == [None, None, "needs 100 MiB"]


def test_a_job_that_runs_has_no_place_and_waits_for_nothing(ledger: MemoryLedger, desk: Desk) -> None:
    add(ledger, "a", state=State.RUNNING)
    sight = desk.show("a")
    assert (sight.place, sight.waits, sight.outcome, sight.circle) == (None, None, State.RUNNING, ())


def test_a_held_job_names_those_that_it_waits_for(ledger: MemoryLedger, desk: Desk) -> None:
    add(ledger, "x", state=State.SUCCEEDED, finished_at=1)
    add(ledger, "y", state=State.RUNNING)
    add(ledger, "a", held=True, depends_on=("x", "y", "z"))
    sight = desk.show("a")
    assert sight.parents == {"x": State.SUCCEEDED, "y": State.RUNNING, "z": None}
    assert sight.waits == "waits for y (RUNNING), z (no job of that id is known)"
    assert (sight.place, sight.circle) == (None, ())


def test_an_array_says_what_its_children_wait_for(ledger: MemoryLedger, desk: Desk) -> None:
    add(ledger, "x", state=State.RUNNING)
    add(ledger, "p", size=2, depends_on=("x",))
    for index in (0, 1):
        add(ledger, f"p/{index}", parent="p", index=index, held=True, depends_on=("x",))
    assert desk.show("p").waits == "waits for x (RUNNING)"
    ledger.put(replace(ledger.jobs["x"], state=State.SUCCEEDED, finished_at=1))
    assert desk.show("p").waits is None


def test_jobs_that_wait_for_each_other_say_so_and_so_does_who_waits_for_them(
    ledger: MemoryLedger, desk: Desk
) -> None:
    add(ledger, "a", held=True, depends_on=("b",))
    add(ledger, "p", size=2, depends_on=("a",))
    add(ledger, "b", held=True, depends_on=("p",))
    add(ledger, "late", held=True, depends_on=("b",))
    assert (
        desk.show("a").waits
        == "a waits for b waits for p waits for a: none of them can ever start; cancel one"
    )
    assert set(desk.show("late").circle) == {"a", "b", "p"}


def test_an_array_counts_its_children(ledger: MemoryLedger, desk: Desk) -> None:
    an_array(ledger, State.SUCCEEDED, State.FAILED, State.RUNNING, State.FAILED)
    assert desk.show("p").children == {State.SUCCEEDED: 1, State.FAILED: 2, State.RUNNING: 1}
    assert desk.show("p").outcome is State.WAITING


@pytest.mark.parametrize(
    ("waits_for", "found"),
    [
        ({}, ()),
        ({"a": ["b"], "b": []}, ()),
        ({"a": ["a"]}, ("a",)),
        ({"a": ["x", "b"], "b": ["x", "c"], "c": ["a"]}, ("a", "b", "c")),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, ("b", "c")),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, ()),
        ({"b": ["c"], "c": ["b"]}, ()),
    ],
)
def test_a_circle_is_found_from_wherever_it_can_be_reached(waits_for: Any, found: tuple[str, ...]) -> None:
    assert circle("a", waits_for) == found


def test_a_long_chain_is_no_circle_and_no_trouble() -> None:
    chain = {str(number): [str(number + 1)] for number in range(5000)}
    assert circle("0", chain) == ()
    assert len(circle("0", {**chain, "5000": ["0"]})) == 5001


# List and depth


@pytest.fixture
def many(ledger: MemoryLedger) -> None:
    add(ledger, "low", job_class=JobClass.LOW, rank=9, enqueued_at=ENQUEUED - 5)
    add(ledger, "high", job_class=JobClass.HIGH, rank=1, queue="q")
    add(ledger, "held", held=True)
    add(ledger, "runs", state=State.RUNNING)
    add(ledger, "done", state=State.FAILED, finished_at=1)
    an_array(ledger, State.SUCCEEDED, State.WAITING)
    add(ledger, "elsewhere", cluster="other")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), ["runs", "p", "high", "low", "p/1", "held", "p/0", "done"]),
        (Wanted(children=False), ["runs", "p", "high", "low", "held", "done"]),
        (Wanted(states=[State.RUNNING]), ["runs"]),
        (Wanted(states=[State.WAITING], children=False), ["p", "high", "low", "held"]),
        (Wanted(states=[State.SUCCEEDED, State.FAILED]), ["p/0", "done"]),
        (Wanted(classes=[JobClass.HIGH, JobClass.LOW]), ["high", "low"]),
        (Wanted(queues=["q"]), ["high"]),
        (Wanted(queues=["nothing"]), []),
    ],
)
@pytest.mark.usefixtures("many")
def test_what_runs_is_listed_first_then_the_queue_then_what_is_over(
    desk: Desk, wanted: Wanted, found: list[str]
) -> None:
    assert ids(desk.listed("main", wanted)) == found
    assert ids(desk.listed("main", wanted, limit=2)) == found[:2]


@pytest.mark.usefixtures("many")
def test_the_depth_of_each_queue_and_class_and_since_when(desk: Desk) -> None:
    assert desk.depth("main") == [
        Depth(queue="default", job_class=JobClass.NORMAL, waiting=1, held=1, oldest_at=ENQUEUED),
        Depth(queue="default", job_class=JobClass.LOW, waiting=1, held=0, oldest_at=ENQUEUED - 5),
        Depth(queue="q", job_class=JobClass.HIGH, waiting=1, held=0, oldest_at=ENQUEUED),
    ]
    assert desk.depth("empty") == []


def test_a_cancelled_job_is_over_when_the_desks_clock_says(ledger: MemoryLedger, desk: Desk) -> None:
    add(ledger, "a")
    assert desk.cancel("a").finished_at == NOW_MS
