"""How fast the planner decides, beside a scan of every instance for every job."""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from random import Random
from statistics import median, quantiles

from _report import Row

from everyday.jobs.model import Amount, Demand, Job, JobClass
from everyday.jobs.plan import InstanceView, Plan, Rules, Running, Situation
from everyday.jobs.planner import plan

NOW = 1_800_000_000_000
WAITING = 10_000
RUNS = 15
EMPTY_RUNS = 101
SCANNED = 200
REGISTERED = Amount(cpu=16_384, memory=65_536)


def planner() -> Iterator[Row]:
    """Throughput, growth with the cluster, and what a pass costs in which nothing starts."""
    few, many = (_seconds_a_placement(instances) for instances in (1_000, 10_000))
    waiting, situation = _jobs(), _cluster(1_000)
    yield Row(
        name="placements planned a second: 1,000 instances, 10,000 waiting",
        value=round(1 / few),
        unit="placements/s",
        better="higher",
        goal=20_000,
        peers={"a scan of every instance for every job": round(1 / _scanned(waiting, situation))},
        note=f"CPU seconds of one process, the best of {RUNS} plans; the scan planned {SCANNED} jobs",
    )
    yield Row(
        name="time a placement: 10,000 instances against 1,000",
        value=round(many / few, 2),
        unit="times as long",
        better="lower",
        goal=1.5,
        limit=1.0,
        note=f"{few * 1e6:.0f} and {many * 1e6:.0f} µs",
    )
    yield _empty("the cluster is full", _jobs(), _cluster(1_000, spare=0.0))
    yield _empty("no job fits what is free", _jobs(smallest=1_024), _cluster(1_000, spare=1 / 17))


def _empty(name: str, waiting: Sequence[Job], situation: Situation) -> Row:
    """A plan that starts nothing, because that is what most passes are."""
    times, made = _times(waiting, situation, EMPTY_RUNS)
    if made.placements:
        raise AssertionError(f"something starts although {name}")
    return Row(
        name=f"a pass over 10,000 waiting jobs in which nothing starts: {name}, p50",
        value=round(median(times) * 1e3, 2),
        unit="ms",
        better="lower",
        goal=5,
        note=f"1,000 instances; p99 {quantiles(times, n=100)[98] * 1e3:.1f} ms, CPU time",
    )


def _seconds_a_placement(instances: int) -> float:
    """CPU seconds a plan takes for each job it starts."""
    times, made = _times(_jobs(), _cluster(instances), RUNS)
    if len(made.placements) < WAITING:
        raise AssertionError(f"only {len(made.placements)} of {WAITING} jobs start on {instances} instances")
    return min(times) / WAITING


def _times(waiting: Sequence[Job], situation: Situation, runs: int) -> tuple[list[float], Plan]:
    made = Plan()

    def once() -> None:
        nonlocal made
        made = plan(waiting, situation, Rules())

    gc.collect()  # what was left over from making the input
    return [_timed(once) for _ in range(runs)], made


def _timed(work: Callable[[], object]) -> float:
    """CPU time, so that what else the machine does is left out."""
    start = time.process_time()
    work()
    return time.process_time() - start


def _scanned(waiting: Sequence[Job], situation: Situation) -> float:
    """CPU seconds a placement when every job looks at every instance for the best fit."""
    sample = waiting[:SCANNED]

    def scan() -> None:
        free = {view.arn: view.free for view in situation.instances}
        for job in sample:
            need = job.demand.amount
            fitting = (arn for arn, room in free.items() if need.fits(room))
            best = min(fitting, key=lambda arn: (_left(free[arn]), arn), default=None)
            if best is not None:
                free[best] -= need

    return _timed(scan) / len(sample)


def _left(room: Amount) -> float:
    return float(10 ** (room.cpu / REGISTERED.cpu) + 10 ** (room.memory / REGISTERED.memory))


def _cluster(instances: int, *, spare: float | None = None) -> Situation:
    """Instances of 16 vCPU and 64 GiB with eight tasks each, and with room left: 10 to 80 % when nothing is
    said, so that hardly two are alike."""
    random = Random(f"cluster {instances}")
    views = []
    for number in range(instances):
        part = random.uniform(0.1, 0.8) if spare is None else spare
        free = Amount(
            round(REGISTERED.cpu * part), round(REGISTERED.memory * part * random.uniform(0.8, 1.2))
        )
        held = Demand(Amount((REGISTERED.cpu - free.cpu) // 8, (REGISTERED.memory - free.memory) // 8))
        running = tuple(Running(held, NOW + random.randrange(1, 3_600_000)) for _ in range(8))
        views.append(
            InstanceView(
                f"arn/{random.random()}", f"i-{number}", 1, REGISTERED, free, frozenset(), {}, running
            )
        )
    return Situation(tuple(views), NOW)


def _jobs(*, smallest: int = 64) -> list[Job]:
    """Jobs of 150 demands, three classes and any run time up to an hour, in rank order."""
    random = Random("jobs")
    steps = [(random.randrange(16), random.randrange(32)) for _ in range(150)]
    amounts = [Amount(smallest + 64 * cpu, 4 * smallest + 64 * memory) for cpu, memory in steps]
    classes = list(JobClass)
    return [
        Job(
            id=f"job-{number:05}",
            cluster="home",
            task_definition="worker:1",
            demand=Demand(Amount(amount.cpu, amount.memory)),
            enqueued_at=NOW - WAITING + number,
            rank=number,
            job_class=random.choice(classes),
            estimate_seconds=random.randrange(10, 3_600),
        )
        for number, amount in enumerate(random.choices(amounts, k=WAITING))
    ]
