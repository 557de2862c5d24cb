"""How a job changes. All functions here are pure; storing and ECS are the callers'.

WAITING, held ──▶ WAITING                   all jobs it depends on have succeeded
WAITING ──▶ PLACING ──▶ RUNNING             claimed for a call of RunTask; ECS took it
PLACING ──▶ WAITING, next attempt           ECS did not take it
RUNNING ──▶ SUCCEEDED, FAILED               its task stopped
RUNNING ──▶ WAITING, next attempt           its task stopped and may be tried again, or its instance was lost
PLACING, RUNNING ──▶ the same, `ending`     cancelled, or out of time: final when its task has stopped;
                                            recalled with its group: waiting when its task has stopped
WAITING ──▶ CANCELLED, REJECTED             nothing of it runs

A transition that does not apply gives back the job itself: `new is job` means there is nothing to write.
Times are milliseconds.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from everyday.jobs.model import Job, State, Tally, Task

LOST_CODES = frozenset({"SpotInterruption", "TerminationNotice", "TaskFailedToStart"})
"""ECS API reference, Task.stopCode: ends that are not the job's fault."""

_LOST_REASONS = ("Host EC2", "deregistered")
"""ECS developer guide, stopped task errors: what is said when the instance goes away under its tasks."""

_ENDED_ITSELF = "EssentialContainerExited"
_STOP_AGAIN_AFTER = 60_000


def claimed(job: Job, *, instance: str, ec2_id: str, call: str, token: str, deadline: int, now: int) -> Job:
    """A waiting job on its way into a RunTask call. `deadline`: when somebody must ask what became of it."""
    if job.state is not State.WAITING or job.held or job.size is not None:
        return job
    return replace(
        job,
        state=State.PLACING,
        instance=instance,
        ec2_id=ec2_id,
        call=call,
        token=token,
        deadline=deadline,
        placed_at=now,
        reason=None,
    )


def confirmed(job: Job, task: str, *, instance: str | None = None, now: int) -> Job:
    """ECS took the job. `task` is an ARN; one that is to end is due at once."""
    if job.state is not State.PLACING:
        return job
    return replace(
        job,
        state=State.RUNNING,
        task=task,
        instance=instance or job.instance,
        deadline=now if job.ending else None,
    )


def started(job: Job, *, at: int) -> Job:
    """Its containers run since `at`: from then on its time counts."""
    if job.state is not State.RUNNING or job.started_at is not None:
        return job
    ends = at + job.timeout_seconds * 1000 if job.timeout_seconds else None
    return replace(job, started_at=at, deadline=job.deadline if job.ending else ends)


def asked_again(job: Job, *, deadline: int) -> Job:
    """Its call is made once more, or is to be: somebody must ask what became of it then."""
    return replace(job, deadline=deadline) if job.state is State.PLACING else job


def requeued(job: Job, reason: str, *, now: int) -> Job:
    """Back to waiting at the same rank, with its group, because this attempt did not begin for good."""
    if job.state not in {State.PLACING, State.RUNNING}:
        return job
    if job.ending:
        return _as_asked(job, now)
    return replace(_fresh(job, reason), group=job.group)


def recalled(job: Job, reason: str, *, now: int) -> Job:
    """Its group did not come together, so its task is to end; it then waits again, with its group."""
    if job.state not in {State.PLACING, State.RUNNING} or job.ending:
        return job
    deadline = now if job.state is State.RUNNING else job.deadline
    return replace(job, ending=State.WAITING, reason=reason, deadline=deadline)


def stopped(job: Job, task: Task, *, now: int) -> Job:
    """Its task stopped: what the job comes to, or its next attempt."""
    if job.state not in {State.PLACING, State.RUNNING} or not task.stopped:
        return job
    at = task.stopped_at or now
    by_itself = task.stop_code in {None, _ENDED_ITSELF}
    if job.ending is State.WAITING:
        return _as_asked(job, at)
    job = replace(job, exit_code=task.exit_code, task=task.arn, started_at=job.started_at or task.started_at)
    if by_itself and task.exit_code == 0:
        return _ended(job, State.SUCCEEDED, None, at)
    if job.ending:
        return _as_asked(job, at)
    if _was_lost(task):
        return lost(job, _told(task), now=at)
    if by_itself and _another_try(job):
        return _fresh(replace(job, failures=job.failures + 1), _again(job, _told(task)))
    return _ended(job, State.FAILED, _told(task), at)


def lost(job: Job, reason: str, *, now: int) -> Job:
    """Its task is gone without the job's fault: the next attempt, unless that happened too often."""
    if job.state not in {State.PLACING, State.RUNNING}:
        return job
    if job.ending:
        return _as_asked(job, now)
    if job.lost >= job.retries.lost:
        return _ended(job, State.FAILED, f"lost {job.lost + 1} times, the last time because: {reason}", now)
    return _fresh(replace(job, lost=job.lost + 1), _again(job, reason))


def cancelled(job: Job, *, now: int, reason: str = "cancelled by its owner") -> Job:
    """Cancelled at once while it waits; else it ends with its task, and an array with its children.

    The deadline of a job that is being placed stands: until then its call may still be on its way.
    """
    if job.state.final or job.ending not in {None, State.WAITING}:
        return job
    if job.size is not None:
        return replace(job, ending=State.CANCELLED, reason=reason)
    if job.state is State.WAITING:
        return _ended(job, State.CANCELLED, reason, now)
    deadline = now if job.state is State.RUNNING else job.deadline
    return replace(job, ending=State.CANCELLED, reason=reason, deadline=deadline)


def overdue(job: Job, *, now: int) -> Job:
    """A running job past its deadline is to be stopped, now and again later if that was of no use."""
    if job.state is not State.RUNNING or job.deadline is None or job.deadline > now:
        return job
    again = replace(job, deadline=now + _STOP_AGAIN_AFTER)
    if job.ending:
        return again
    return replace(again, ending=State.TIMED_OUT, reason=f"ran longer than {job.timeout_seconds} s")


def rejected(job: Job, reason: str, *, now: int) -> Job:
    """It can never run here."""
    return _ended(job, State.REJECTED, reason, now) if job.state is State.WAITING else job


def released(job: Job, parents: Mapping[str, State], *, now: int) -> Job:
    """A held job given the outcomes of those that it depends on; unknown ones are missing in `parents`.

    It queues when all have succeeded, and is cancelled when one ended otherwise.
    """
    if job.state is not State.WAITING or not job.held:
        return job
    failed = [it for it in job.depends_on if it in parents and parents[it].final and not _good(parents[it])]
    if failed:
        return _ended(job, State.CANCELLED, f"depends on {failed[0]}, which became {parents[failed[0]]}", now)
    if all(it in parents and _good(parents[it]) for it in job.depends_on):
        return replace(job, held=False, reason=None)
    return job


def tallied(parent: Job, tally: Tally, *, at: int | None) -> Job:
    """An array with what its children came to; it ends with the last of them. `at`: when that was."""
    counted = replace(parent, tally=tally)
    if parent.state.final or not counted.outcome.final:
        return counted
    return replace(counted, state=counted.outcome, finished_at=at)


def _good(state: State) -> bool:
    return state is State.SUCCEEDED


def _ended(job: Job, state: State, reason: str | None, at: int) -> Job:
    return replace(job, state=state, reason=reason, finished_at=at, deadline=None, ending=None, held=False)


def _as_asked(job: Job, at: int) -> Job:
    """What somebody asked it to become has come true: its task is gone."""
    if job.ending is State.WAITING:
        return replace(_fresh(job, job.reason or ""), group=job.group)
    return _ended(job, job.ending or State.CANCELLED, job.reason, at)


def _fresh(job: Job, reason: str) -> Job:
    """The next attempt. Its group has started once and does not wait for it again."""
    return replace(
        job,
        state=State.WAITING,
        attempt=job.attempt + 1,
        group=None,
        instance=None,
        ec2_id=None,
        task=None,
        call=None,
        token=None,
        deadline=None,
        placed_at=None,
        started_at=None,
        ending=None,
        reason=reason,
    )


def _another_try(job: Job) -> bool:
    wanted = job.retries.exit_codes
    return job.failures < job.retries.attempts and (not wanted or job.exit_code in wanted)


def _was_lost(task: Task) -> bool:
    return task.stop_code in LOST_CODES or any(it in (task.stopped_reason or "") for it in _LOST_REASONS)


def _told(task: Task) -> str:
    """Why a task stopped, for its owner."""
    code = None if task.exit_code is None else f"exit code {task.exit_code}"
    said = [it for it in (code, task.stopped_reason or task.stop_code) if it]
    return ": ".join(said) or "ECS does not say why"


def _again(job: Job, reason: str) -> str:
    return f"attempt {job.attempt} ended ({reason}) and is tried again"
