"""Every waiting job can say why it waits, in a sentence, and a board stays small."""

import msgspec

from everyday.jobs.board import Board
from everyday.jobs.explain import (
    MOST_INSTANCES,
    MOST_JOBS,
    MOST_WAITS,
    Known,
    board_of,
    sentence,
    worth_writing,
)
from everyday.jobs.model import Amount, Demand, Job
from everyday.jobs.plan import InstanceView, Placement, Plan, Reserved, Waits, Why

NOON = 1_767_268_800_000 + 4 * 60_000 + 10_000  # 12:04:10 UTC
ARN = "arn:aws:ecs:us-east-1:1:container-instance/default/7"
KNOWN = Known({"x": Reserved("x", ARN, NOON)}, {ARN: "i-7"})
NEEDS = Amount(0, 100)


def _job(job_id: str, memory: int = 100) -> Job:
    return Job(
        id=job_id,
        cluster="default",
        task_definition="work:1",
        demand=Demand(Amount(0, memory)),
        enqueued_at=0,
        rank=0,
    )


def _instance(number: int) -> InstanceView:
    return InstanceView(
        f"{ARN}{number}", f"i-{number}", 1, Amount(1024, 512), Amount(1024, 62), frozenset(), {}, ()
    )


def test_the_size_that_is_lacking_stands_beside_the_largest_that_is_free() -> None:
    waits = Waits(Why.NO_ROOM, ("memory",), Amount(900, 62))
    assert sentence(waits, NEEDS, KNOWN) == "needs 100 MiB on one instance; the largest free is 62 MiB"


def test_room_that_fits_in_parts_only_is_not_called_too_small() -> None:
    waits = Waits(Why.NO_ROOM, ("CPU", "memory"), Amount(900, 500))
    text = sentence(waits, Amount(800, 400), KNOWN)
    assert text == "needs 800 CPU units and 400 MiB at once on one instance"


def test_a_port_or_an_attribute_is_named() -> None:
    waits = Waits(Why.NO_ROOM, ("host port 80/tcp",), Amount(900, 500))
    assert "host port 80/tcp" in sentence(waits, NEEDS, KNOWN)


def test_a_reservation_says_which_instance_for_whom_and_from_when() -> None:
    before = Waits(Why.RESERVED, (), Amount(0, 200), "x", ARN)
    assert sentence(before, NEEDS, KNOWN).endswith("i-7 is reserved for job x from about 12:04 UTC")
    own = sentence(Waits(Why.NO_ROOM, ("memory",), Amount(0, 62)), NEEDS, KNOWN, job_id="x")
    assert own.endswith("i-7 is reserved for it from about 12:04 UTC")


def test_every_reason_has_a_sentence() -> None:
    texts = {why: sentence(Waits(why), NEEDS, KNOWN) for why in Why}
    assert len(set(texts.values())) == len(Why)
    assert all(texts.values())


def test_jobs_with_the_same_reason_share_a_sentence_and_placed_ones_have_none() -> None:
    waits = Waits(Why.NO_ROOM, ("memory",), Amount(0, 62))
    jobs = [_job(f"job-{number}") for number in range(4)]
    placement = Placement("job-0", 1, f"{ARN}1", jobs[0].demand)
    plan = Plan((placement,), waits={job.id: waits for job in jobs[1:]})
    board = board_of("default", plan, jobs, [_instance(1)], at=NOON)
    assert (board.waiting, len(board.waits), board.waits[0].jobs) == (3, 1, 3)
    assert board.waits_of == {"job-1": 0, "job-2": 0, "job-3": 0}
    assert board.instances[0].free == Amount(1024, 62 - 100)


def test_a_board_of_the_largest_cluster_and_queue_fits_into_an_item_of_the_ledger() -> None:
    jobs = [_job(f"{number:05d}" + "x" * 63, memory=number) for number in range(20_000)]
    reserved = tuple(Reserved(jobs[number].id, f"{ARN}{number}", NOON) for number in range(500))
    waits = {
        job.id: Waits(Why.RESERVED, (), Amount(1, number), jobs[0].id, f"{ARN}{number}")
        for number, job in enumerate(jobs)
    }
    board = board_of(
        "c" * 255, Plan(reserved=reserved, waits=waits), jobs, [_instance(it) for it in range(5_000)], at=NOON
    )
    assert (len(board.instances), len(board.waits)) == (MOST_INSTANCES, MOST_WAITS)
    assert (len(board.waits_of), board.instances_total, board.waiting) == (MOST_WAITS, 5_000, 20_000)
    assert MOST_WAITS <= MOST_JOBS
    assert len(msgspec.json.encode(board)) < 390_000


def test_a_board_is_worth_writing_when_it_is_new_says_something_new_or_is_old() -> None:
    board = Board(cluster="default", at=NOON, waiting=3)
    later = msgspec.structs.replace(board, at=NOON + 1000)
    assert worth_writing(board, None)
    assert not worth_writing(later, board)
    assert worth_writing(msgspec.structs.replace(later, waiting=4), board)
    assert worth_writing(msgspec.structs.replace(board, at=NOON + 300_000), board)
