"""Watches a simulation and keeps what the result is made of."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from everyday.jobs.model import Job, JobClass, Task
from everyday.jobs.plan import Reserved
from everyday.jobs.simulator.conditions import Conditions
from everyday.jobs.simulator.ecs import Launchable, SimulatedEcs, Watcher
from everyday.jobs.simulator.history import Happened, Kind
from everyday.jobs.simulator.inversions import Waiting
from everyday.jobs.simulator.timeline import Act, Timeline
from everyday.ports import Progress


class Moment(NamedTuple):
    """How many jobs of each class wait and run from `at` on."""

    at: int
    waiting: Mapping[JobClass, int]
    running: Mapping[JobClass, int]


class Decision(NamedTuple):
    """A job is about to start, on that instance or wherever ECS likes."""

    instance: str | None
    inverted: bool


class Watch(Watcher):
    """Counts calls, rejects and inversions, and writes down when each job was submitted, ran and ended.

    `jobs` are all jobs of the simulation by id.
    """

    def __init__(
        self,
        timeline: Timeline,
        ecs: SimulatedEcs,
        jobs: Mapping[str, Job],
        conditions: Conditions,
        progress: Progress,
        *,
        starve_after: int,
    ) -> None:
        self._starve_after = starve_after
        self._progress = progress
        self._timeline, self._jobs, self._conditions = timeline, jobs, conditions
        self.calls = self.rejects = self.inversions = self.crashes = 0
        self.submitted_at: dict[str, int] = {}
        self.ran_at: dict[str, int] = {}
        self.ended_at: dict[str, int] = {}
        self.history: list[Happened] = []
        self.moments: list[Moment] = []
        self.planner_seconds: list[float] = []
        self._waits, self._runs = Counter[JobClass](), Counter[JobClass]()
        self._rooms = {machine.arn: machine.registered for machine in ecs.machines}
        self._settled_at = dict.fromkeys(self._rooms, 0)
        self._waiting = Waiting()
        self._reserved: dict[str, list[tuple[Job, Reserved]]] = {}
        self._decided: dict[str, Decision] = {}
        self._accepted: set[str] = set()
        ecs.watcher = self

    def submitted(self, job: Job) -> None:
        self.submitted_at[job.id] = self._timeline.now
        self._note(Kind.SUBMITTED, job.id)
        self._soon(self._conditions.notice_of_job, lambda: self._waits_now(job))
        self._waits[job.job_class] += 1
        self._moment()

    def reserve(self, reserved: Sequence[Reserved]) -> None:
        """From now on these instances are reserved; for a starving job without a time until then."""
        self._reserved.clear()
        for each in reserved:
            job = self._jobs[each.job_id]
            starves = self._timeline.now - job.enqueued_at >= self._starve_after
            due = each._replace(expected_at=None) if starves else each
            self._reserved.setdefault(each.instance, []).append((job, due))

    def decided(self, job: Job) -> None:
        """This job is to start now, on `job.instance` if it names one."""
        now = self._timeline.now
        rooms = {arn: room for arn, room in self._rooms.items() if self._settled_at[arn] <= now}
        over = self._waiting.passed_over(job, rooms, self._reserved, now=now)
        self._decided[job.id] = Decision(job.instance, over is not None)
        self._waiting.remove(job)
        self._take(job, job.instance)

    def called(self, _: Launchable) -> None:
        self.calls += 1

    def rejected(self, ask: Launchable) -> None:
        self.rejects += 1
        self.undecided(self._jobs[ask.job_id])

    def undecided(self, job: Job) -> None:
        """It did not start after all."""
        self._give(job, self._decided.pop(job.id).instance)
        self._waiting.add(job)

    def accepted(self, ask: Launchable, task: Task) -> None:
        job, decision = self._jobs[ask.job_id], self._decided.pop(ask.job_id)
        if decision.instance is None:
            self._take(job, task.instance)
        self._accepted.add(job.id)
        self._settled_at[task.instance or ""] = self._timeline.now + self._conditions.notice_of_room
        self.inversions += decision.inverted
        self._note(Kind.ACCEPTED, job.id, task)

    def running(self, ask: Launchable, task: Task) -> None:
        job = self._jobs[ask.job_id]
        self._waits[job.job_class] -= job.id not in self.ran_at
        self.ran_at.setdefault(job.id, self._timeline.now)
        self._note(Kind.RUNNING, job.id, task)
        self._runs[job.job_class] += 1
        self._moment()

    def stopped(self, ask: Launchable, task: Task) -> None:
        job = self._jobs[ask.job_id]
        self.ended_at[job.id] = self._timeline.now
        self._note(Kind.STOPPED, job.id, task)
        self._progress.step("")
        self._soon(self._conditions.notice_of_room, lambda: self._give(job, task.instance))
        self._runs[job.job_class] -= 1
        self._moment()

    def _waits_now(self, job: Job) -> None:
        if job.id not in self._decided and job.id not in self._accepted:
            self._waiting.add(job)

    def _take(self, job: Job, instance: str | None) -> None:
        if instance:
            self._rooms[instance] -= job.demand.amount

    def _give(self, job: Job, instance: str | None) -> None:
        if instance:
            self._rooms[instance] += job.demand.amount

    def _soon(self, delay: int, act: Act) -> None:
        if delay:
            self._timeline.after(delay, act)
        else:
            act()

    def _note(self, what: Kind, job_id: str, task: Task | None = None) -> None:
        arn, instance = (task.arn, task.instance or "") if task else ("", "")
        self.history.append(Happened(self._timeline.now, what, job_id, arn, instance))

    def _moment(self) -> None:
        now = self._timeline.now
        if self.moments and self.moments[-1].at == now:
            self.moments.pop()
        self.moments.append(Moment(now, dict(self._waits), dict(self._runs)))
