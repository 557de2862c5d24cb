"""What the scheduler is worth: simulated beside other policies, over ten seeds or parts of a trace each."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev

from _report import Row

from everyday.adapters.memory_ledger import MemoryLedger
from everyday.adapters.memory_state import MemoryState
from everyday.jobs.model import JobClass
from everyday.jobs.simulator.generated import blog, flood, lublin
from everyday.jobs.simulator.policies import Options, Policy, Stores
from everyday.jobs.simulator.result import Result
from everyday.jobs.simulator.simulation import simulate
from everyday.jobs.simulator.traces import Cut
from everyday.jobs.simulator.workload import Workload
from everyday_cli.jobs_workloads import workload

RUNS = range(10)
STORES = Stores(MemoryState, MemoryLedger)
STUDENT = 2.262
"""Student's t for 95 % of ten."""

STRIDE = 528
"""Jobs of openb between the ends of two parts: ten parts of 2,498 cover the trace."""

COMPARED = (Policy.STRICT, Policy.GREEDY, Policy.EVERYDAY, Policy.SEED, Policy.BATCH_FIFO)

Make = Callable[[int], Workload]
Results = dict[Policy, Sequence[Result]]


def simulations() -> Iterator[Row]:
    """The blog's case, floods of two sizes, Lublin and Feitelson's model, and openb if there is a copy."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        run = partial(_run_all, pool)
        yield from _blog(run(blog, list(Policy)))
        for name, make in _workloads().items():
            yield from _compared(name, run(make, COMPARED))
    if not os.environ.get("OPENB"):
        yield Row(
            name="openb: parts simulated",
            value=0,
            unit="parts",
            better="higher",
            note="set OPENB to a folder with the pod and node lists of alibaba/clusterdata to measure it",
        )


def _workloads() -> dict[str, Make]:
    made: dict[str, Make] = {
        "flood of 3,000": partial(flood, jobs=3_000),
        "flood of 3,000 at load 0.8": partial(flood, jobs=3_000, load=0.8),
        "flood of 3,000 at load 1.1": partial(flood, jobs=3_000, load=1.1),
        "flood of 6,000": flood,
        "Lublin": lublin,
    }
    folder = os.environ.get("OPENB")
    return made | ({"openb": partial(_openb, Path(folder))} if folder else {})


def _openb(folder: Path, part: int) -> Workload:
    return workload(str(folder), seed=0, cut=Cut(skip=part * STRIDE), ranks=())


def _run_all(pool: ProcessPoolExecutor, make: Make, policies: Sequence[Policy]) -> Results:
    futures = {policy: [pool.submit(_one, make, policy, seed) for seed in RUNS] for policy in policies}
    return {policy: [future.result() for future in each] for policy, each in futures.items()}


def _one(make: Make, policy: Policy, seed: int) -> Result:
    result = simulate(make(seed), policy, STORES, Options(seed=seed)).result
    if result.broken:
        raise AssertionError(f"{policy}, seed {seed}: {result.broken[0]}")
    return result


def _blog(found: Results) -> Iterator[Row]:
    alone = _isolated()
    yield _row("blog: RunTask calls for each job", "calls", found, lambda it: it.calls_per_job, goal=1.0)
    yield _row("blog: rejects", "rejects", found, lambda it: it.rejects, goal=0)
    yield _row("blog: type-1 inversions", "inversions", found, lambda it: it.inversions, goal=0)
    yield _row(
        "blog: mean wait of high", "s", found, _mean_of_high, goal=90, limit=fmean(map(_mean_of_high, alone))
    )
    yield _row(
        "blog: p99 wait of high", "s", found, _p99_of_high, goal=190, limit=fmean(map(_p99_of_high, alone))
    )
    yield _row("blog: makespan ÷ bound", "times", found, lambda it: it.makespan_ratio)


def _isolated() -> list[Result]:
    """The high jobs of the blog's case with nobody beside them."""
    made = [blog(seed) for seed in RUNS]
    high = [it._replace(jobs=tuple(job for job in it.jobs if job.job_class is JobClass.HIGH)) for it in made]
    return [simulate(it, Policy.EVERYDAY, STORES).result for it in high]


def _mean_of_high(result: Result) -> float:
    return result.wait_seconds[JobClass.HIGH].mean


def _p99_of_high(result: Result) -> float:
    return result.wait_seconds[JobClass.HIGH].p99


def _compared(name: str, found: Results) -> Iterator[Row]:
    yield _row(f"{name}: rejects", "rejects", found, lambda it: it.rejects, goal=0)
    yield _row(f"{name}: type-1 inversions", "inversions", found, lambda it: it.inversions, goal=0)
    yield _row(f"{name}: starved jobs", "jobs", found, lambda it: it.starved, goal=0)
    yield _beside(
        f"{name}: makespan ÷ greedy's", found, lambda it: it.makespan_seconds, to=Policy.GREEDY, goal=1.02
    )
    yield _beside(
        f"{name}: mean wait of high ÷ strict's",
        found,
        _mean_of_high,
        to=Policy.STRICT,
        goal=1.5,
    )
    yield _row(f"{name}: mean wait of low", "s", found, lambda it: it.wait_seconds[JobClass.LOW].mean)
    yield _row(f"{name}: planner p99", "ms", found, lambda it: it.planner_ms.p99)


def _row(
    name: str,
    unit: str,
    found: Results,
    figure: Callable[[Result], float],
    *,
    goal: float | None = None,
    limit: float | None = None,
) -> Row:
    figures = {policy: [figure(it) for it in each] for policy, each in found.items()}
    return _measured(name, unit, figures, goal, limit)


def _beside(name: str, found: Results, figure: Callable[[Result], float], *, to: Policy, goal: float) -> Row:
    """Ratios within each seed, so that what a seed makes hard for all does not count."""
    base = [figure(it) for it in found[to]]
    ratios = {
        policy: [figure(it) / of for it, of in zip(each, base, strict=True)] for policy, each in found.items()
    }
    return _measured(name, "times", ratios, goal)


def _measured(
    name: str,
    unit: str,
    figures: dict[Policy, list[float]],
    goal: float | None,
    limit: float | None = None,
) -> Row:
    """`limit`: what nobody can do better, measured in the same run."""
    ours = figures[Policy.EVERYDAY]
    half = STUDENT * stdev(ours) / sqrt(len(ours))
    return Row(
        name=name,
        value=fmean(ours),
        unit=unit,
        better="lower",
        goal=goal,
        limit=limit,
        peers={policy: fmean(each) for policy, each in figures.items() if policy is not Policy.EVERYDAY},
        note=f"mean of {len(ours)}; 95 % interval ± {half:.3g}",
    )
