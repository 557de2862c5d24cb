"""Recorded workloads: the Standard Workload Format, and the openb lists of pods and nodes."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import ceil
from typing import NamedTuple, TypeVar

from everyday.errors import InvalidMessageError
from everyday.jobs.model import Amount, JobClass
from everyday.jobs.simulator.workload import Workload, WorkloadJob, compressed, total

RANKS = (3, 2, 1)
"""Queue numbers of a Standard Workload Format file: of high, of normal and of low."""

T = TypeVar("T")

_CLASSES = (JobClass.HIGH, JobClass.NORMAL, JobClass.LOW)
_QOS = {"LS": JobClass.HIGH, "Guaranteed": JobClass.HIGH, "Burstable": JobClass.NORMAL, "BE": JobClass.LOW}


class Cut(NamedTuple):
    """Which part of a trace is simulated, and on what.

    `jobs`: how many, the last ones; `skip`: so many at the end are left out before. `load`: submissions are
    stretched or squeezed to it; None keeps the trace's times. `longest`: no run time is longer, in seconds.
    `instances`: how many equal ones of what `instance` says, instead of the trace's own.
    """

    jobs: int | None = None
    skip: int = 0
    load: float | None = None
    longest: int | None = None
    instances: int | None = None
    instance: Amount | None = None


OPENB = Cut(jobs=2_498, load=0.95, longest=3_600, instances=24)
"""The part of openb that is simulated when nothing else is said."""


def read_swf(name: str, lines: Iterable[str], cut: Cut, ranks: Sequence[int] = RANKS) -> Workload:
    """A file in the Standard Workload Format, version 2 (D. G. Feitelson, Parallel Workloads Archive).

    A processor is one vCPU and, unless the file says what a job's memory is, one GiB. Nodes are as the
    header's MaxNodes and MaxProcs say. A job of more processors than one node has becomes a group of tasks
    that start all or none. `ranks`: the queue numbers that are high, normal and low; others are low. Jobs
    without a run time or a size are left out. Raises InvalidMessageError with the line.
    """
    header: dict[str, int] = {}
    jobs: list[WorkloadJob] = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text.startswith(";"):
            _read_header(text, header)
        elif text:
            jobs += _swf_tasks(text, number, _node_processors(header), ranks)
    processors = _node_processors(header)
    count = max(1, header.get("MaxProcs", 1) // processors)
    most = max((job.amount.memory for job in jobs), default=0)
    node = Amount(processors * 1024, max(processors * 1024, most))
    return _cut(name, jobs, (node,) * count, cut)


def _read_header(text: str, header: dict[str, int]) -> None:
    key, _, value = text.lstrip("; ").partition(":")
    if key in {"MaxNodes", "MaxProcs"} and value.split() and value.split()[0].isdigit():
        header[key] = int(value.split()[0])


def _node_processors(header: Mapping[str, int]) -> int:
    procs = header.get("MaxProcs") or header.get("MaxNodes") or 64
    header_nodes = header.get("MaxNodes") or 1
    return max(1, procs // header_nodes)


def _swf_tasks(text: str, number: int, node_processors: int, ranks: Sequence[int]) -> list[WorkloadJob]:
    try:
        fields = [float(part) for part in text.split()]
        job, submitted, run = int(fields[0]), fields[1], fields[3]
        processors = int(fields[7] if fields[7] > 0 else fields[4])
        kilobytes, queue = fields[9] if fields[9] > 0 else fields[6], int(fields[14])
    except (ValueError, IndexError) as error:
        raise InvalidMessageError(f"line {number}: not 18 numbers of the Standard Workload Format") from error
    if run <= 0 or processors <= 0:
        return []
    memory = max(1, round(kilobytes / 1024)) if kilobytes > 0 else 1024
    sizes = [node_processors] * (processors // node_processors) + [processors % node_processors]
    tasks = [size for size in sizes if size]
    return [
        WorkloadJob(
            id=f"{job}-{index}" if len(tasks) > 1 else str(job),
            job_class=_CLASSES[ranks.index(queue)] if queue in ranks else JobClass.LOW,
            amount=Amount(1024 * size, memory * size),
            submitted=round(1000 * submitted),
            run=round(1000 * run),
            group=str(job) if len(tasks) > 1 else None,
        )
        for index, size in enumerate(tasks)
    ]


def read_openb(pods: Iterable[str], nodes: Iterable[str], cut: Cut) -> Workload:
    """The lists of pods and nodes of openb (Alibaba's GPU cluster of 2023; Weng et al., "Beware of
    Fragmentation", USENIX ATC 2023).

    Latency-sensitive and guaranteed pods are high, burstable ones normal, best-effort ones low. A pod runs
    from `scheduled_time` to `deletion_time`; those that never ran are left out. A part of a GPU counts as a
    whole one, because ECS gives whole ones. 1,000 milli-CPU are one vCPU. Instances are of the shape that
    most nodes have (96 vCPU, 384 GiB, 8 GPUs). What the cut leaves open is in OPENB. Raises
    InvalidMessageError with the line.
    """
    jobs = [job for found in _rows(pods, "pod", _openb_job) for job in found]
    shapes = Counter(_rows(nodes, "node", _openb_node))
    if not shapes:
        raise InvalidMessageError("openb: the list of nodes is empty")
    asked = {name: value for name, value in cut._asdict().items() if value is not None}
    return _cut("openb", jobs, (shapes.most_common(1)[0][0],), OPENB._replace(**asked))


def _rows(lines: Iterable[str], what: str, read: Callable[[Mapping[str, str]], T]) -> Iterator[T]:
    for number, row in enumerate(csv.DictReader(lines), 2):
        try:
            yield read(row)
        except (KeyError, ValueError, TypeError) as error:
            raise InvalidMessageError(f"line {number}: not a {what} of openb: {error!r}") from error


def _openb_node(row: Mapping[str, str]) -> Amount:
    return Amount(ceil(int(row["cpu_milli"]) * 1024 / 1000), int(row["memory_mib"]), int(row["gpu"]))


def _openb_job(row: Mapping[str, str]) -> list[WorkloadJob]:
    if row["scheduled_time"] is None:
        raise ValueError("columns are missing")
    if not row["scheduled_time"] or not row["deletion_time"]:
        return []
    return [
        WorkloadJob(
            id=row["name"],
            job_class=_QOS[row["qos"]],
            amount=Amount(
                -(-int(row["cpu_milli"]) * 1024 // 1000), int(row["memory_mib"]), int(row["num_gpu"])
            ),
            submitted=1000 * int(row["creation_time"]),
            run=1000 * max(1, int(row["deletion_time"]) - int(row["scheduled_time"])),
        )
    ]


def _cut(name: str, jobs: list[WorkloadJob], instances: tuple[Amount, ...], cut: Cut) -> Workload:
    jobs = sorted(jobs, key=lambda job: job.submitted)
    end = max(0, len(jobs) - cut.skip)
    jobs = jobs[max(0, end - cut.jobs) if cut.jobs else 0 : end]
    if not jobs:
        raise InvalidMessageError(f"{name}: no job is left in that part of the trace")
    if cut.instances or cut.instance:
        instances = (cut.instance or instances[0],) * (cut.instances or len(instances))
    if cut.longest:
        jobs = [job._replace(run=min(job.run, 1000 * cut.longest)) for job in jobs]
    if cut.load:
        jobs = list(compressed(jobs, total(instances), cut.load))
    begin = jobs[0].submitted
    return Workload(name, instances, tuple(job._replace(submitted=job.submitted - begin) for job in jobs))
