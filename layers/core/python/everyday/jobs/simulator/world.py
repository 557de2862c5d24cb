"""What every policy finds in a simulation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from everyday.errors import EcsThrottled
from everyday.jobs.model import Job, Task
from everyday.jobs.simulator.conditions import Conditions
from everyday.jobs.simulator.ecs import Change, Launchable, SimulatedEcs
from everyday.jobs.simulator.timeline import Timeline
from everyday.jobs.simulator.watch import Watch

CLUSTER = "simulated"


@dataclass(frozen=True, kw_only=True)
class World:
    """One simulation's parts. `jobs` by id; `runs`: how many milliseconds the task of each will run."""

    timeline: Timeline
    conditions: Conditions
    seed: int
    ecs: SimulatedEcs
    watch: Watch
    jobs: Mapping[str, Job]
    runs: Mapping[str, int]

    def start(self, job: Job) -> Task | None:
        """Decide that a job starts now, and call RunTask. None: rejected. Raises EcsThrottled."""
        self.watch.decided(job)
        try:
            return self.call(job)
        except EcsThrottled:
            self.watch.undecided(job)
            raise

    def call(self, job: Job) -> Task | None:
        """Call RunTask for this attempt, pinned to `job.instance` if it has one; the same attempt has the
        same token. None: rejected. Raises EcsThrottled."""
        started_by = f"{job.id}/{job.attempt}"
        return self.ecs.run(Launchable(job.id, started_by, job.demand, self.runs[job.id], job.instance))


class Way(Protocol):
    """A way to run jobs: hears of every job that is submitted and of every event that arrives."""

    def submitted(self, job: Job) -> None: ...

    def changed(self, change: Change) -> None: ...

    @property
    def settled(self) -> bool:
        """Whether it has nothing to do once every task has stopped."""
        ...

    def complaints(self) -> Sequence[str]:
        """What it believes and is not so."""
        ...


class Settled:
    """A way that keeps no records."""

    settled = True

    def complaints(self) -> Sequence[str]:
        return ()
