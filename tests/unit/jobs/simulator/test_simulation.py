"""Whole simulations: the promises that hold under every policy, and what policies differ in."""

from statistics import fmean

import pytest

from everyday.jobs.model import Amount, Demand, Job, JobClass
from everyday.jobs.plan import Plan, Rules, Situation
from everyday.jobs.simulator import passes
from everyday.jobs.simulator.conditions import CONDITIONS, Conditions
from everyday.jobs.simulator.generated import blog, flood
from everyday.jobs.simulator.policies import PLANNED, Estimates, Policy
from everyday.jobs.simulator.result import starved
from everyday.jobs.simulator.simulation import Stuck
from tests.unit.jobs.simulator.cases import ROOM, a_job, a_workload, run

HIGH = JobClass.HIGH
SMALL_FLOOD = {"jobs": 300, "instances": 4}


@pytest.mark.parametrize("policy", sorted(PLANNED))
def test_the_blogs_case_needs_one_call_a_job_and_drains_in_order(policy: Policy) -> None:
    result, watch = run(blog(1), policy)
    assert (result.calls_per_job, result.rejects, result.inversions, result.placed) == (1.0, 0, 0, 100)
    starts = sorted(watch.ran_at, key=lambda job_id: watch.ran_at[job_id])
    assert [name.split("-")[0] for name in starts] == ["high"] * 20 + ["normal"] * 30 + ["low"] * 50
    assert result.makespan_ratio < 1.06


def test_retrying_costs_many_calls_and_lets_low_pass_high() -> None:
    result = run(blog(1), Policy.SEED).result
    assert result.rejects > 1_500
    assert result.run_task_calls == result.rejects + 100
    assert result.inversions > 60
    assert result.wait_seconds[HIGH].mean > 4 * run(blog(1)).result.wait_seconds[HIGH].mean


def test_the_sum_of_the_cluster_is_no_gate() -> None:
    ten = (Amount(memory=50),) * 9 + (Amount(memory=100),)
    jobs = [a_job(f"j{number}", 100) for number in range(3)]
    result = run(a_workload(*jobs, instances=ten), Policy.SEED_GATE).result
    assert result.rejects > 0
    assert run(a_workload(*jobs, instances=ten)).result.rejects == 0


@pytest.mark.parametrize("conditions", ["calm", "usual", "rough"])
@pytest.mark.parametrize("policy", list(Policy))
def test_nothing_is_lost_doubled_or_over_capacity(policy: Policy, conditions: str) -> None:
    result = run(flood(2, **SMALL_FLOOD), policy, seed=2, conditions=CONDITIONS[conditions]).result
    assert result.broken == ()
    assert result.placed == result.jobs == 300


@pytest.mark.parametrize("conditions", ["calm", "usual", "rough"])
@pytest.mark.parametrize("policy", sorted(PLANNED))
def test_the_planner_neither_inverts_nor_is_rejected(policy: Policy, conditions: str) -> None:
    result = run(flood(3, **SMALL_FLOOD), policy, seed=3, conditions=CONDITIONS[conditions]).result
    assert (result.inversions, result.rejects, result.calls_per_job) == (0, 0, 1.0)


@pytest.mark.parametrize("estimates", list(Estimates))
def test_wrong_and_missing_estimates_break_nothing(estimates: Estimates) -> None:
    result = run(flood(4, **SMALL_FLOOD), seed=4, estimates=estimates).result
    assert (result.broken, result.inversions, result.placed) == ((), 0, 300)


@pytest.mark.parametrize("policy", [Policy.SEED, Policy.EVERYDAY])
def test_the_same_seed_gives_the_same_starts(policy: Policy) -> None:
    made = [run(flood(5, **SMALL_FLOOD), policy, seed=5, conditions=CONDITIONS["rough"]) for _ in range(2)]
    assert made[0].watch.history == made[1].watch.history


def test_reservations_end_the_starving_of_large_high_jobs() -> None:
    waits = {
        policy: fmean(run(flood(s, **SMALL_FLOOD), policy).result.wait_seconds[HIGH].mean for s in range(3))
        for policy in (Policy.GREEDY, Policy.EVERYDAY)
    }
    assert waits[Policy.EVERYDAY] < waits[Policy.GREEDY] / 2


def test_a_wait_lasts_until_the_task_runs_and_the_makespan_until_the_last_end() -> None:
    jobs = [a_job("a", 600, run=30_000), a_job("b", 600, run=10_000, submitted=5_000)]
    result = run(a_workload(*jobs)).result
    assert result.wait_seconds[JobClass.NORMAL].max == 25.0
    assert result.makespan_seconds == 40.0
    assert result.utilisation.memory == pytest.approx(600 * 40 / (1000 * 40))


def test_a_group_starts_all_or_none() -> None:
    members = [a_job(f"g{number}", 400, group="g") for number in range(2)]
    single = a_job("single", 700, run=20_000, job_class=HIGH)
    watch = run(a_workload(single, *members)).watch
    assert {watch.ran_at[member.id] for member in members} == {watch.ended_at["single"]}


def test_a_job_that_no_instance_can_hold_is_counted_and_never_placed() -> None:
    result = run(a_workload(a_job("a"), a_job("giant", 2000))).result
    assert (result.jobs, result.placed, result.broken) == (2, 1, ())


def test_a_planner_that_never_places_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def idle(waiting: list[Job], situation: Situation, rules: Rules) -> Plan:
        return Plan()

    monkeypatch.setitem(passes.Passes.__init__.__kwdefaults__, "planner", idle)
    with pytest.raises(Stuck, match="1 jobs of test were lost by everyday"):
        run(a_workload(a_job("a")))


def test_a_lost_stop_is_found_by_the_next_complete_reading() -> None:
    conditions = Conditions(event_loss=1.0, reconcile=300_000)
    watch = run(a_workload(a_job("a", 600), a_job("b", 600)), conditions=conditions).watch
    first, second = sorted(watch.ran_at.values())
    assert second - first == 300_000


def ranked(job_id: str, rank: int) -> Job:
    return Job(id=job_id, cluster="c", task_definition="d", demand=Demand(ROOM), enqueued_at=rank, rank=rank)


def test_a_job_starves_when_it_was_first_in_line_for_too_long() -> None:
    jobs = [ranked("a", 0), ranked("b", 10), ranked("c", 20)]
    assert starved(jobs, {"a": 100, "b": 200, "c": 300}, bound=100) == 0
    assert starved(jobs, {"a": 100, "b": 201, "c": 300}, bound=100) == 1
    assert starved(jobs, {"a": 5000, "b": 5000, "c": 5000}, bound=100) == 1
    assert starved(jobs, {"a": 100, "c": 300}, bound=1000) == 1


@pytest.mark.parametrize("conditions", ["calm", "usual", "rough"])
@pytest.mark.parametrize("policy", sorted(PLANNED))
def test_the_whole_scheduler_loses_and_doubles_nothing(policy: Policy, conditions: str) -> None:
    options = {"seed": 6, "conditions": CONDITIONS[conditions], "whole": True}
    result = run(flood(6, jobs=120, instances=3), policy, **options).result
    assert (result.broken, result.placed, result.inversions, result.rejects) == ((), 120, 0, 0)


def test_the_whole_scheduler_starts_what_its_planner_and_reservations_start() -> None:
    workload = flood(7, jobs=150, instances=3)
    parts, whole = (run(workload, whole=each).watch.ran_at for each in (False, True))
    assert parts == whole


@pytest.mark.parametrize("seed", range(8))
def test_functions_that_die_anywhere_break_nothing(seed: int) -> None:
    conditions = Conditions(crash=0.3, event=(0, 2_000), event_twice=0.2, reconcile=120_000)
    result, watch = run(blog(seed), seed=seed, conditions=conditions, whole=True)
    assert (result.broken, result.placed, result.rejects) == ((), 100, 0)
    assert watch.crashes > 5
