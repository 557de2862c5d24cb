"""A pass starts what fits, in order, once; what is in its way is said and mended."""

import json
from collections.abc import Mapping, Sequence

import pytest

from everyday.errors import FleetUnavailable, LedgerConflict, LedgerUnavailable, StateUnavailable
from everyday.jobs.answers import End
from everyday.jobs.life import cancelled
from everyday.jobs.model import Amount, Demand, Group, Job, JobClass, State
from everyday_local.ecs.faults import Effect, Fault
from tests.jobs_world import CLUSTER, World, a_world


def _own(number: int) -> dict[str, str]:
    """An environment that no other job has, so that the job has a call of its own."""
    return {"N": str(number)}


def test_what_fits_is_started_and_the_rest_waits_without_a_call() -> None:
    world = a_world(512)
    for number in range(8):
        world.submit(f"job-{number}", environment=_own(number))
    report = world.pass_()
    assert (report.placed, report.waiting, report.refused) == (5, 3, 0)
    assert world.live() == [f"job-{number}/1" for number in range(5)]
    assert world.calls("RunTask") == 5


def test_higher_classes_start_before_lower_ones_that_came_earlier() -> None:
    world = a_world(200)
    for number, job_class in enumerate([JobClass.LOW, JobClass.LOW, JobClass.NORMAL, JobClass.HIGH]):
        world.submit(f"{job_class}-{number}", job_class=job_class, environment=_own(number))
    world.pass_()
    assert world.live() == ["high-3/1", "normal-2/1"]


def test_ten_free_pieces_are_no_room_for_one_that_is_larger_than_each() -> None:
    world = World()
    for _ in range(10):
        world.instance(50 + 100)
    world.reconcile()
    for number in range(10):
        world.submit(f"small-{number}", environment=_own(number))
    assert world.pass_().placed == 10
    world.submit("large", memory=100)
    assert (world.pass_().placed, world.calls("RunTask")) == (0, 10)
    board = world.ledger.boards[CLUSTER]
    assert board.waits[board.waits_of["large"]].text.startswith(
        "needs 100 MiB on one instance; the largest free is 50 MiB"
    )


def test_the_next_job_starts_when_a_task_has_stopped_and_not_before() -> None:
    world = a_world(100)
    world.submit("first", seconds=60)
    world.submit("second", seconds=60)
    world.pass_()
    world.advance(30)
    assert world.pass_().placed == 0
    world.advance(40)
    assert world.job("first").state is State.SUCCEEDED
    assert world.wakes.asked, "nobody was woken for the room"
    assert (world.pass_().placed, world.live()) == (1, ["second/1"])


def test_identical_jobs_share_calls_of_ten_and_each_has_a_task_of_its_own() -> None:
    world = a_world(2500)
    for number in range(25):
        world.submit(f"job-{number:02d}")
    assert (world.pass_().placed, world.calls("RunTask")) == (25, 3)
    jobs = world.ledger.jobs.values()
    assert {job.state for job in jobs} == {State.RUNNING}
    assert {job.task for job in jobs} == set(world.aws.world.tasks)


def test_a_second_pass_over_the_same_queue_starts_nothing_twice() -> None:
    world = a_world()
    world.submit("job")
    world.pass_()
    world.pass_()
    assert (world.calls("RunTask"), world.live()) == (1, ["job/1"])


def test_a_job_that_the_list_does_not_show_yet_is_started_when_it_is_named() -> None:
    world = a_world()
    world.submit("job")
    hidden = world.ledger.listed
    world.ledger.listed = lambda *_, **__: iter(())  # type: ignore[method-assign,assignment]
    assert world.pass_().placed == 0
    assert world.pass_("job").placed == 1
    world.ledger.listed = hidden  # type: ignore[method-assign]


def test_a_claim_that_somebody_else_won_gives_its_room_back() -> None:
    world = a_world(100)
    job = world.submit("job")
    put = world.ledger.put

    def cancel_first(new: Job) -> Job:
        world.ledger.put = put  # type: ignore[method-assign]
        put(cancelled(job, now=world.now()))
        raise LedgerConflict("somebody else was first")

    world.ledger.put = cancel_first  # type: ignore[method-assign]
    assert world.pass_().ends == {End.OVERTAKEN: 1}
    assert (world.calls("RunTask"), world.job("job").state) == (0, State.CANCELLED)
    world.submit("next")
    assert world.pass_().placed == 1


def test_without_a_readable_state_nothing_starts_a_rebuild_is_asked_for_and_the_board_says_so() -> None:
    world = a_world()
    world.submit("job")
    world.state.wipe()
    report = world.pass_()
    assert (report.placed, world.calls("RunTask"), world.rebuilds.asked) == (0, 0, [CLUSTER])
    assert "read anew" in (world.ledger.boards[CLUSTER].trouble or "")
    world.reconcile()
    assert world.pass_().placed == 1
    assert world.ledger.boards[CLUSTER].trouble is None


def test_a_state_that_does_not_answer_stops_starts_but_not_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world(200)
    world.submit("running", environment=_own(1))
    world.pass_()
    world.submit("waiting", environment=_own(2))
    world.ledger.put(cancelled(world.job("running"), now=world.now()))

    def silent(*_: object, **__: object) -> None:
        raise StateUnavailable("no answer")

    for method in ("view", "begin_pass", "take", "reserve", "accept", "release"):
        monkeypatch.setattr(world.state, method, silent)
    report = world.pass_()
    assert (report.placed, report.more) == (0, False)
    assert "cannot be read" in (report.trouble or "")
    assert world.calls("StopTask") == 1


def test_more_starts_than_calls_end_the_pass_and_another_is_asked_for() -> None:
    world = a_world(100_000)
    for number in range(130):
        world.submit(f"job-{number:03d}", environment=_own(number))
    report = world.pass_()
    assert (report.placed, report.ends[End.LEFT], report.more) == (100, 30, True)
    assert [wake[0] for wake in world.wakes.asked] == [CLUSTER]
    assert world.pauses, "the account has no calls left, so the next pass would start at once for nothing"
    world.aws.advance(1)
    assert world.pass_().placed == 30


def test_a_pass_reads_no_more_overrides_than_it_may_start(monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world(100_000)
    for number in range(700):
        world.submit(f"job-{number:03d}")
    read: list[int] = []
    overrides = world.ledger.overrides
    monkeypatch.setattr(world.ledger, "overrides", lambda ids: read.append(len(ids)) or overrides(ids))
    report = world.pass_()
    assert (report.placed, report.ends[End.LEFT], report.more, read) == (500, 200, True, [500])


def test_wakes_for_itself_have_ids_of_their_own() -> None:
    world = a_world(100_000)
    for number in range(300):
        world.submit(f"job-{number:03d}", environment=_own(number))
    world.pass_()
    world.aws.advance(1)
    world.pass_()
    ids = [wake[1] for wake in world.wakes.asked]
    assert len(ids) == len(set(ids)) == 2


def test_a_pass_that_is_out_of_time_hands_over_with_ranks_and_room_intact() -> None:
    world = a_world()
    for number in range(3):
        world.submit(f"job-{number}", environment=_own(number))
    report = world.pass_(seconds=20)
    assert (report.ends, report.more, world.calls("RunTask")) == ({End.LEFT: 3}, True, 0)
    assert world.pass_().placed == 3


def test_a_job_that_no_instance_could_hold_is_rejected_with_the_reason_and_left_for_the_owner() -> None:
    world = a_world(512)
    world.submit("huge", memory=600)
    world.submit("small", memory=100, environment=_own(1))
    report = world.pass_()
    assert (report.placed, report.rejected, report.waiting) == (1, 1, 0)
    assert world.job("huge").state is State.REJECTED
    ((body, reason, job_id),) = world.letters.left
    assert (json.loads(body)["id"], job_id) == ("huge", "huge")
    assert "600 MiB" in reason
    assert world.job("huge").reason == reason
    world.pass_()
    assert len(world.letters.left) == 1


def test_a_group_with_a_member_that_no_instance_could_hold_is_rejected_whole() -> None:
    world = a_world(512)
    world.submit("huge", memory=600, group=Group("gang", 2))
    world.submit("small", group=Group("gang", 2))
    assert world.pass_().rejected == 2
    assert set(world.states().values()) == {State.REJECTED}
    assert "its group gang" in (world.job("small").reason or "")


class NotedFleet:
    """One shape of 1,024 MiB, up to three of it; remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[Mapping[str, int], frozenset[str]]] = []
        self.down = False

    def shapes(self, cluster: str, *, joined: Mapping[str, Amount]) -> Sequence[tuple[str, Demand, int]]:
        if self.down:
            raise FleetUnavailable("no answer")
        offer = Demand(Amount(1024, 1024), attributes=("ecs.os-type=linux",))
        return [("group", offer, 3 - len(joined))]

    def grow(self, cluster: str, more: Mapping[str, int], *, joined: Mapping[str, Amount]) -> None:
        self.asked.append((dict(more), frozenset(joined)))


def test_a_job_that_a_larger_cluster_could_hold_waits_and_the_fleet_is_asked_to_grow() -> None:
    fleet = NotedFleet()
    world = a_world(512, fleet=fleet)
    world.submit("large", memory=900)
    report = world.pass_()
    assert (report.rejected, report.needs_scale, world.job("large").state) == (0, 1, State.WAITING)
    ((more, joined),) = fleet.asked
    assert (more, len(joined)) == ({"group": 1}, 1)
    board = world.ledger.boards[CLUSTER]
    assert "another instance" in board.waits[board.waits_of["large"]].text


def test_an_empty_cluster_grows_for_its_first_job() -> None:
    fleet = NotedFleet()
    world = World(fleet=fleet)
    world.reconcile()
    world.submit("job")
    world.pass_()
    assert (fleet.asked, world.job("job").state) == ([({"group": 1}, frozenset())], State.WAITING)


def test_capabilities_of_the_agent_do_not_keep_a_cluster_from_growing() -> None:
    fleet = NotedFleet()
    world = World(fleet=fleet)
    world.reconcile()
    capability = "com.amazonaws.ecs.capability.docker-remote-api.1.19"
    world.submit("job", demand=Demand(Amount(0, 100), attributes=(capability, "ecs.os-type=linux")))
    world.pass_()
    assert fleet.asked == [({"group": 1}, frozenset())]


def test_nothing_is_called_impossible_while_the_fleet_does_not_answer() -> None:
    fleet = NotedFleet()
    fleet.down = True
    world = a_world(512, fleet=fleet)
    world.submit("large", memory=900)
    world.pass_()
    assert (world.job("large").state, world.letters.left) == (State.WAITING, [])


def test_a_board_is_written_again_only_when_it_says_something_new() -> None:
    world = a_world(512)
    world.submit("huge-wait", memory=500)
    world.pass_()
    world.submit("waits", memory=400)
    world.pass_()
    first = world.ledger.boards[CLUSTER]
    world.aws.advance(1)
    world.pass_()
    assert world.ledger.boards[CLUSTER] is first
    world.aws.advance(301)
    world.deliver()
    world.pass_()
    assert world.ledger.boards[CLUSTER] is not first


def test_a_ledger_that_does_not_answer_starts_nothing_and_is_told_to_the_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = a_world()
    world.submit("job")

    def silent(*_: object, **__: object) -> None:
        raise LedgerUnavailable("no answer")

    monkeypatch.setattr(world.ledger, "listed", silent)
    with pytest.raises(LedgerUnavailable):
        world.pass_()
    assert world.calls("RunTask") == 0


def test_a_group_starts_whole_or_not_at_all() -> None:
    world = a_world(250)
    world.group("gang", 3)
    assert (world.pass_().placed, world.calls("RunTask")) == (0, 0)
    world.instance(100)
    world.reconcile()
    assert world.pass_().placed == 3
    assert set(world.states().values()) == {State.RUNNING}


def test_a_group_with_a_member_that_ecs_refuses_is_stopped_and_waits_whole_again() -> None:
    world = a_world(100)
    other = world.instance(100)
    world.reconcile()
    world.group("gang", 2)
    foreign = world.aws.place_foreign(other, cpu=0, memory=100, seconds=600)
    world.events.clear()  # the foreign task is news that has not come
    report = world.pass_()
    assert (report.placed, report.ends[End.RECALLED], report.refused) == (0, 1, 1)
    world.advance(1)
    assert set(world.states().values()) == {State.WAITING}
    assert {job.group.id for job in world.ledger.jobs.values() if job.group} == {"gang"}
    assert world.live() == [foreign.started_by or ""]
    world.advance(700)
    assert world.pass_().placed == 2


def test_a_group_that_needs_more_calls_than_there_are_at_once_is_waited_for() -> None:
    world = World()
    object.__setattr__(world.scheduler, "sleep", world.aws.advance)
    for _ in range(60):
        world.instance(100)
    world.reconcile()
    world.group("gang", 60)
    world.state.take(100)
    assert world.pass_().placed == 60


def test_a_throttled_call_keeps_claim_room_and_token_and_is_repeated() -> None:
    world = a_world(100)
    world.submit("job")
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.THROTTLED))
    report = world.pass_()
    assert (report.ends, report.refused) == ({End.THROTTLED: 1}, 0)
    claimed = world.job("job")
    assert (claimed.state, claimed.attempt) == (State.PLACING, 1)
    world.submit("other")
    assert world.pass_().placed == 0, "the room is the throttled job's"
    world.aws.advance(6)
    assert world.pass_().placed == 1
    after = world.job("job")
    assert (after.state, after.attempt, after.token) == (State.RUNNING, 1, claimed.token)


def test_a_storm_of_throttling_begins_no_more_calls_and_keeps_the_order() -> None:
    world = a_world(2000)
    for number in range(20):
        world.submit(f"job-{number:02d}", environment=_own(number))
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.THROTTLED, times=3))
    for _ in range(6):
        world.pass_()
        world.advance(6)
    assert {job.state for job in world.ledger.jobs.values()} == {State.RUNNING}
    assert {job.attempt for job in world.ledger.jobs.values()} == {1}
    assert world.calls("RunTask") == 23
