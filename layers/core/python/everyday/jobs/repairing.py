"""A complete reading of a cluster against the ledger: what was missed is made good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from msgspec.structs import replace

from everyday.jobs.calls import assigned, for_many, name_of_one
from everyday.jobs.life import lost
from everyday.jobs.messages import FAMILY_GROUP
from everyday.jobs.model import ContainerInstance, Job, State, Task
from everyday.jobs.ports import Ecs, Lane
from everyday.jobs.tracking import Tracker, followed, milliseconds

GRACE_SECONDS = 600
"""ECS shows new tasks a little late: a younger attempt whose task is not to be seen is not given up."""


class Reading(NamedTuple):
    """What ECS told of a whole cluster."""

    instances: Sequence[ContainerInstance]
    tasks: Sequence[Task]

    @classmethod
    def of(cls, ecs: Ecs, cluster: str) -> Self:
        """All or an error: Raises EcsUnavailable."""
        return cls(ecs.instances(cluster), ecs.tasks(cluster))


class Repaired(NamedTuple):
    """What is to be published with the instances: all live tasks and those just found to have stopped, under
    the names of the attempts that they are of; the jobs whose reservations are to stay; estimates by task ARN
    and job id. `changed` counts the jobs that were behind."""

    tasks: Sequence[Task]
    placing: Sequence[Job]
    ends_at: Mapping[str, int]
    changed: int


def ends_at(job: Job | None, now: int) -> int | None:
    """When the job should have ended by its estimate."""
    if job is None or job.estimate_seconds is None:
        return None
    return (job.started_at or now) + job.estimate_seconds * 1000


def named(task: Task, owner: tuple[str, int] | None) -> Task:
    """The task under its attempt's name, by which the state knows whose reservation it fulfils."""
    return replace(task, started_by=f"{owner[0]}/{owner[1]}") if owner else task


@dataclass(slots=True)
class Repair:
    """Brings the ledger to where a reading shows the tasks. Reads the ledger after ECS was read, so that a
    job which it calls RUNNING has a task that ECS has known for longer."""

    tracker: Tracker
    cluster: str
    reading: Reading
    jobs: dict[str, Job] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    unseen: list[Job] = field(default_factory=list)
    changed: int = 0

    def run(self) -> Repaired:
        """Raises LedgerUnavailable and EcsUnavailable. May be run again at any time."""
        self.jobs = {job.id: job for job in self.tracker.ledger.listed(self.cluster, Lane.OPEN)}
        shared: dict[str, list[Task]] = {}
        holders = {job.task: job for job in self.jobs.values() if job.task}
        for task in self.reading.tasks:
            if task.group != FAMILY_GROUP:
                self.tasks.append(task)
            elif job := holders.get(task.arn) or self._named(task):
                self._follow((job.id, job.attempt), task, job)
            elif for_many(task.started_by or ""):
                shared.setdefault(task.started_by or "", []).append(task)
            else:
                self._look_up(task)
        for call, tasks in shared.items():
            self._share_out(call, tasks)
        self._look_for_gone({task.arn for task in self.reading.tasks})
        return self._told()

    def _named(self, task: Task) -> Job | None:
        """The open job whose own call the task is of."""
        job = self.jobs.get((task.started_by or "").rpartition("/")[0])
        return job if job and job.state is State.PLACING and name_of_one(job) == task.started_by else None

    def _follow(self, owner: tuple[str, int], task: Task, job: Job | None = None) -> None:
        """Nothing is written, and nobody asked, when the job knows already."""
        new = job
        if job is None or followed(job, task, now=self._now()) is not job:
            new = self.tracker.follow(self.cluster, owner, task, job)
            self.changed += 1
        if new is not None:
            self.jobs[new.id] = new
        self.tasks.append(named(task, owner if new else None))

    def _look_up(self, task: Task) -> None:
        """No open job of the list has it: the list may lag, or the task is nobody's."""
        whose = self.tracker.whose(task)
        if whose.owner:
            self._follow(whose.owner, task)
            return
        if not whose.expected:
            self.tracker.stop(self.cluster, task, "no job is known that it was started for")
        self.tasks.append(task)

    def _share_out(self, call: str, unknown: Sequence[Task]) -> None:
        """Tasks of a call whose answer was lost: when all of them live it is clear which one is whose."""
        record = self.tracker.ledger.call(call)
        members = record.members if record else ()
        everyone = [task for task in self.reading.tasks if task.started_by == call]
        if len(everyone) != len(members):
            for task in unknown:
                self._look_up(task)
            return
        mine = assigned([job_id for job_id, _ in members], everyone)
        for owner in members:
            if mine[owner[0]] in unknown:
                self._follow(owner, mine[owner[0]])

    def _look_for_gone(self, seen: set[str]) -> None:
        """Running jobs whose task was not among the live ones: it has stopped, or ECS does not know it."""
        gone = [
            job for job in self.jobs.values() if job.task and not job.state.final and job.task not in seen
        ]
        found = self.tracker.ecs.describe_tasks(self.cluster, [job.task or "" for job in gone])
        tasks = {task.arn: task for task in found}
        for job in gone:
            if task := tasks.get(job.task or ""):
                self._follow((job.id, job.attempt), task, job)
            elif self._now() - (job.placed_at or 0) < GRACE_SECONDS * 1000:
                self.unseen.append(job)
            else:
                self._give_up(job)

    def _give_up(self, job: Job) -> None:
        now = self._now()
        new = self.tracker.change(job, lambda it: lost(it, "ECS no longer knows its task", now=now))
        self.changed += 1
        if new is not None:
            self.jobs[new.id] = new

    def _told(self) -> Repaired:
        now = self._now()
        placing = [job for job in self.jobs.values() if job.state is State.PLACING] + self.unseen
        ends = {job.id: ends_at(job, now) for job in placing}
        ends |= {job.task: ends_at(job, now) for job in self.jobs.values() if job.task}
        known = {key: end for key, end in ends.items() if key and end is not None}
        return Repaired(self.tasks, placing, known, self.changed)

    def _now(self) -> int:
        return milliseconds(self.tracker.clock)
