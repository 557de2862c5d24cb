"""Runs one simulation."""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from everyday.errors import EverydayError
from everyday.jobs.model import Demand, Job, JobClass
from everyday.jobs.plan import ClassPolicy, Rules
from everyday.jobs.ports import ClusterState
from everyday.jobs.rank import rank_of
from everyday.jobs.simulator.conditions import CONDITIONS, Dice
from everyday.jobs.simulator.cycling import Cycling
from everyday.jobs.simulator.ecs import SimulatedEcs
from everyday.jobs.simulator.passes import Passes
from everyday.jobs.simulator.result import (
    Result,
    makespan,
    makespan_ratio,
    planner_time,
    spread,
    starved,
    used,
    waits,
)
from everyday.jobs.simulator.retrying import Retrying
from everyday.jobs.simulator.timeline import Timeline
from everyday.jobs.simulator.watch import Watch
from everyday.jobs.simulator.workload import Workload, WorkloadJob
from everyday.jobs.simulator.world import Way, World

BEGIN = 1_800_000_000_000
"""When every simulation begins, in milliseconds since 1970."""

STEP = 21_600_000
"""What one class is worth, in milliseconds: the default of the scheduler."""

FOREVER = 10**12
"""A step that no wait makes up for."""


class Policy(StrEnum):
    """Who decides what starts."""

    SEED = "seed"
    SEED_GATE = "seed-gate"
    STRICT = "strict"
    GREEDY = "greedy"
    BATCH_FIFO = "batch-fifo"
    EVERYDAY = "everyday"


class Estimates(StrEnum):
    """What a job says about its run time: the truth, 0.5 to 3 times that, or nothing."""

    TRUE = "true"
    NOISY = "noisy"
    NONE = "none"


NewState = Callable[[Callable[[], int]], ClusterState]
"""Makes an empty state of clusters that reads the given clock, in milliseconds."""


class Options(NamedTuple):
    """How to simulate. `step`: what one class is worth, in milliseconds."""

    seed: int = 0
    conditions: str = "calm"
    estimates: Estimates = Estimates.TRUE
    rules: Rules = Rules()
    step: int = STEP


DEFAULTS = Options()


class Stuck(EverydayError):
    """Jobs wait and nothing will ever happen again: the policy has lost them."""


def simulate(
    workload: Workload, policy: Policy, new_state: NewState, options: Options = DEFAULTS
) -> tuple[Result, Watch]:
    """Run the whole workload over a fresh state. Raises Stuck."""
    conditions = CONDITIONS[options.conditions]
    timeline = Timeline(BEGIN)
    ecs = SimulatedEcs(timeline, workload.instances, conditions, options.seed)
    possible = [job for job in workload.jobs if any(job.amount.fits(room) for room in workload.instances)]
    step = FOREVER if policy is Policy.STRICT else options.step
    jobs = {job.id: job for job in _jobs(possible, options, step)}
    watch = Watch(timeline, ecs, jobs, conditions)
    runs = {job.id: job.run for job in possible}
    world = World(
        timeline=timeline, conditions=conditions, seed=options.seed, ecs=ecs, watch=watch, runs=runs
    )
    way = _way(policy, world, new_state(lambda: timeline.now), options.rules)
    ecs.deliver = way.changed
    for job in jobs.values():
        timeline.at(job.enqueued_at, partial(_submit, watch, way, job))
    while len(watch.ended_at) < len(jobs):
        if not timeline.step():
            raise Stuck(f"{len(jobs) - len(watch.ended_at)} jobs of {workload.name} were lost by {policy}")
    aging = _jobs(possible, options, options.step)
    longest = max(runs.values(), default=0)
    starving = starved(aging, watch.ran_at, bound=options.rules.starve_after + longest)
    placed = len(watch.ran_at)
    return Result(
        workload=workload.name,
        policy=policy,
        seed=options.seed,
        conditions=options.conditions,
        jobs=len(workload.jobs),
        placed=placed,
        run_task_calls=watch.calls,
        calls_per_job=round(watch.calls / placed, 4) if placed else 0.0,
        rejects=watch.rejects,
        inversions=watch.inversions,
        starved=starving,
        makespan_seconds=makespan(watch) / 1000,
        makespan_ratio=makespan_ratio(watch, workload),
        utilisation=used(watch, workload, makespan(watch)),
        wait_seconds={job_class: spread(values) for job_class, values in waits(watch, jobs).items()},
        planner_ms=planner_time(watch.planner_seconds),
        passes=len(watch.planner_seconds),
    ), watch


def _submit(watch: Watch, way: Way, job: Job) -> None:
    watch.submitted(job)
    way.submitted(job)


def _way(policy: Policy, world: World, state: ClusterState, rules: Rules) -> Way:
    if policy in {Policy.SEED, Policy.SEED_GATE}:
        return Retrying(world, gate=policy is Policy.SEED_GATE)
    if policy is Policy.BATCH_FIFO:
        return Cycling(world)
    if policy is Policy.STRICT:
        rules = Rules(policies=dict.fromkeys(JobClass, ClassPolicy.STRICT), fairness=0)
    if policy is Policy.GREEDY:
        rules = Rules(policies=dict.fromkeys(JobClass, ClassPolicy.GREEDY), fairness=0, starve_after=FOREVER)
    return Passes(world, state, rules)


def _jobs(jobs: list[WorkloadJob], options: Options, step: int) -> list[Job]:
    dice = Dice(options.seed, "estimates")
    return [
        Job(
            id=job.id,
            cluster="simulated",
            task_definition="arn:aws:ecs:eu-central-1:123456789012:task-definition/simulated:1",
            demand=Demand(job.amount),
            enqueued_at=BEGIN + job.submitted,
            rank=rank_of(BEGIN + job.submitted, job.job_class, step),
            queue=job.queue,
            job_class=job.job_class,
            estimate_seconds=_estimate(job.run, options.estimates, dice),
        )
        for job in jobs
    ]


def _estimate(run: int, estimates: Estimates, dice: Dice) -> int | None:
    if estimates is Estimates.NONE:
        return None
    factor = dice.within((50, 300)) / 100 if estimates is Estimates.NOISY else 1.0
    return max(1, -int(-run * factor // 1000))
