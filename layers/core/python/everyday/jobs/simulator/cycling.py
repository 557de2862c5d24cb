"""A queue for each class, first come, first served: a cycle places from the head of each until it blocks."""

from collections import deque

from msgspec.structs import replace

from everyday.errors import EcsThrottled
from everyday.jobs.model import Job, JobClass
from everyday.jobs.simulator.ecs import Change
from everyday.jobs.simulator.world import Settled, World

CYCLE = 10_000
"""Milliseconds between two looks at the queues."""


class Cycling(Settled):
    """Policy `batch-fifo`: in the manner of AWS Batch's FIFO job queues that share a compute environment.

    The queues are looked at in the order of their priority. Of each, jobs are placed until its head does not
    fit: then the next queue's turn comes, and nothing is kept free for the head.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._queues: dict[JobClass, deque[Job]] = {job_class: deque() for job_class in JobClass}
        self._asked = False

    def submitted(self, job: Job) -> None:
        self._queues[job.job_class].append(job)
        self._ask()

    def changed(self, _: Change) -> None:
        """It looks by itself."""

    def _ask(self) -> None:
        if not self._asked:
            self._asked = True
            self._world.timeline.after(CYCLE, self._cycle)

    def _cycle(self) -> None:
        self._asked = False
        for queue in self._queues.values():
            while queue and self._fits_now(queue[0]):
                queue.popleft()
        if any(self._queues.values()):
            self._ask()

    def _fits_now(self, job: Job) -> bool:
        machines = self._world.ecs.machines
        fitting = next((it for it in machines if job.demand.amount.fits(it.shown)), None)
        try:
            return fitting is not None and self._world.start(replace(job, instance=fitting.arn)) is not None
        except EcsThrottled:
            return False
