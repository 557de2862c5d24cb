"""Passes of the production planner over the state of the cluster, and its reservations."""

import time
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from everyday.errors import EcsThrottled
from everyday.jobs.model import Job, Task
from everyday.jobs.plan import Placement, Plan, Rules, Situation
from everyday.jobs.planner import plan
from everyday.jobs.ports import ClusterState, View
from everyday.jobs.simulator.conditions import Dice
from everyday.jobs.simulator.ecs import Change
from everyday.jobs.simulator.world import CLUSTER, Settled, World

Planner = Callable[[Sequence[Job], Situation, Rules], Plan]

AGAIN = 25
"""Milliseconds until a throttled call is made again: ECS refills its bucket with one call in that time."""

AT_ONCE = 8
"""So many RunTask calls are under way side by side."""


class Passes(Settled):
    """Policies `strict`, `greedy` and `everyday`: a pass after every change, one at a time.

    The planner and the reservations are the production's; what is around them (queue, ledger, claims) is a
    model of it. `limit`: how many waiting jobs a pass looks at.
    """

    def __init__(
        self,
        world: World,
        state: ClusterState,
        rules: Rules,
        *,
        limit: int = 2_000,
        planner: Planner = plan,
    ) -> None:
        self._world, self._state, self._rules, self._limit, self._plan = world, state, rules, limit, planner
        self._dice = Dice(world.seed, "lambda")
        self._jobs: dict[str, Job] = {}
        self._order: list[tuple[int, str]] = []
        self._placing: dict[str, Job] = {}
        self._asked, self._free_at, self._last = False, 0, 0
        self._reconcile()
        if world.conditions.faulty:
            self._tick()

    def submitted(self, job: Job) -> None:
        self._world.timeline.after(self._dice.within(self._world.conditions.queue), lambda: self._ingest(job))

    def changed(self, change: Change) -> None:
        if isinstance(change, Task):
            freed = self._state.put_task(CLUSTER, change).freed
        else:
            freed = self._state.put_instance(CLUSTER, change).freed
        if freed:
            self._wake()

    def _ingest(self, job: Job) -> None:
        self._jobs[job.id] = job
        insort(self._order, (job.rank, job.id))
        self._wake()

    def _tick(self) -> None:
        """Nothing that is lost is lost for longer than until the next tick."""
        self._wake()
        self._world.timeline.after(self._world.conditions.tick, self._tick)

    def _reconcile(self) -> None:
        """Read the whole cluster."""
        ecs, now = self._world.ecs, self._world.timeline.now
        ticket = self._state.begin_rebuild(CLUSTER)
        records = [machine.record for machine in ecs.machines]
        tasks = [task for machine in ecs.machines for task in machine.tasks.values()]
        self._state.replace(CLUSTER, ticket, records, tasks, [*self._placing.values()], now=now)
        self._wake()
        if self._world.conditions.faulty:
            self._world.timeline.after(self._world.conditions.reconcile, self._reconcile)

    def _wake(self, delay: int = 0) -> None:
        if not self._asked:
            self._asked = True
            self._world.timeline.at(
                max(self._free_at, self._world.timeline.now + delay), self._begin, late=True
            )

    def _begin(self) -> None:
        """A pass takes a while, and what happens meanwhile asks for the next one."""
        conditions, now = self._world.conditions, self._world.timeline.now
        self._asked = False
        self._state.begin_pass(CLUSTER)
        if self._dice.chance(conditions.crash):
            self._world.watch.crashes += 1
            self._free_at = now + conditions.visibility
            self._wake()
            return
        cold = self._dice.within(conditions.cold) if now - self._last > conditions.idle else 0
        self._free_at = self._last = now + cold + self._dice.within(conditions.decide)
        self._world.timeline.at(self._free_at, self._pass)

    def _pass(self) -> None:
        conditions, view = self._world.conditions, self._state.view(CLUSTER)
        if not self._order or view is None:
            return
        made = self._planned(view)
        self._world.watch.reserve(made.reserved)
        given = self._reserve(view, made.placements)
        for number, placement in enumerate(it for it in made.placements if it.job_id in given):
            self._claim(placement, delay=(number // AT_ONCE + 1) * self._dice.within(conditions.call))

    def _planned(self, view: View) -> Plan:
        waiting = [self._jobs[job_id] for _, job_id in self._order[: self._limit]]
        situation = Situation(view.instances, self._world.timeline.now)
        began = time.perf_counter()
        made = self._plan(waiting, situation, self._rules)
        self._world.watch.planner_seconds.append(time.perf_counter() - began)
        return made

    def _reserve(self, view: View, placements: Sequence[Placement]) -> frozenset[str]:
        now = self._world.timeline.now
        ends_at = {
            job.id: now + 1000 * job.estimate_seconds
            for job in (self._jobs[placement.job_id] for placement in placements)
            if job.estimate_seconds is not None
        }
        return self._state.reserve(CLUSTER, view.epoch, placements, ends_at=ends_at, now=now)

    def _claim(self, placement: Placement, *, delay: int) -> None:
        job = self._jobs.pop(placement.job_id)
        del self._order[bisect_left(self._order, (job.rank, job.id))]
        self._placing[job.id] = replace(job, instance=placement.instance)
        self._world.watch.decided(self._placing[job.id])
        self._free_at = max(self._free_at, self._world.timeline.now + delay)
        self._world.timeline.after(delay, lambda: self._call(job.id))

    def _call(self, job_id: str) -> None:
        """RunTask; a throttled call is made again with the same token."""
        job = self._placing[job_id]
        try:
            task = self._world.call(job)
        except EcsThrottled:
            self._world.timeline.after(AGAIN, lambda: self._call(job_id))
            return
        del self._placing[job_id]
        if task is None:
            self._state.release(CLUSTER, [job])
            self._ingest(replace(job, attempt=job.attempt + 1, instance=None))
            return
        self._state.accept(CLUSTER, job, task)
