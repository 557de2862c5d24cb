"""Type-1 inversions: a job starts although one of a higher class waits that could have started instead."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence

from everyday.jobs.model import Amount, Job, JobClass
from everyday.jobs.plan import Reserved

ORDER = {JobClass.HIGH: 2, JobClass.NORMAL: 1, JobClass.LOW: 0}

Key = tuple[int, str]


class Waiting:
    """The jobs that wait, found by class and by what they need.

    A start of a job K is a type-1 inversion when a job J waits so that

    - J is of a higher class, and K does not come before J by rank (aging has not let K overtake J), and
    - J fits, in all dimensions, into what one instance has free and is not reserved for a job that comes
      before J by rank: beside the reserved amount, or in it when J would end before the reservation is due
      (one without a time, as for a job that starves and has its instance drained, is due at once).

    Jobs of a group are not looked at: they start together or not at all.

    What nobody can know yet does not count: neither a job before it can have arrived, nor the room of a
    stopped task before an event can have told of it, nor what is beside a task that was accepted so lately
    that records may count it twice (see `Conditions.notice_of_job` and `notice_of_room`).
    """

    def __init__(self) -> None:
        self._jobs: dict[tuple[JobClass, Amount], list[Key]] = {}
        self.by_id: dict[str, Job] = {}

    def add(self, job: Job) -> None:
        """Twice is once."""
        if job.group or job.id in self.by_id:
            return
        self.by_id[job.id] = job
        insort(self._jobs.setdefault((job.job_class, job.demand.amount), []), (job.rank, job.id))

    def remove(self, job: Job) -> None:
        if self.by_id.pop(job.id, None) is not None:
            shape = (job.job_class, job.demand.amount)
            jobs = self._jobs[shape]
            del jobs[bisect_left(jobs, (job.rank, job.id))]
            if not jobs:
                del self._jobs[shape]

    def passed_over(
        self,
        job: Job,
        rooms: Mapping[str, Amount],
        reserved: Mapping[str, Sequence[tuple[Job, Reserved]]],
        *,
        now: int,
    ) -> str | None:
        """The id of a waiting job for which starting `job` now is an inversion.

        `rooms`: what is free by instance. `reserved`: by instance, who waits for it.
        """
        for (job_class, amount), jobs in self._jobs.items():
            if ORDER[job_class] <= ORDER[job.job_class] or jobs[0] > (job.rank, job.id):
                continue
            fitting = [(arn, free) for arn, free in rooms.items() if amount.fits(free)]
            for key in jobs if fitting else ():
                if key > (job.rank, job.id):
                    break
                waiting = self.by_id[key[1]]
                if any(_could_start(waiting, free, reserved.get(arn, ()), now) for arn, free in fitting):
                    return waiting.id
        return None


def _could_start(job: Job, free: Amount, reserved: Iterable[tuple[Job, Reserved]], now: int) -> bool:
    """Whether it fits there without delaying those before it that the instance is reserved for."""
    for holder, due in reserved:
        if (holder.rank, holder.id) < (job.rank, job.id) and not _ends_before(job, due.expected_at, now):
            free -= holder.demand.amount
    return job.demand.amount.fits(free)


def _ends_before(job: Job, moment: int | None, now: int) -> bool:
    if moment is None or job.estimate_seconds is None:
        return False
    return now + 1000 * job.estimate_seconds <= moment
