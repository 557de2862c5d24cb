"""Watches a simulation and keeps what the result is made of."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from everyday.jobs.model import Job, JobClass, Task
from everyday.jobs.plan import Reserved
from everyday.jobs.simulator.ecs import Launchable, SimulatedEcs, Watcher
from everyday.jobs.simulator.inversions import Waiting
from everyday.jobs.simulator.timeline import Timeline


class Moment(NamedTuple):
    """How many jobs of each class wait and run from `at` on."""

    at: int
    waiting: Mapping[JobClass, int]
    running: Mapping[JobClass, int]


class Happened(NamedTuple):
    """One line of a history: `what` is `submitted`, `accepted`, `running` or `stopped`."""

    at: int
    what: str
    job_id: str
    task: str = ""
    instance: str = ""


class Watch(Watcher):
    """Counts calls, rejects and inversions, and writes down when each job was submitted, ran and ended.

    `jobs` are all jobs of the simulation by id.
    """

    def __init__(self, timeline: Timeline, ecs: SimulatedEcs, jobs: Mapping[str, Job]) -> None:
        self._timeline, self._ecs, self._jobs = timeline, ecs, jobs
        self.waiting = Waiting()
        self.calls = self.rejects = self.inversions = 0
        self.submitted_at: dict[str, int] = {}
        self.ran_at: dict[str, int] = {}
        self.ended_at: dict[str, int] = {}
        self.history: list[Happened] = []
        self.moments: list[Moment] = []
        self.planner_seconds: list[float] = []
        self._waits, self._runs = Counter[JobClass](), Counter[JobClass]()
        self.reserved: dict[str, list[tuple[Job, Reserved]]] = {}
        ecs.watcher = self

    def submitted(self, job: Job) -> None:
        self.submitted_at[job.id] = self._timeline.now
        self._note("submitted", job.id)
        self.waiting.add(job)
        self._waits[job.job_class] += 1
        self._moment()

    def called(self, _: Launchable) -> None:
        self.calls += 1

    def rejected(self, _: Launchable) -> None:
        self.rejects += 1

    def reserve(self, reserved: Sequence[Reserved]) -> None:
        """From now on these instances are reserved."""
        self.reserved.clear()
        for each in reserved:
            self.reserved.setdefault(each.instance, []).append((self._jobs[each.job_id], each))

    def passed_over(self, job: Job) -> bool:
        """Whether starting this job now is a type-1 inversion."""
        if job.id not in self.waiting.by_id:
            return False
        rooms = [(machine.arn, machine.known) for machine in self._ecs.machines]
        return self.waiting.passed_over(job, rooms, self.reserved, now=self._timeline.now) is not None

    def accepted(self, ask: Launchable, task: Task) -> None:
        job = self._jobs[ask.job_id]
        self._note("accepted", job.id, task)
        self.waiting.remove(job)

    def running(self, ask: Launchable, task: Task) -> None:
        job = self._jobs[ask.job_id]
        self.ran_at[job.id] = self._timeline.now
        self._note("running", job.id, task)
        self._waits[job.job_class] -= 1
        self._runs[job.job_class] += 1
        self._moment()

    def stopped(self, ask: Launchable, task: Task) -> None:
        job = self._jobs[ask.job_id]
        self.ended_at[job.id] = self._timeline.now
        self._note("stopped", job.id, task)
        self._runs[job.job_class] -= 1
        self._moment()

    def _note(self, what: str, job_id: str, task: Task | None = None) -> None:
        arn, instance = (task.arn, task.instance or "") if task else ("", "")
        self.history.append(Happened(self._timeline.now, what, job_id, arn, instance))

    def _moment(self) -> None:
        now = self._timeline.now
        if self.moments and self.moments[-1].at == now:
            self.moments.pop()
        self.moments.append(Moment(now, dict(self._waits), dict(self._runs)))
