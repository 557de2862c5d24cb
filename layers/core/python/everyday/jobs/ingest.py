"""The use case behind the job queue: messages become jobs in the ledger, and somebody is asked to look."""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from msgspec.structs import replace

from everyday.errors import Conflict, InvalidMessageError, Unavailable
from everyday.jobs.arrays import add_children, outcomes
from everyday.jobs.messages import Refusal, Submission, Submissions
from everyday.jobs.model import Job, Overrides, State, TaskDefinition
from everyday.jobs.ports import DeadLetters, Ledger, Wakes
from everyday.jobs.submit import depending, job_of, refused_job
from everyday.ports import Clock, TimeLeft

log = logging.getLogger(__name__)

TIME_FOR_ONE = 20
"""Seconds, of which an array of 10,000 children takes a few."""

FRESH = 200
"""More ids than that are not told to a pass: its list shows them in a moment."""

_KNOWN_FOR = 60.0


class Intake(NamedTuple):
    """What is let in. `clusters`: the first is that of a job that names none. `families`: patterns such as
    `everyday-*`. `step_ms`: what a class is worth against the next."""

    clusters: Sequence[str]
    families: Sequence[str]
    step_ms: int


class Inbox:
    """Takes batches of the job queue. Everything may come twice, and stop at any point: nothing is lost or
    started twice, because a job is one conditional write under its sender's id."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        definition: Callable[[str], TaskDefinition | None],
        wakes: Wakes,
        dead_letters: DeadLetters,
        clock: Clock,
        new_id: Callable[[], str],
        intake: Intake,
    ) -> None:
        self._ledger = ledger
        self._look_up = definition
        self._wakes = wakes
        self._dead_letters = dead_letters
        self._clock = clock
        self._new_id = new_id
        self._intake = intake
        self._definitions: dict[str, tuple[float, TaskDefinition]] = {}

    def take(self, batch: Submissions, left: TimeLeft) -> Sequence[str]:
        """Take the messages while there is time. Returns the ids of those that must come back.

        A message that can never succeed is among the dead letters when this returns, and its reason in the
        ledger. Whatever was taken is followed by a wake, a duplicate too: the first delivery may have died
        before its own.
        """
        failed: list[str] = []
        taken: dict[str, dict[str, Sequence[Job]]] = defaultdict(dict)
        messages: list[Submission | Refusal] = [*batch.refused, *batch.jobs]
        for each in messages:
            jobs = self._take(each) if left() >= TIME_FOR_ONE else None
            if jobs is None:
                failed.append(each.message_id)
            elif jobs:
                taken[jobs[0].cluster][each.message_id] = jobs
        for cluster, by_message in taken.items():
            if not self._woken(cluster, [job.id for jobs in by_message.values() for job in jobs]):
                failed.extend(by_message)
        return failed

    def _take(self, each: Submission | Refusal) -> Sequence[Job] | None:
        """The jobs of a message, none if it was refused; None when it must come back."""
        try:
            if isinstance(each, Submission):
                try:
                    return self._accept(each)
                except InvalidMessageError as error:
                    each = _refusal(each, str(error))
            self._refuse(each)
        except (Unavailable, Conflict):
            log.exception("message comes back", extra={"message_id": each.message_id})
            return None
        return ()

    def _accept(self, sent: Submission) -> Sequence[Job]:
        known = self._known(sent.id)
        if known is not None and not _replaceable(known, sent.sent_at):
            return self._again(known, sent)
        job, overrides = job_of(
            sent,
            self._definition(sent.job.task_definition),
            cluster=self._cluster(sent.job.cluster),
            step_ms=self._intake.step_ms,
        )
        now = self._now()
        ready = depending(job, outcomes(self._ledger, job.depends_on), now=now)
        new = replace(
            ready,
            held=ready.held and job.size is None,
            version=known.version if known else 0,
        )
        stored = self._ledger.add(new, overrides)
        if stored.payload != sent.payload:
            return self._again(stored, sent)
        log.info("job accepted", extra={"job": stored.id, "state": stored.state})
        return self._with_children(stored, held=ready.held, now=now)

    def _again(self, known: Job, sent: Submission) -> Sequence[Job]:
        """A message whose id is known: a duplicate, or somebody else's."""
        if known.payload != sent.payload:
            raise InvalidMessageError(f"id: {sent.id} was used before, for another message; choose a new one")
        if known.state is State.REJECTED:
            raise InvalidMessageError(known.reason or "rejected before")
        log.info("job known", extra={"job": known.id, "state": known.state})
        return self._with_children(known, held=bool(known.depends_on), now=self._now())

    def _with_children(self, job: Job, *, held: bool, now: int) -> Sequence[Job]:
        if job.size is None or job.state.final:
            return [job]
        return add_children(self._ledger, job, held=held, now=now)

    def _refuse(self, refusal: Refusal) -> None:
        known = self._known(refusal.job_id)
        if known is None or _replaceable(known, refusal.sent_at):
            record = refused_job(
                refusal.job_id,
                payload=refusal.payload,
                cluster=self._intake.clusters[0],
                sent_at=refusal.sent_at,
                reason=refusal.reason,
                now=self._now(),
            )
            self._ledger.add(replace(record, version=known.version if known else 0), Overrides())
        self._dead_letters.put(refusal.body, refusal.reason, job_id=refusal.job_id)
        log.error("message refused", extra={"job": refusal.job_id, "reason": refusal.reason})

    def _woken(self, cluster: str, ids: Sequence[str]) -> bool:
        try:
            self._wakes.wake(cluster, self._new_id(), fresh=ids[:FRESH])
        except Unavailable:
            log.exception("nobody woken", extra={"cluster": cluster})
            return False
        return True

    def _known(self, job_id: str) -> Job | None:
        return self._ledger.get_many([job_id]).get(job_id)

    def _cluster(self, name: str | None) -> str:
        if name is None:
            return self._intake.clusters[0]
        if name not in self._intake.clusters:
            raise InvalidMessageError(f"cluster: {name!r} is not one of {', '.join(self._intake.clusters)}")
        return name

    def _definition(self, name: str) -> TaskDefinition:
        definition = self._remembered(name) or self._look_up(name)
        if definition is None:
            raise InvalidMessageError(
                f"task_definition: ECS knows no {name!r}; register it and send the job again"
            )
        if not any(fnmatchcase(definition.family, pattern) for pattern in self._intake.families):
            allowed = ", ".join(self._intake.families)
            raise InvalidMessageError(
                f"task_definition: family {definition.family!r} is not one of {allowed}"
            )
        self._definitions.setdefault(name, (self._clock().timestamp(), definition))
        return definition

    def _remembered(self, name: str) -> TaskDefinition | None:
        """What ECS said a moment ago: a flood of jobs asks for it once a minute."""
        at, definition = self._definitions.get(name, (0.0, None))
        if self._clock().timestamp() - at < _KNOWN_FOR:
            return definition
        self._definitions.pop(name, None)
        return None

    def _now(self) -> int:
        return round(self._clock().timestamp() * 1000)


def _replaceable(known: Job, sent_at: int) -> bool:
    """Whether a message sent at that time may have the id: its job was rejected, and never ran."""
    return known.state is State.REJECTED and known.enqueued_at < sent_at


def _refusal(sent: Submission, reason: str) -> Refusal:
    return Refusal(sent.message_id, sent.body, sent.sent_at, sent.payload, reason, sent.id)
