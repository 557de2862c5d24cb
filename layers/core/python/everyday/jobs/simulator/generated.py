"""Workloads that are made, not recorded. Each is a function of its seed."""

from math import ceil, exp, log
from random import Random
from typing import NamedTuple

from everyday.jobs.model import Amount, JobClass
from everyday.jobs.simulator.workload import Workload, WorkloadJob, compressed


class Size(NamedTuple):
    """How many jobs come to how many instances, and at which load."""

    jobs: int
    load: float
    instances: int


FLOOD = Size(jobs=6_000, load=0.95, instances=40)
LUBLIN = Size(jobs=2_000, load=0.95, instances=16)
LUBLIN_CPUS = 64


def _random(seed: int, name: str) -> Random:
    return Random(f"{seed} {name}")  # noqa: S311 - a simulation must be repeatable


def blog(seed: int) -> Workload:
    """100 tasks of 100 MiB, submitted at once, 20 high, 30 normal and 50 low, and one instance of 512 MiB.

    Each runs 40 to 80 seconds.
    """
    random = _random(seed, "blog")
    classes = [*[JobClass.HIGH] * 20, *[JobClass.NORMAL] * 30, *[JobClass.LOW] * 50]
    jobs = tuple(
        WorkloadJob(
            f"{job_class}-{index:03}", job_class, Amount(memory=100), 0, random.randint(40_000, 80_000)
        )
        for index, job_class in enumerate(classes)
    )
    return Workload("blog", (Amount(cpu=1024, memory=512),), jobs)


def flood(
    seed: int, *, jobs: int = FLOOD.jobs, load: float = FLOOD.load, instances: int = FLOOD.instances
) -> Workload:
    """Many small jobs, and a few large ones that matter most, on instances of 1 vCPU and 1 GiB.

    Poisson arrivals at the given load. 4 % are high and need 640 to 1,024 CPU units, and as many MiB, each
    drawn alone in steps of 64; 36 % are normal and 60 % low, and need 64 to 320 of each. Run times are
    log-normal, 145 seconds in the median (sigma 1), from 5 seconds to one hour.
    """
    random = _random(seed, "flood")
    at, made = 0.0, []
    for index in range(jobs):
        at += random.expovariate(1.0)
        draw = random.random()
        high = draw < 0.04
        job_class = JobClass.HIGH if high else JobClass.NORMAL if draw < 0.4 else JobClass.LOW
        steps = (10, 16) if high else (1, 5)
        amount = Amount(64 * random.randint(*steps), 64 * random.randint(*steps))
        run = min(max(random.lognormvariate(log(145), 1.0), 5.0), 3_600.0)
        made.append(WorkloadJob(f"f{index:05}", job_class, amount, round(at * 1000), round(run * 1000)))
    cluster = (Amount(cpu=1024, memory=1024),) * instances
    return Workload(
        "flood", cluster, tuple(compressed(made, Amount(1024 * instances, 1024 * instances), load))
    )


def lublin(
    seed: int, *, jobs: int = LUBLIN.jobs, load: float = LUBLIN.load, instances: int = LUBLIN.instances
) -> Workload:
    """Rigid jobs as on a parallel computer, each on one instance of 64 vCPU.

    Sizes and run times follow U. Lublin and D. G. Feitelson, "The workload on parallel supercomputers:
    modeling the characteristics of rigid jobs", Journal of Parallel and Distributed Computing 63 (11), 2003:
    24.4 % are serial, the others two-stage uniform in the logarithm of the size, 57.6 % of them rounded to a
    power of two; the logarithm of the run time is hyper-gamma and longer for larger jobs. Not the model's:
    gaps between arrivals are gamma without its daily cycle, stretched to `load`; no job runs over 4 hours;
    memory is 1 to 4 GiB for each vCPU; 10 % are high and 30 % normal.
    """
    random = _random(seed, "lublin")
    largest = LUBLIN_CPUS.bit_length() - 1
    at, made = 0.0, []
    for index in range(jobs):
        at += exp(min(random.gammavariate(10.2303, 0.4871), 13.0))
        size = _lublin_size(random, float(largest))
        run = min(_lublin_run(random, size), 4 * 3_600.0)
        draw = random.random()
        job_class = JobClass.HIGH if draw < 0.1 else JobClass.NORMAL if draw < 0.4 else JobClass.LOW
        amount = Amount(size * 1024, size * 1024 * random.randint(1, 4))
        made.append(WorkloadJob(f"l{index:05}", job_class, amount, round(at * 1000), ceil(run * 1000)))
    instance = Amount(LUBLIN_CPUS * 1024, LUBLIN_CPUS * 4096)
    whole = Amount(instance.cpu * instances, instance.memory * instances)
    return Workload("lublin", (instance,) * instances, tuple(compressed(made, whole, load)))


def _lublin_size(random: Random, largest: float) -> int:
    if random.random() < 0.244:
        return 1
    low, middle = 0.8, largest - 2.5
    scale = random.uniform(low, middle) if random.random() < 0.86 else random.uniform(middle, largest)
    size = 2.0 ** round(scale) if random.random() < 0.576 else 2.0**scale
    return max(2, min(round(size), round(2**largest)))


def _lublin_run(random: Random, size: int) -> float:
    short = random.random() < max(0.0, min(1.0, -0.0054 * size + 0.78))
    return max(
        1.0, exp(min(random.gammavariate(4.2, 0.94) if short else random.gammavariate(312, 0.03), 12.0))
    )
