"""Passes of the production planner over what is known of the cluster."""

import time
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence

from everyday.errors import EcsThrottled
from everyday.jobs.model import Job, Task
from everyday.jobs.plan import InstanceView, Plan, Rules, Running, Situation
from everyday.jobs.planner import plan
from everyday.jobs.simulator.conditions import Dice
from everyday.jobs.simulator.ecs import Machine
from everyday.jobs.simulator.world import World

Planner = Callable[[Sequence[Job], Situation, Rules], Plan]


class Known:
    """What has been told of one instance: the tasks that hold room there."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._tasks: dict[str, Running] = {}
        self._view: InstanceView | None = None

    def add(self, job: Job, task: Task, ends_at: int | None) -> None:
        self._tasks[task.arn] = Running(job.demand, ends_at)
        self._view = None

    def drop(self, arn: str) -> bool:
        self._view = None
        return self._tasks.pop(arn, None) is not None

    @property
    def view(self) -> InstanceView:
        if self._view is None:
            free = self._machine.registered
            for task in self._tasks.values():
                free -= task.demand.amount
            self._view = InstanceView(
                arn=self._machine.arn,
                ec2_id=self._machine.ec2_id,
                version=self._machine.version,
                registered=self._machine.registered,
                free=free,
                ports=frozenset(),
                attributes={},
                running=tuple(self._tasks.values()),
            )
        return self._view


class Passes:
    """Policies `strict`, `greedy` and `everyday`: a pass after every change, one at a time.

    `limit`: how many waiting jobs a pass looks at.
    """

    def __init__(self, world: World, rules: Rules, *, limit: int = 2_000, planner: Planner = plan) -> None:
        self._world, self._rules, self._limit, self._plan = world, rules, limit, planner
        self._dice = Dice(world.seed, "lambda")
        self._jobs: dict[str, Job] = {}
        self._order: list[tuple[int, str]] = []
        self._known = {machine.arn: Known(machine) for machine in world.ecs.machines}
        self._asked, self._free_at, self._seen = False, 0, 0
        self.passes = 0

    def submitted(self, job: Job) -> None:
        self._world.timeline.after(self._dice.within(self._world.conditions.queue), lambda: self._ingest(job))

    def _ingest(self, job: Job) -> None:
        self._jobs[job.id] = job
        insort(self._order, (job.rank, job.id))
        self._wake()

    def changed(self, task: Task) -> None:
        if task.stopped and self._known[task.instance or ""].drop(task.arn):
            self._wake()

    def _wake(self) -> None:
        if not self._asked:
            self._asked = True
            self._world.timeline.at(max(self._free_at, self._world.timeline.now), self._pass, late=True)

    def _pass(self) -> None:
        self._asked = False
        if not self._order:
            return
        self.passes += 1
        waiting = [self._jobs[job_id] for _, job_id in self._order[: self._limit]]
        views = tuple(known.view for known in self._known.values())
        began = time.perf_counter()
        made = self._plan(waiting, Situation(views, self._world.timeline.now), self._rules)
        self._world.watch.planner_seconds.append(time.perf_counter() - began)
        self._world.watch.reserve(made.reserved)
        for placement in made.placements:
            self._place(self._jobs[placement.job_id], placement.instance)

    def _place(self, job: Job, instance: str) -> None:
        try:
            task = self._world.start(job, instance)
        except EcsThrottled:
            task = None
        if task is None:
            return
        estimate = job.estimate_seconds
        ends_at = None if estimate is None else self._world.timeline.now + 1000 * estimate
        self._known[instance].add(job, task, ends_at)
        del self._order[bisect_left(self._order, (job.rank, job.id))]
        del self._jobs[job.id]
