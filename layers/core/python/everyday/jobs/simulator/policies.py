"""What can be simulated: policies, estimates, options, and the jobs that follow from them."""

from collections import Counter
from collections.abc import Callable, Sequence
from enum import StrEnum
from math import ceil
from typing import NamedTuple

from everyday.jobs.model import Demand, Group, Job, JobClass
from everyday.jobs.plan import ClassPolicy, Rules
from everyday.jobs.ports import ClusterState, Ledger
from everyday.jobs.rank import rank_of
from everyday.jobs.simulator.conditions import Conditions, Dice
from everyday.jobs.simulator.cycling import Cycling
from everyday.jobs.simulator.passes import Passes
from everyday.jobs.simulator.retrying import Retrying
from everyday.jobs.simulator.whole import Whole
from everyday.jobs.simulator.workload import WorkloadJob
from everyday.jobs.simulator.world import CLUSTER, Way, World

STEP = 21_600_000
"""What one class is worth, in milliseconds: the scheduler's default."""

FOREVER = 10**12
"""Milliseconds that no wait makes up for."""


class Stores(NamedTuple):
    """What a simulation keeps its records in: makers of an empty state of clusters, which reads the given
    clock (milliseconds), and of an empty ledger."""

    state: Callable[[Callable[[], int]], ClusterState]
    ledger: Callable[[], Ledger]


class Policy(StrEnum):
    """Who decides what starts.

    SEED: one queue; RunTask, and a rejected message is hidden for 30 seconds. SEED_GATE: the same, and only
    tried if the sum of what is free in the cluster, at most a minute old, is enough. BATCH_FIFO: a queue for
    each class, each served from its head in a cycle. STRICT, GREEDY, EVERYDAY: the production planner, with
    rules under which a blocked job stops all behind it, or nobody; or with the given rules.
    """

    SEED = "seed"
    SEED_GATE = "seed-gate"
    STRICT = "strict"
    GREEDY = "greedy"
    BATCH_FIFO = "batch-fifo"
    EVERYDAY = "everyday"


PLANNED = {Policy.STRICT, Policy.GREEDY, Policy.EVERYDAY}
"""The policies of the production planner."""


class Estimates(StrEnum):
    """What jobs say about their run time: the truth, half to three times as much, or nothing."""

    TRUE = "true"
    NOISY = "noisy"
    NONE = "none"


class Options(NamedTuple):
    """How to simulate. `rules`: of policy `everyday`. `step`: what one class is worth, in milliseconds.

    `whole`: the planner's policies run the production's use cases whole, with ledger, claims, sweeps and
    readings; else its planner and its reservations only, which is faster.
    """

    seed: int = 0
    conditions: Conditions = Conditions()
    estimates: Estimates = Estimates.TRUE
    rules: Rules = Rules()
    step: int = STEP
    whole: bool = False


def way_of(policy: Policy, world: World, stores: Stores, options: Options) -> Way:
    """The policy at work in this world."""
    if policy in {Policy.SEED, Policy.SEED_GATE}:
        return Retrying(world, gate=policy is Policy.SEED_GATE)
    if policy is Policy.BATCH_FIFO:
        return Cycling(world)
    rules, state = _rules(policy, options.rules), stores.state(lambda: world.timeline.now)
    return Whole(world, state, stores.ledger(), rules) if options.whole else Passes(world, state, rules)


def _rules(policy: Policy, rules: Rules) -> Rules:
    if policy is Policy.EVERYDAY:
        return rules
    of_all = ClassPolicy.STRICT if policy is Policy.STRICT else ClassPolicy.GREEDY
    return Rules(policies=dict.fromkeys(JobClass, of_all), fairness=0, starve_after=FOREVER)


def jobs_of(jobs: Sequence[WorkloadJob], options: Options, *, begin: int, aging: bool = True) -> list[Job]:
    """The jobs as the scheduler takes them in; without `aging` a class always goes before the next one."""
    dice = Dice(options.seed, "estimates")
    sizes = Counter(job.group for job in jobs)
    step = options.step if aging else FOREVER
    return [
        Job(
            id=job.id,
            cluster=CLUSTER,
            task_definition="arn:aws:ecs:eu-central-1:123456789012:task-definition/simulated:1",
            demand=Demand(job.amount),
            enqueued_at=begin + job.submitted,
            rank=rank_of(begin + job.submitted, job.job_class, step),
            queue=job.queue,
            job_class=job.job_class,
            group=Group(job.group, sizes[job.group]) if job.group else None,
            estimate_seconds=_estimate(job.run, options.estimates, dice),
        )
        for job in jobs
    ]


def _estimate(run: int, estimates: Estimates, dice: Dice) -> int | None:
    if estimates is Estimates.NONE:
        return None
    factor = dice.within((50, 300)) / 100 if estimates is Estimates.NOISY else 1.0
    return max(1, ceil(run * factor / 1000))
