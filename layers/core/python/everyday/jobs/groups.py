"""Members of groups that were left behind.

A group is claimed whole, and who cannot start brings the others back. But a call may stay without an answer
until another member has run and ended; when it is refused then, there is nobody left to start together with.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from everyday.jobs.model import Job, State
from everyday.jobs.ports import Lane
from everyday.jobs.tracking import Tracker


def put_back(waiting: Iterable[Job]) -> list[Job]:
    """Those that were to start once, and whose group does not wait with them. Pure."""
    grouped = [job for job in waiting if job.group is not None]
    there = Counter(job.group for job in grouped)
    return [job for job in grouped if job.group and job.attempt > 1 and there[job.group] != job.group.size]


def alone(job: Job) -> Job:
    """It waits for its group no more. Pure."""
    return replace(job, group=None) if job.state is State.WAITING and job.group else job


def freed(tracker: Tracker, cluster: str, waiting: Sequence[Job]) -> list[Job]:
    """The waiting jobs; those of whose group another member has ended start without it from now on.

    Nothing is asked while no group has come apart. Raises LedgerUnavailable.
    """
    behind = put_back(waiting)
    if not behind:
        return list(waiting)
    since = min(job.enqueued_at for job in behind)
    ended = {job.group for job in tracker.ledger.listed(cluster, Lane.DONE, until=since)}
    changed = {job.id: tracker.change(job, alone) for job in behind if job.group in ended}
    return [changed.get(job.id) or job for job in waiting]
