"""Our own workload files: a JSON document that says what comes, when, and to which instances."""

from random import Random
from typing import Annotated

import msgspec

from everyday.errors import InvalidMessageError
from everyday.jobs.model import Amount, JobClass
from everyday.jobs.simulator.workload import Workload, WorkloadJob

Count = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=31 * 24 * 3600)]
# Of fixed length in the type, msgspec 0.22 crashes on it beside a number with bounds.
FromTo = Annotated[tuple[Seconds, ...], msgspec.Meta(min_length=2, max_length=2)]
Part = Annotated[int, msgspec.Meta(ge=0)]


class _Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what a workload file holds: unknown keys are refused."""


class InstancesDocument(_Document, frozen=True, kw_only=True):
    """`count` equal container instances: CPU units (1,024 are one vCPU), MiB, GPUs."""

    count: Count = 1
    cpu: Part = 0
    memory: Part = 0
    gpu: Part = 0


class JobsDocument(_Document, frozen=True, kw_only=True):
    """`count` jobs that need the same.

    The first is submitted at `submit_seconds`, the others `every_seconds` after each other. `run_seconds`:
    how long each runs, or from and to: drawn evenly in between, from the simulation's seed. `group`: they
    start all or none.
    """

    count: Count = 1
    job_class: JobClass = msgspec.field(default=JobClass.NORMAL, name="class")
    queue: str = "default"
    cpu: Part = 0
    memory: Part = 0
    gpu: Part = 0
    submit_seconds: Seconds = 0
    every_seconds: Seconds = 0
    run_seconds: Seconds | FromTo
    group: str | None = None


class WorkloadDocument(_Document, frozen=True, kw_only=True):
    """A workload: the cluster's instances, and the jobs in any order."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    instances: Annotated[tuple[InstancesDocument, ...], msgspec.Meta(min_length=1)]
    jobs: Annotated[tuple[JobsDocument, ...], msgspec.Meta(min_length=1)]


def read_document(data: bytes, seed: int) -> Workload:
    """The workload of a document. Raises InvalidMessageError naming the field."""
    try:
        document = msgspec.json.decode(data, type=WorkloadDocument)
    except msgspec.DecodeError as error:
        raise InvalidMessageError(f"not a workload: {error}") from error
    random = Random(f"{seed} {document.name}")  # noqa: S311 - a simulation must be repeatable
    jobs = [
        _job(entry, f"{place}-{index}", index, random)
        for place, entry in enumerate(document.jobs)
        for index in range(entry.count)
    ]
    instances = tuple(
        Amount(entry.cpu, entry.memory, entry.gpu) for entry in document.instances for _ in range(entry.count)
    )
    jobs.sort(key=lambda job: job.submitted)
    return Workload(document.name, instances, tuple(jobs))


def _job(entry: JobsDocument, job_id: str, index: int, random: Random) -> WorkloadJob:
    run = entry.run_seconds if isinstance(entry.run_seconds, tuple) else (entry.run_seconds,)
    return WorkloadJob(
        id=job_id,
        job_class=entry.job_class,
        amount=Amount(entry.cpu, entry.memory, entry.gpu),
        submitted=round(1000 * (entry.submit_seconds + index * entry.every_seconds)),
        run=max(1, round(1000 * random.uniform(run[0], run[-1]))),
        queue=entry.queue,
        group=entry.group,
    )
