"""What a simulation runs: the instances of a cluster and the jobs that come to it.

Times are whole milliseconds from the start of the workload.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from everyday.jobs.model import Amount, JobClass


class WorkloadJob(NamedTuple):
    """One job: when it is `submitted` and how long its task will run. `group`: it starts with all others of
    that name or not at all."""

    id: str
    job_class: JobClass
    amount: Amount
    submitted: int
    run: int
    queue: str = "default"
    group: str | None = None


class Workload(NamedTuple):
    """Jobs in the order in which they are submitted, and what each instance of the cluster offers."""

    name: str
    instances: tuple[Amount, ...]
    jobs: tuple[WorkloadJob, ...]

    @property
    def capacity(self) -> Amount:
        """What all instances offer together."""
        return total(self.instances)


def total(amounts: Iterable[Amount]) -> Amount:
    """The sum."""
    return sum(amounts, Amount())


def dimensions(amount: Amount) -> tuple[int, int, int]:
    """CPU units, MiB, GPUs."""
    return amount.cpu, amount.memory, amount.gpu


def volumes(jobs: Iterable[WorkloadJob]) -> tuple[int, int, int]:
    """Demand times run time, of all jobs together, in each dimension."""
    sums = [0, 0, 0]
    for job in jobs:
        for index, part in enumerate(dimensions(job.amount)):
            sums[index] += part * job.run
    return sums[0], sums[1], sums[2]


def busiest(volume: Sequence[float], capacity: Amount) -> float:
    """Milliseconds for which the whole capacity is needed in the dimension that is needed longest."""
    return max((part / of for part, of in zip(volume, dimensions(capacity), strict=True) if of), default=0.0)


def compressed(jobs: Sequence[WorkloadJob], capacity: Amount, load: float) -> Iterator[WorkloadJob]:
    """The same jobs, submitted in such a time that the offered load is `load`.

    Load: the time for which they need the whole capacity (in the dimension that is needed longest) divided by
    the time in which they are submitted.
    """
    span = jobs[-1].submitted - jobs[0].submitted
    factor = busiest(volumes(jobs), capacity) / load / span if span else 0.0
    for job in jobs:
        yield job._replace(submitted=round((job.submitted - jobs[0].submitted) * factor))


def lower_bound(workload: Workload) -> float:
    """Milliseconds from the first submission before which no scheduler can have ended all jobs.

    The largest of: each job's submission plus its run time; and for every moment, that moment plus the time
    for which everything submitted from then on needs the whole capacity.
    """
    start = workload.jobs[0].submitted
    bound = float(max(job.submitted + job.run for job in workload.jobs) - start)
    rest = [0, 0, 0]
    for job in reversed(workload.jobs):
        rest = [of + part * job.run for of, part in zip(rest, dimensions(job.amount), strict=True)]
        bound = max(bound, job.submitted - start + busiest(rest, workload.capacity))
    return bound
