"""One RunTask call and what follows from its answer. The same whether it is made first or repeated."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from everyday.errors import EcsConflict, EcsRefused, EcsThrottled, EcsUnavailable, StateUnavailable
from everyday.jobs.calls import assigned
from everyday.jobs.life import asked_again, recalled, rejected, requeued
from everyday.jobs.model import Job, Overrides, State, Task
from everyday.jobs.ports import ClusterState, DeadLetters, Launch, Launched
from everyday.jobs.tracking import Tracker, milliseconds

log = logging.getLogger(__name__)

_THROTTLED_SECONDS = 5
_SUSPECT_SECONDS = 60


class End(StrEnum):
    """What came of a job that was to be started."""

    PLACED = "placed"
    REFUSED = "refused by ECS"
    REJECTED = "rejected"
    THROTTLED = "throttled"
    UNANSWERED = "not answered"
    OVERTAKEN = "changed by others"
    LEFT = "left for the next pass"
    RECALLED = "recalled with its group"


NEVER_BEGAN = frozenset({End.REFUSED, End.REJECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Makes the calls of claimed jobs. Raises LedgerUnavailable and EventsUnavailable: the jobs are then
    PLACING still, and the call is repeated after their deadline."""

    tracker: Tracker
    state: ClusterState
    dead_letters: DeadLetters

    def ask(self, launch: Launch, members: Sequence[Job], *, again: bool = False) -> Mapping[str, End]:
        """Make the call and settle each of its jobs by the answer; what came of them by job id.

        `members`: all who take part in the call, in their order, as last read; those that are of another call
        by now get nothing. `again`: the call may have been made before, so its tasks may be further than the
        answer says.
        """
        ours = [job for job in members if job.call == launch.call]
        try:
            answer = self._answer(launch, again=again)
        except EcsThrottled:
            return self._each(ours, End.THROTTLED, self._postpone)
        except EcsUnavailable:
            log.exception("call not answered", extra={"call": launch.call})
            return dict.fromkeys((job.id for job in ours), End.UNANSWERED)
        except EcsRefused as error:
            overrides = Overrides(dict(launch.overrides))
            return {job.id: self.reject(job, overrides, str(error)) for job in ours}
        return self._settle(launch, members, answer)

    def reject(self, job: Job, overrides: Overrides, reason: str) -> End:
        """It can never run: leave it for the owner and say so in the ledger."""
        self.dead_letters.put(letter(job, overrides), reason, job_id=job.id)
        now = self._now()
        new = self.tracker.change(job, lambda it: rejected(requeued(it, reason, now=now), reason, now=now))
        self.release([job])
        return End.REJECTED if new else End.OVERTAKEN

    def release(self, jobs: Sequence[Job]) -> None:
        """Give their room back. If the state does not answer, their reservations run out by themselves."""
        if jobs:
            try:
                self.state.release(jobs[0].cluster, jobs)
            except StateUnavailable:
                log.exception("reservations not released")

    def recall(self, jobs: Sequence[Job], reason: str) -> None:
        """Bring these members of a group back to waiting; those that run end first."""
        now = self._now()
        for job in jobs:
            new = self.tracker.change(job, lambda it: recalled(it, reason, now=now))
            if new is not None and new.ending is State.WAITING and new.task:
                self.tracker.stop_for(new)

    def _answer(self, launch: Launch, *, again: bool) -> Launched:
        try:
            answer = self.tracker.ecs.run(launch)
        except EcsConflict:
            # The token was used for another request: `startedBy` says what that one started.
            return Launched(tuple(self.tracker.ecs.started_by(launch.cluster, launch.call)), ())
        if not again:
            return answer
        now = self.tracker.ecs.describe_tasks(launch.cluster, [task.arn for task in answer.tasks])
        newer = {task.arn: task for task in now}
        return answer._replace(tasks=tuple(newer.get(task.arn, task) for task in answer.tasks))

    def _settle(self, launch: Launch, members: Sequence[Job], answer: Launched) -> Mapping[str, End]:
        tasks = assigned([job.id for job in members], answer.tasks)
        ends = {job.id: self.took(launch.call, job, tasks[job.id]) for job in members if job.id in tasks}
        without = [job for job in members if job.id not in tasks and job.call == launch.call]
        reason = ", ".join(sorted(set(answer.failures))) or "it gave no reason"
        return {**ends, **self._refuse(without, reason)} if without else ends

    def took(self, call: str, job: Job, task: Task) -> End:
        """ECS gave the job this task for a call of that name."""
        if job.call != call:
            self.tracker.stop(job.cluster, task, "the job it was started for went on without it")
            return End.OVERTAKEN
        new = self.tracker.follow(job.cluster, (job.id, job.attempt), task, job)
        if new is None:
            return End.OVERTAKEN
        try:
            self.state.accept(job.cluster, job, task)
        except StateUnavailable:
            log.exception("acceptance not noted", extra={"job": job.id})  # the task's events will do it
        if new.ending and new.task == task.arn:
            self.tracker.stop_for(new)
        return End.PLACED

    def _refuse(self, jobs: Sequence[Job], reason: str) -> Mapping[str, End]:
        """ECS has less room than we thought: the instance is not trusted until ECS tells more of it."""
        cluster, instance = jobs[0].cluster, jobs[0].instance or ""
        log.warning("refused by ECS", extra={"call": jobs[0].call, "instance": instance, "why": reason})
        ends = self._each(jobs, End.REFUSED, lambda job: self.tracker.put_back(job, f"ECS refused: {reason}"))
        self.release(jobs)
        try:
            self.state.suspect(cluster, instance, until=self._now() + _SUSPECT_SECONDS * 1000)
            for found in self.tracker.ecs.describe_instances(cluster, [instance]):
                self.state.put_instance(cluster, found)
        except (StateUnavailable, EcsUnavailable, EcsRefused):
            log.exception("instance not looked at", extra={"instance": instance})
        return ends

    def _postpone(self, job: Job) -> None:
        """No effect and no fault: claim and reservation stay, and the same call is made a little later."""
        soon = self._now() + _THROTTLED_SECONDS * 1000
        self.tracker.change(job, lambda it: asked_again(it, deadline=soon))

    def _each(self, jobs: Sequence[Job], end: End, act: Callable[[Job], None]) -> Mapping[str, End]:
        for job in jobs:
            act(job)
        return dict.fromkeys((job.id for job in jobs), end)

    def _now(self) -> int:
        return milliseconds(self.tracker.clock)


def letter(job: Job, overrides: Overrides) -> str:
    """The message of a job that was taken and can never run, as it may be sent again."""
    said = {
        "id": job.parent or job.id,
        "cluster": job.cluster,
        "queue": job.queue,
        "class": job.job_class,
        "task_definition": job.task_definition,
        "overrides": overrides.value,
    }
    return msgspec.json.encode(said).decode()
