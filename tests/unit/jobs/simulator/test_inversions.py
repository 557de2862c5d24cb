"""What counts as a type-1 inversion, case by case."""

import pytest
from msgspec.structs import replace

from everyday.jobs.model import Amount, Demand, Group, Job, JobClass
from everyday.jobs.plan import Reserved
from everyday.jobs.simulator.inversions import Waiting

NOW = 1_000_000
LOW = Job(
    id="low",
    cluster="c",
    task_definition="d",
    demand=Demand(Amount(memory=10)),
    enqueued_at=0,
    rank=500,
    job_class=JobClass.LOW,
    estimate_seconds=60,
)
HIGH = replace(LOW, id="high", job_class=JobClass.HIGH, rank=100, demand=Demand(Amount(memory=100)))
HOLDER = replace(HIGH, id="holder", rank=50, demand=Demand(Amount(memory=300)))
ROOMS = {"i-1": Amount(memory=99), "i-2": Amount(memory=150)}


def passed(waiting: Job, *, rooms: dict[str, Amount] = ROOMS, due: Reserved | None = None) -> str | None:
    jobs = Waiting()
    jobs.add(waiting)
    reserved = {due.instance: [(HOLDER, due)]} if due else {}
    return jobs.passed_over(LOW, rooms, reserved, now=NOW)


def test_a_waiting_job_of_a_higher_class_that_fits_is_passed_over() -> None:
    assert passed(HIGH) == "high"


@pytest.mark.parametrize(
    "waiting",
    [
        pytest.param(replace(HIGH, job_class=JobClass.LOW), id="of the same class"),
        pytest.param(replace(HIGH, rank=501), id="overtaken by aging"),
        pytest.param(replace(HIGH, demand=Demand(Amount(memory=151))), id="fits on no instance alone"),
        pytest.param(replace(HIGH, demand=Demand(Amount(memory=100, gpu=1))), id="lacks another dimension"),
        pytest.param(replace(HIGH, group=Group("g", 2)), id="starts only with its group"),
    ],
)
def test_it_is_no_inversion_when_the_waiting_job_is(waiting: Job) -> None:
    assert passed(waiting) is None


def test_room_reserved_for_a_job_before_it_is_not_its_room() -> None:
    assert passed(HIGH, due=Reserved("holder", "i-2", NOW + 59_000)) is None
    assert passed(HIGH, due=Reserved("holder", "i-2", None)) is None


def test_reserved_room_is_its_room_until_the_reservation_is_due() -> None:
    assert passed(HIGH, due=Reserved("holder", "i-2", NOW + 60_000)) == "high"


def test_what_is_beside_the_reserved_amount_is_its_room() -> None:
    rooms = {"i-2": Amount(memory=400)}
    assert passed(HIGH, rooms=rooms, due=Reserved("holder", "i-2", None)) == "high"


def test_room_reserved_for_a_job_behind_it_is_its_room() -> None:
    jobs = Waiting()
    jobs.add(HIGH)
    behind = replace(HOLDER, rank=400)
    reserved = {"i-2": [(behind, Reserved("holder", "i-2", None))]}
    assert jobs.passed_over(LOW, ROOMS, reserved, now=NOW) == "high"


def test_a_job_that_has_left_is_not_passed_over() -> None:
    jobs = Waiting()
    jobs.add(HIGH)
    jobs.add(HIGH)
    jobs.remove(HIGH)
    assert jobs.passed_over(LOW, ROOMS, {}, now=NOW) is None
