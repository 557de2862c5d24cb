"""The inbox: messages become jobs exactly once, and what can never run is told apart with its reason."""

from typing import Any

import pytest
from msgspec.structs import replace

from everyday.errors import EcsThrottled, EcsUnavailable, EventsUnavailable, LedgerUnavailable
from everyday.jobs.model import State
from everyday.jobs.ports import Lane
from tests.job_builders import DEFINITION, ENQUEUED, a_definition, job_record
from tests.unit.jobs.inbox_world import NOW_MS, Crash, Fuse, InboxWorld, ids


@pytest.fixture
def world() -> InboxWorld:
    return InboxWorld()


class Away:
    """A service that does not answer; `but` is asked for all else."""

    def __init__(self, but: Any, *calls: str, error: Exception) -> None:
        self._but, self._calls, self._error = but, calls, error

    def __getattr__(self, name: str) -> Any:
        if name not in self._calls:
            return getattr(self._but, name)

        def fail(*_: Any, **__: Any) -> Any:
            raise self._error

        return fail


# What is taken in


def test_a_job_waits_in_the_ledger_and_somebody_is_woken_for_it(world: InboxWorld) -> None:
    assert world.send(id="a", cluster="other") == []
    job = world.job("a")
    assert (job.state, job.cluster, job.enqueued_at) == (State.WAITING, "other", ENQUEUED)
    (wake,) = world.wakes.sent
    assert (wake.cluster, wake.fresh) == ("other", ("a",))


def test_without_an_id_the_messages_own_is_taken_and_the_first_cluster(world: InboxWorld) -> None:
    world.send("0f8e2d4c-0000-4000-8000-000000000000")
    assert world.job("0f8e2d4c-0000-4000-8000-000000000000").cluster == "main"


def test_the_age_of_a_job_is_that_of_its_message_whatever_our_clock_says(world: InboxWorld) -> None:
    for number, shift in enumerate((0, 3600, -3600)):
        world.wait(shift)
        world.send(id=f"j{number}", sent_at=ENQUEUED + number)
    assert ids(world.ledger.listed("main", Lane.WAITING)) == ["j0", "j1", "j2"]


def test_a_batch_wakes_each_cluster_once(world: InboxWorld) -> None:
    world.take(
        *(
            job_record(id_, id=id_, cluster=to)
            for id_, to in zip("abc", ["main", "other", "main"], strict=True)
        )
    )
    assert {(wake.cluster, wake.fresh) for wake in world.wakes.sent} == {
        ("main", ("a", "c")),
        ("other", ("b",)),
    }


def test_a_duplicate_changes_nothing_and_wakes_all_the_same(world: InboxWorld) -> None:
    world.send(id="a")
    world.ledger.put(replace(world.job("a"), state=State.PLACING))
    before = world.job("a")
    for _ in range(50):
        assert world.send(id="a") == []
    assert world.job("a") == before
    assert len(world.wakes.sent) == 51
    assert world.dead_letters.letters == []


def test_a_definition_is_asked_for_once_a_minute(world: InboxWorld) -> None:
    inbox = world.inbox()
    for number in range(5):
        world.take(job_record(id=f"j{number}"), inbox=inbox)
    assert len(world.definitions.asked) == 1
    world.wait(61)
    world.definitions.known[DEFINITION] = a_definition(containers=("new",))
    world.take(job_record(id="last", memory=7), inbox=inbox)
    assert len(world.definitions.asked) == 2
    (container,) = world.ledger.overrides(["last"])["last"].value["containerOverrides"]
    assert container["name"] == "new"


# Arrays and dependencies


def test_an_array_is_its_parent_and_all_of_its_children(world: InboxWorld) -> None:
    world.send(id="p", array=300)
    assert ids(world.ledger.listed("main", Lane.ARRAYS)) == ["p"]
    assert set(ids(world.ledger.listed("main", Lane.WAITING))) == {f"p/{index}" for index in range(300)}
    (wake,) = world.wakes.sent
    assert wake.fresh == tuple(f"p/{index}" for index in range(200)), "a wake stays small"


def test_a_duplicate_of_an_array_writes_nothing(world: InboxWorld) -> None:
    world.send(id="p", array=300)
    there = world.ledger
    away = Away(there, "add", "add_all", "put", "put_all", error=LedgerUnavailable("no writes"))
    world.ledger = away  # type: ignore[assignment]
    assert world.send(id="p", array=300) == []
    assert len(world.wakes.sent) == 2


def test_an_array_that_was_cancelled_while_it_came_in_is_cancelled_whole(world: InboxWorld) -> None:
    world.send(id="p", array=3)
    for index in (1, 2):
        del world.ledger.jobs[f"p/{index}"]
    world.ledger.put(replace(world.job("p"), ending=State.CANCELLED))
    world.send(id="p", array=3)
    assert [world.job(f"p/{index}").state for index in range(3)] == [State.CANCELLED] * 3
    assert world.job("p").state is State.CANCELLED


@pytest.mark.parametrize(
    ("before", "state", "held"),
    [
        (None, State.WAITING, True),
        (State.RUNNING, State.WAITING, True),
        (State.SUCCEEDED, State.WAITING, False),
        (State.FAILED, State.CANCELLED, False),
        (State.REJECTED, State.CANCELLED, False),
    ],
)
def test_a_job_waits_for_those_that_it_depends_on(
    world: InboxWorld, before: State | None, state: State, held: bool
) -> None:
    if before:
        world.send(id="x")
        world.ledger.put(replace(world.job("x"), state=before, finished_at=1))
    world.send(id="a", depends_on=["x"])
    assert (world.job("a").state, world.job("a").held) == (state, held)
    world.send(id="p", depends_on=["x"], array=2)
    if state is State.CANCELLED:
        assert (world.job("p").state, "p/0" in world.ledger.jobs) == (State.CANCELLED, False)
        assert "depends on x" in str(world.job("p").reason)
    else:
        assert [world.job(f"p/{index}").held for index in (0, 1)] == [held, held]
        assert not world.job("p").held


# What is not taken in


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"task_definition": "unknown"}, "task_definition: ECS knows no 'unknown'"),
        ({"task_definition": "foreign"}, "task_definition: family 'foreign' is not one of everyday-*"),
        ({"task_definition": "old"}, "task_definition: it is INACTIVE"),
        ({"cluster": "elsewhere"}, "cluster: 'elsewhere' is not one of main, other"),
        ({"memory": "x"}, "$.memory"),
        ({"depends_on": ["a"]}, "depends_on: a job cannot wait for itself"),
    ],
)
def test_what_can_never_run_is_a_dead_letter_and_a_job_that_says_why(
    world: InboxWorld, fields: dict[str, Any], reason: str
) -> None:
    world.definitions.known["foreign"] = a_definition(family="foreign")
    world.definitions.known["old"] = a_definition(doubt="it is INACTIVE")
    record = job_record(id="a", **fields)
    assert world.take(record, job_record("good", id="b")) == []
    (letter,) = world.dead_letters.letters
    assert (letter.body, letter.job_id) == (record["body"], "a")
    assert reason in letter.reason
    job = world.job("a")
    assert (job.state, job.reason, job.finished_at) == (State.REJECTED, letter.reason, NOW_MS)
    assert world.job("b").state is State.WAITING


def test_a_used_id_with_another_message_is_a_dead_letter_and_touches_nothing(world: InboxWorld) -> None:
    world.send(id="a")
    before = world.job("a")
    for fields in ({"memory": 5}, {"memory": "x"}, {"cluster": "elsewhere"}):
        assert world.send("other", id="a", **fields) == []
    assert world.job("a") == before
    assert ["id: a was used before" in letter.reason for letter in world.dead_letters.letters] == [
        True,
        False,
        True,
    ]


def test_the_id_of_a_job_that_never_ran_may_be_used_again(world: InboxWorld) -> None:
    world.send(id="a", task_definition="later")
    world.definitions.known["later"] = a_definition()
    world.send("m", id="a", task_definition="later")
    assert world.job("a").state is State.REJECTED, "the same delivery again"
    assert len(world.dead_letters.letters) == 2
    world.send("m2", id="a", task_definition="later", sent_at=ENQUEUED + 1)
    assert world.job("a").state is State.WAITING, "sent again"
    world.send("m", id="a", memory="x", sent_at=ENQUEUED)
    assert world.job("a").state is State.WAITING, "an old, wrong one comes late"


# Trouble


@pytest.mark.parametrize("error", [EcsUnavailable("no"), EcsThrottled("slow down")])
def test_only_the_message_whose_definition_cannot_be_read_comes_back(
    world: InboxWorld, error: Exception
) -> None:
    world.definitions.known["away"] = error
    failed = world.take(job_record("m1", id="a", task_definition="away"), job_record("m2", id="b"))
    assert failed == ["m1"]
    assert list(world.ledger.jobs) == ["b"]
    assert world.dead_letters.letters == []


@pytest.mark.parametrize("call", ["get_many", "add"])
def test_a_ledger_that_is_away_loses_nothing(world: InboxWorld, call: str) -> None:
    records = [
        job_record("m1", id="a"),
        job_record("m2", id="b", memory="x"),
        job_record("m3", id="c", array=2),
    ]
    there = world.ledger
    world.ledger = Away(there, call, error=LedgerUnavailable("throttled"))  # type: ignore[assignment]
    assert world.take(*records) == ["m2", "m1", "m3"]
    assert (world.dead_letters.letters, world.wakes.sent) == ([], [])
    world.ledger = there
    assert world.take(*records) == []
    assert len(there.jobs) == 5


def test_what_nobody_was_woken_for_comes_back(world: InboxWorld) -> None:
    there = world.wakes
    world.wakes = Away(there, "wake", error=EventsUnavailable("no"))  # type: ignore[assignment]
    records = [job_record("m1", id="a"), job_record("m2", id="b", memory="x"), job_record("m3", id="c")]
    assert world.take(*records) == ["m1", "m3"]
    world.wakes = there
    assert world.take(records[0], records[2]) == []
    assert there.sent[0].fresh == ("a", "c")


def test_a_dead_letter_that_was_not_taken_comes_back(world: InboxWorld) -> None:
    there = world.dead_letters
    world.dead_letters = Away(there, "put", error=EventsUnavailable("no"))  # type: ignore[assignment]
    assert world.send("m1", id="a", memory="x") == ["m1"]
    world.dead_letters = there
    assert world.send("m1", id="a", memory="x") == []
    assert len(there.letters) == 1


def test_what_there_is_no_time_for_comes_back_untouched(world: InboxWorld) -> None:
    seconds = iter([30.0, 25.0, 5.0, 5.0])
    records = [job_record(f"m{number}", id=f"j{number}") for number in range(4)]
    assert world.take(*records, left=lambda: next(seconds)) == ["m2", "m3"]
    assert set(world.ledger.jobs) == {"j0", "j1"}
    assert len(world.wakes.sent) == 1


BATCH = [
    job_record("m1", id="a"),
    job_record("m2", id="b", memory="x"),
    job_record("m3", id="p", array=2),
    job_record("m4", id="d", depends_on=["a"], cluster="other"),
    job_record("m5", id="e", task_definition="unknown"),
]


def _steps() -> int:
    fuse, world = Fuse(), InboxWorld()
    world.take(*BATCH, inbox=world.inbox(fuse))
    return fuse.steps


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(_steps()))
def test_after_a_crash_at_any_step_a_second_delivery_ends_the_same(at: int, after: bool) -> None:
    expected, world = InboxWorld(), InboxWorld()
    expected.take(*BATCH)
    with pytest.raises(Crash):
        world.take(*BATCH, inbox=world.inbox(Fuse(at, after=after)))
    already_woken = len(world.wakes.sent)
    assert world.take(*BATCH) == []
    assert world.ledger.jobs == expected.ledger.jobs
    assert set(world.dead_letters.letters) == set(expected.dead_letters.letters)
    assert len(world.wakes.sent) == already_woken + 2, "each cluster is woken after all is stored"
