"""What a simulation came to."""

from collections.abc import Mapping, Sequence
from math import ceil
from statistics import fmean

from everyday.jobs.model import Job, JobClass
from everyday.jobs.simulator.watch import Watch
from everyday.jobs.simulator.workload import Workload, dimensions, lower_bound, volumes
from everyday.record import Record


class Spread(Record, frozen=True, kw_only=True, omit_defaults=False):
    """Mean, percentiles (nearest rank) and maximum."""

    mean: float
    p50: float
    p99: float
    max: float


class PlannerTime(Record, frozen=True, kw_only=True, omit_defaults=False):
    """Milliseconds of this machine that one call of the planner took."""

    p50: float
    p99: float


class Used(Record, frozen=True, kw_only=True, omit_defaults=False):
    """The part of the cluster that ran tasks, from the first submission to the last end: 0 to 1."""

    cpu: float
    memory: float
    gpu: float


class Result(Record, frozen=True, kw_only=True, omit_defaults=False):
    """One simulation in figures. `makespan_ratio`: the makespan divided by a bound that nobody can beat.

    `placed`: jobs whose task ran. A wait lasts from the submission until the task runs. `starved`: jobs that
    waited past their aging bound (see `starved`). `broken`: what the history checker found; empty is right.
    """

    workload: str
    policy: str
    seed: int
    jobs: int
    placed: int
    run_task_calls: int
    calls_per_job: float
    rejects: int
    inversions: int
    starved: int
    makespan_seconds: float
    makespan_ratio: float
    utilisation: Used
    wait_seconds: dict[JobClass, Spread]
    planner_ms: PlannerTime
    passes: int
    broken: tuple[str, ...] = ()


def percentile(values: Sequence[float], part: float) -> float:
    """The nearest-rank percentile of sorted values; 0 of none."""
    return values[max(0, ceil(part * len(values)) - 1)] if values else 0.0


def spread(values: Sequence[float]) -> Spread:
    """Of at least one value."""
    ordered = sorted(values)
    return Spread(
        mean=round(fmean(ordered), 3),
        p50=round(percentile(ordered, 0.5), 3),
        p99=round(percentile(ordered, 0.99), 3),
        max=round(ordered[-1], 3),
    )


def waits(watch: Watch, jobs: Mapping[str, Job]) -> dict[JobClass, list[float]]:
    """Seconds from submission until the task ran, by class, of the jobs that ran."""
    found: dict[JobClass, list[float]] = {}
    for job_id, ran_at in watch.ran_at.items():
        seconds = (ran_at - watch.submitted_at[job_id]) / 1000
        found.setdefault(jobs[job_id].job_class, []).append(seconds)
    return {job_class: found[job_class] for job_class in JobClass if job_class in found}


def used(watch: Watch, workload: Workload, milliseconds: int) -> Used:
    """What ran, divided by what could have run in that time."""
    ran = volumes(job for job in workload.jobs if job.id in watch.ran_at)
    parts = [
        round(volume / (of * milliseconds), 4) if of and milliseconds else 0.0
        for volume, of in zip(ran, dimensions(workload.capacity), strict=True)
    ]
    return Used(cpu=parts[0], memory=parts[1], gpu=parts[2])


def starved(jobs: Sequence[Job], ran_at: Mapping[str, int], *, bound: int) -> int:
    """How many jobs were first in line for longer than `bound` milliseconds.

    A job is first in line from the moment at which it has been submitted and every job before it by rank has
    run. `jobs` carry the ranks with which classes age, whatever the policy made of them.
    """
    count, before = 0, 0
    for job in sorted(jobs, key=lambda job: (job.rank, job.id)):
        ran = ran_at.get(job.id)
        if ran is None or ran - max(before, job.enqueued_at) > bound:
            count += 1
        before = max(before, ran or 0)
    return count


def makespan(watch: Watch) -> int:
    """Milliseconds from the first submission to the last end."""
    return max(watch.ended_at.values(), default=0) - min(watch.submitted_at.values(), default=0)


def makespan_ratio(watch: Watch, workload: Workload) -> float:
    return round(makespan(watch) / lower_bound(workload), 4) if watch.ended_at else 0.0


def planner_time(seconds: Sequence[float]) -> PlannerTime:
    ordered = sorted(seconds)
    return PlannerTime(
        p50=round(1000 * percentile(ordered, 0.5), 3), p99=round(1000 * percentile(ordered, 0.99), 3)
    )
