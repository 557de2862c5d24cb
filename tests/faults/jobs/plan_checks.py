"""What must be true of every plan, worked out from its input alone."""

from collections import Counter
from collections.abc import Iterator, Sequence

from everyday.jobs.backfill import end_of, lasting_of
from everyday.jobs.fit import UNKNOWN
from everyday.jobs.model import Amount, Job
from everyday.jobs.plan import InstanceView, Plan
from everyday.jobs.simulator.inversions import ORDER
from everyday.jobs.timeline import expected_end


def least(amount: Amount) -> int:
    """The smallest part of it: below 0 when something is missing."""
    return min(amount.cpu, amount.memory, amount.gpu)


def wrong_with(plan: Plan, waiting: Sequence[Job], views: Sequence[InstanceView], now: int) -> list[str]:
    """Every rule that the plan breaks."""
    jobs = {job.id: job for job in waiting}
    return [
        *_overfull(plan, views),
        *_torn(plan, jobs),
        *_passed_over(plan, waiting, jobs),
        *_delayed(plan, views, jobs, now),
    ]


def _overfull(plan: Plan, views: Sequence[InstanceView]) -> Iterator[str]:
    for view in views:
        wanted = [it.demand.amount for it in plan.placements if it.instance == view.arn]
        if wanted and (not view.open or least(view.free - sum(wanted, Amount())) < 0):
            yield f"planned on {view.arn} more than is free there"


def _torn(plan: Plan, jobs: dict[str, Job]) -> Iterator[str]:
    for job_id, times in Counter(it.job_id for it in plan.placements).items():
        if times > 1 or job_id not in jobs:
            yield f"{job_id} is planned {times} times, or does not wait"
    groups = Counter(group for it in plan.placements if (group := jobs[it.job_id].group))
    for group, members in groups.items():
        if members != group.size:
            yield f"group {group.id} is planned in part"


def _passed_over(plan: Plan, waiting: Sequence[Job], jobs: dict[str, Job]) -> Iterator[str]:
    """A job starts in whose place one of a higher class and before it could start, and end no later."""
    placed = {it.job_id for it in plan.placements}
    left = [job for job in waiting if job.id not in placed and job.group is None]
    for job in (jobs[job_id] for job_id in placed):
        for it in left:
            if (
                ORDER[it.job_class] > ORDER[job.job_class]
                and (it.rank, it.id) < (job.rank, job.id)
                and least(job.demand.amount - it.demand.amount) >= 0
                and lasting_of(it) <= lasting_of(job)
            ):
                yield f"{job.id} passed over {it.id}"


def _delayed(plan: Plan, views: Sequence[InstanceView], jobs: dict[str, Job], now: int) -> Iterator[str]:
    """What is placed leaves, at the time that was told, the room for the job it is reserved for."""
    by_arn = {view.arn: view for view in views}
    for it in plan.reserved:
        if it.expected_at is None or it.expected_at >= UNKNOWN:
            continue
        view, room = by_arn[it.instance], by_arn[it.instance].free
        for running in view.running:
            if expected_end(running.ends_at, now) <= it.expected_at:
                room += running.demand.amount
        for placement in plan.placements:
            ends = end_of(now, lasting_of(jobs[placement.job_id]))
            if placement.instance == it.instance and ends > it.expected_at:
                room -= placement.demand.amount
        if least(room - jobs[it.job_id].demand.amount) < 0:
            yield f"{it.job_id} is delayed beyond the time it was told"
