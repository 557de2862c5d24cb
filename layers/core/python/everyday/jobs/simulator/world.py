"""What every policy finds in a simulation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from everyday.jobs.model import Job, Task
from everyday.jobs.simulator.conditions import Conditions
from everyday.jobs.simulator.ecs import Launchable, SimulatedEcs
from everyday.jobs.simulator.timeline import Timeline
from everyday.jobs.simulator.watch import Watch


@dataclass(frozen=True, kw_only=True)
class World:
    """One simulation's parts. `runs`: how long each job's task will run, in milliseconds, by job id."""

    timeline: Timeline
    conditions: Conditions
    seed: int
    ecs: SimulatedEcs
    watch: Watch
    runs: Mapping[str, int]

    def start(self, job: Job, instance: str | None = None, *, attempt: int = 1) -> Task | None:
        """Call RunTask for a job, pinned to an instance or not. None: rejected. Raises EcsThrottled."""
        passed = self.watch.passed_over(job)
        ask = Launchable(job.id, f"{job.id}/{attempt}", job.demand, self.runs[job.id], instance)
        task = self.ecs.run(ask)
        if task is not None and passed:
            self.watch.inversions += 1
        return task


class Way(Protocol):
    """A way to run jobs: hears of every job that is submitted and of every event that arrives."""

    def submitted(self, job: Job) -> None: ...

    def changed(self, task: Task) -> None: ...
