"""The ledger follows the tasks: what ECS tells of a task becomes what the ledger says of its job."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from everyday.errors import EcsRefused, EcsUnavailable, LedgerConflict, LedgerUnavailable
from everyday.jobs.calls import attempt_of, for_many
from everyday.jobs.life import confirmed, requeued, started, stopped
from everyday.jobs.model import Call, Job, State, Task
from everyday.jobs.ports import Ecs, Ledger
from everyday.ports import Clock

log = logging.getLogger(__name__)

_TRIES = 8


def is_of(job: Job, attempt: int, task: Task) -> bool:
    """Whether the task may be this attempt's: the ledger expects one, or holds this very one."""
    if job.attempt != attempt:
        return False
    return job.task == task.arn if job.task else job.state is State.PLACING


def followed(job: Job, task: Task, *, now: int) -> Job:
    """What the job is when its task is as ECS tells; the job itself when that is nothing new."""
    job = confirmed(job, task.arn, instance=task.instance, now=now)
    if task.started_at is not None or task.status == "RUNNING":
        job = started(job, at=task.started_at or now)
    return stopped(job, task, now=now)


def milliseconds(clock: Clock) -> int:
    """The clock's time as the ledger writes it."""
    return round(clock().timestamp() * 1000)


class Whose(NamedTuple):
    """The job id and attempt that a task was started for, if that is known.

    Of a call for several jobs it is known once the ledger holds the task; `expected`: a member of its call
    still waits to hear which task is its own.
    """

    owner: tuple[str, int] | None
    expected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracker:
    """Follows tasks, and stops those that no job has any more. Every step may be repeated."""

    ledger: Ledger
    ecs: Ecs
    clock: Clock

    def whose(self, task: Task) -> Whose:
        """Which attempt the task was started for. Raises LedgerUnavailable."""
        call = task.started_by or ""
        if not for_many(call):
            return Whose(attempt_of(call), expected=False)
        record = self.ledger.call(call)
        jobs = self._members(record) if record else []
        owner = next(((job.id, job.attempt) for job in jobs if job.task == task.arn), None)
        return Whose(owner, any(job.state is State.PLACING and job.call == call for job in jobs))

    def follow(self, cluster: str, owner: tuple[str, int], task: Task, job: Job | None = None) -> Job | None:
        """Bring the job's record to where its task is, and return it; None when the task is not the job's.

        `owner`: the job id and attempt that the task was started for; `job`: as last read. A live task that
        is no job's any more is stopped. Raises LedgerUnavailable and EcsUnavailable.
        """
        job_id, attempt = owner
        job = job or self.read(job_id)
        for _ in range(_TRIES):
            if job is None or not is_of(job, attempt, task):
                self.stop(cluster, task, "the job it was started for no longer waits for it")
                return None
            if job.state.final:
                self._stop_late(cluster, job, task)
                return job
            new = followed(job, task, now=milliseconds(self.clock))
            if new is job:
                return job
            try:
                return self.ledger.put(new)
            except LedgerConflict:
                job = self.read(job_id)
        raise LedgerUnavailable(f"others keep writing job {job_id}")

    def change(self, job: Job, decide: Callable[[Job], Job]) -> Job | None:
        """Write what `decide` makes of this attempt of the job, whoever else writes it meanwhile.

        The job as it is then; None when the ledger is past that attempt. Raises LedgerUnavailable.
        """
        found: Job | None = job
        for _ in range(_TRIES):
            if found is None or found.attempt != job.attempt or found.state.final:
                return None
            new = decide(found)
            if new is found:
                return found
            try:
                return self.ledger.put(new)
            except LedgerConflict:
                found = self.read(job.id)
        raise LedgerUnavailable(f"others keep writing job {job.id}")

    def put_back(self, job: Job, reason: str) -> None:
        """The attempt did not begin, so the job waits again; not when the ledger knows of a task by now."""
        now = milliseconds(self.clock)
        self.change(job, lambda it: requeued(it, reason, now=now) if it.state is State.PLACING else it)

    def stop(self, cluster: str, task: Task, reason: str) -> None:
        """Ask for the end of a task, unless it ends already. Raises EcsUnavailable."""
        if not task.stopped and task.desired != "STOPPED":
            log.warning("task stopped", extra={"task": task.arn, "call": task.started_by, "why": reason})
            self.ecs.stop(cluster, task.arn, reason)

    def stop_for(self, job: Job) -> bool:
        """Ask for the end of a job's task; whether ECS took that. It is asked again when it did not."""
        try:
            self.ecs.stop(job.cluster, job.task or "", job.reason or "its job has ended")
        except (EcsUnavailable, EcsRefused):
            log.exception("task not stopped", extra={"job": job.id, "task": job.task})
            return False
        return True

    def read(self, job_id: str) -> Job | None:
        return self.ledger.get_many([job_id]).get(job_id)

    def _members(self, record: Call) -> Sequence[Job]:
        found = self.ledger.get_many([job_id for job_id, _ in record.members])
        members = [(found.get(job_id), attempt) for job_id, attempt in record.members]
        return [job for job, attempt in members if job is not None and job.attempt == attempt]

    def _stop_late(self, cluster: str, job: Job, task: Task) -> None:
        """A job given up for lost has no exit code: its task may have come back."""
        if job.exit_code is None:
            self.stop(cluster, task, "the job it was started for has ended")
