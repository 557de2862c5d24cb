"""Runs one simulation."""

from functools import partial
from typing import NamedTuple

from everyday.errors import EverydayError
from everyday.jobs.model import Job
from everyday.jobs.simulator.conditions import Conditions
from everyday.jobs.simulator.ecs import SimulatedEcs
from everyday.jobs.simulator.history import Kind, broken
from everyday.jobs.simulator.policies import PLANNED, Options, Policy, Stores, jobs_of, way_of
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
from everyday.jobs.simulator.timeline import Timeline
from everyday.jobs.simulator.watch import Watch
from everyday.jobs.simulator.workload import Workload, lower_bound
from everyday.jobs.simulator.world import Way, World
from everyday.ports import Progress, Silent

BEGIN = 1_800_000_000_000
"""When every simulation begins, in milliseconds since 1970."""

PATIENCE = 100
"""A simulation that takes so many times what it must take at least, and a day, will never end."""


class Stuck(EverydayError):
    """Jobs wait and nothing will ever start them: the policy has lost them."""


class Simulated(NamedTuple):
    """A simulation's figures, and what was seen on the way."""

    result: Result
    watch: Watch


def simulate(
    workload: Workload,
    policy: Policy,
    stores: Stores,
    options: Options = Options(),  # noqa: B008 - immutable
    *,
    progress: Progress = Silent(),  # noqa: B008 - it has no state
) -> Simulated:
    """Run the whole workload over a fresh state; `progress` steps when a job has ended.

    Jobs that no instance can ever hold are left out: they are counted in `jobs` and not in `placed`. Raises
    Stuck.
    """
    possible = [job for job in workload.jobs if any(job.amount.fits(room) for room in workload.instances)]
    runs = {job.id: job.run for job in possible}
    jobs = {job.id: job for job in jobs_of(possible, options, begin=BEGIN, aging=policy is not Policy.STRICT)}
    timeline = Timeline(BEGIN)
    ecs = SimulatedEcs(timeline, workload.instances, options.conditions, options.seed)
    # Who asks ECS itself, or nobody, has no excuse of not having heard.
    notice = options.conditions if policy in PLANNED else Conditions()
    watch = Watch(timeline, ecs, jobs, notice, progress, starve_after=options.rules.starve_after)
    world = World(
        timeline=timeline,
        conditions=options.conditions,
        seed=options.seed,
        ecs=ecs,
        watch=watch,
        jobs=jobs,
        runs=runs,
    )
    way = way_of(policy, world, stores, options)
    ecs.deliver = way.changed
    for job in jobs.values():
        timeline.at(job.enqueued_at, partial(_submit, watch, way, job))
    progress.begin(f"{policy} on {workload.name}", len(jobs))
    limit = BEGIN + PATIENCE * round(lower_bound(workload)) + 86_400_000
    while len(watch.ended_at) < len(jobs) or not way.settled:
        if timeline.now > limit or not timeline.step():
            raise Stuck(f"{len(jobs) - len(watch.ended_at)} jobs of {workload.name} were lost by {policy}")
    return Simulated(_result(workload, policy, options, world, way), watch)


def _submit(watch: Watch, way: Way, job: Job) -> None:
    watch.submitted(job)
    way.submitted(job)


def _result(workload: Workload, policy: Policy, options: Options, world: World, way: Way) -> Result:
    watch, jobs = world.watch, world.jobs
    placed = len(watch.ran_at)
    aging = jobs_of([job for job in workload.jobs if job.id in jobs], options, begin=BEGIN)
    bound = options.rules.starve_after + max(world.runs.values(), default=0)
    found = broken(
        watch.history,
        {machine.arn: machine.registered for machine in world.ecs.machines},
        {job.id: job.demand.amount for job in jobs.values()},
        holds_from=Kind.ACCEPTED if policy in PLANNED else Kind.RUNNING,
    )
    return Result(
        workload=workload.name,
        policy=policy,
        seed=options.seed,
        jobs=len(workload.jobs),
        placed=placed,
        run_task_calls=watch.calls,
        calls_per_job=round(watch.calls / placed, 4) if placed else 0.0,
        rejects=watch.rejects,
        inversions=watch.inversions,
        starved=starved(aging, watch.ran_at, bound=bound),
        makespan_seconds=makespan(watch) / 1000,
        makespan_ratio=makespan_ratio(watch, workload),
        utilisation=used(watch, workload, makespan(watch)),
        wait_seconds={job_class: spread(values) for job_class, values in waits(watch, jobs).items()},
        planner_ms=planner_time(watch.planner_seconds),
        passes=len(watch.planner_seconds),
        broken=(*found, *way.complaints()),
    )
