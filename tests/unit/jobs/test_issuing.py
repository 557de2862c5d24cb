"""Calls side by side: each job has one task and no instance holds more than it has."""

import pytest
from msgspec.structs import replace

from everyday.jobs.answers import End
from everyday.jobs.calls import attempt_of, for_many, name_of_many, name_of_one, token_of, units
from everyday.jobs.issuing import Brake
from everyday.jobs.model import Amount, Job, Overrides, State
from everyday.jobs.plan import InstanceView, Placement
from everyday_local.ecs.faults import Effect, Fault
from tests.jobs_world import World, a_world


def _side_by_side(world: World) -> None:
    issuer = world.scheduler.issuer
    object.__setattr__(world.scheduler, "issuer", type(issuer)(asker=issuer.asker, new_id=world.new_id))


def test_calls_side_by_side_start_each_job_once() -> None:
    world = a_world(6400)
    _side_by_side(world)
    for number in range(80):
        world.submit(f"job-{number:02d}", environment={"N": str(number)})
    assert world.pass_().placed == 64
    running = [job for job in world.ledger.jobs.values() if job.state is State.RUNNING]
    assert len({job.task for job in running}) == len(world.live()) == 64


def test_silence_ends_the_calls_of_a_pass_before_every_job_is_claimed() -> None:
    world = a_world(6400)
    for number in range(60):
        world.submit(f"job-{number:02d}", environment={"N": str(number)})
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.ERROR, times=None))
    report = world.pass_()
    assert (report.ends[End.UNANSWERED], report.ends[End.LEFT], report.more) == (3, 57, False)


def test_a_brake_forgets_a_silence_when_an_answer_comes() -> None:
    brake = Brake()
    for end in (End.UNANSWERED, End.UNANSWERED, End.REFUSED, End.UNANSWERED, End.UNANSWERED):
        brake.heard(end)
    assert not brake.pulled.is_set()
    brake.heard(End.UNANSWERED)
    assert brake.pulled.is_set()


def _instance(arn: str) -> InstanceView:
    return InstanceView(arn, arn, 1, Amount(), Amount(), frozenset(), {}, ())


def test_jobs_share_a_call_only_with_their_like_and_the_order_is_kept() -> None:
    world = World()
    jobs: dict[str, Job] = {}
    for number in range(15):
        jobs[f"a-{number:02d}"] = world.submit(f"a-{number:02d}")
    jobs["b"] = world.submit("b", environment={"N": "b"})
    jobs["c"] = replace(world.submit("c"), task_definition="other")
    placements = [Placement("b", 1, "i-1", jobs["b"].demand)]
    placements += [Placement(it, 1, "i-1", job.demand) for it, job in jobs.items() if it[0] in "ac"]
    placements += [placements.pop(1)._replace(instance="i-2")]
    overrides = world.ledger.overrides([*jobs])
    found = units(placements, jobs, overrides, {it: _instance(it) for it in ("i-1", "i-2")})
    sizes = [[len(start.jobs) for start in unit.starts] for unit in found]
    assert sizes == [[1], [10], [4], [1], [1]]
    assert [unit.jobs[0].id for unit in found] == ["b", "a-01", "a-11", "c", "a-00"]
    assert all(unit.group is None for unit in found)


def test_a_group_is_one_unit_however_many_calls_it_needs() -> None:
    world = World()
    ids = world.group("gang", 3)
    jobs = {it: world.job(it) for it in ids}
    placements = [
        Placement(it, 1, f"i-{number % 2}", jobs[it].demand, "gang") for number, it in enumerate(ids)
    ]
    overrides = {it: Overrides() for it in ids}
    (unit,) = units(placements, jobs, overrides, {it: _instance(it) for it in ("i-0", "i-1")})
    assert (unit.group, [len(start.jobs) for start in unit.starts]) == ("gang", [2, 1])


@pytest.mark.parametrize("job_id", ["job", "array/7", "call", "x_-1"])
def test_names_of_calls_tell_their_job_and_never_collide(job_id: str) -> None:
    job = replace(World().submit("job"), id=job_id, attempt=12)
    name = name_of_one(job)
    assert (attempt_of(name), for_many(name)) == ((job_id, 12), False)
    assert for_many(name_of_many("0" * 32))


@pytest.mark.parametrize("name", ["", "ecs-svc/123x", "/0000", "nobody", "a/"])
def test_names_that_we_do_not_give_are_nobodys(name: str) -> None:
    assert for_many(name) or attempt_of(name) is None


def test_a_token_fits_what_ecs_takes() -> None:
    token = token_of("a" * 70 + "/10000/1")
    assert len(token) <= 64
    assert token.isascii()
    assert token != token_of("a" * 70 + "/10000/2")
