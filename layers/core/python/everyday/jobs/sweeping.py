"""What nobody else looks after: calls without an answer, jobs out of time, jobs that may queue by now."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from everyday.errors import LedgerConflict, StateUnavailable, Unavailable
from everyday.jobs.answers import NEVER_BEGAN, Asker, End
from everyday.jobs.calls import assigned, for_many, launch_of
from everyday.jobs.issuing import ANSWER_SECONDS, ONE_CALL_SECONDS, Brake
from everyday.jobs.life import asked_again, overdue, released
from everyday.jobs.model import Job, State, Task
from everyday.jobs.ports import Lane, Ledger
from everyday.jobs.tracking import milliseconds
from everyday.ports import TimeLeft

log = logging.getLogger(__name__)

TOKEN_HOURS = 23
"""ECS API reference, RunTask: a client token is good for at most 24 hours."""

_HELD_AT_ONCE = 500


class Swept(NamedTuple):
    """`ends` counts jobs as a pass does. `fresh`: ids of jobs that may queue from now on. `finished` False:
    there was more to do than time or calls."""

    ends: Counter[End]
    fresh: tuple[str, ...] = ()
    finished: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeper:
    """Looks after the open and held jobs of a cluster. May be run at any time by anybody."""

    asker: Asker

    def sweep(self, cluster: str, time_left: TimeLeft) -> Swept:
        """Everything that is due. Raises LedgerUnavailable; what another service did not answer stays due."""
        due = self._due(cluster)
        for job in due:
            if job.state is State.RUNNING:
                self._stop(job)
        ends: Counter[End] = Counter()
        brake, finished = Brake(), True
        for call in _by_call(due):
            if brake.pulled.is_set() or time_left() < ONE_CALL_SECONDS or not self._granted():
                finished = False
                break
            ends.update(self._again(call, brake))
        return Swept(ends, tuple(self._release_held(cluster)), finished)

    def _due(self, cluster: str) -> list[Job]:
        """The list of open jobs may be behind the jobs themselves."""
        now = self._now()
        listed = [job.id for job in self._ledger.listed(cluster, Lane.OPEN, until=now)]
        found = self._ledger.get_many(listed)
        return [found[it] for it in listed if it in found and _is_due(found[it], now)]

    def _stop(self, job: Job) -> None:
        try:
            new = self._ledger.put(overdue(job, now=self._now()))
        except LedgerConflict:
            return
        self.asker.tracker.stop_for(new)

    def _granted(self) -> bool:
        """A repeated call counts like any other. Without the state nobody counts, and nothing is started."""
        try:
            return self.asker.state.take(1)[0] == 1
        except StateUnavailable:
            return False

    def _again(self, call: Sequence[Job], brake: Brake) -> Counter[End]:
        try:
            ends = self._settled(call)
        except Unavailable:
            log.exception("call not repeated", extra={"call": call[0].call})
            ends = dict.fromkeys((job.id for job in call), End.UNANSWERED)
        for end in set(ends.values()):
            brake.heard(end)
        self._recall_groups([job for job in call if ends.get(job.id) in NEVER_BEGAN])
        return Counter(ends.values())

    def _settled(self, due: Sequence[Job]) -> Mapping[str, End]:
        members = self._members(due)
        if members is None:  # its record is written before the call is made
            return self._put_back(due, "its call was never made")
        now = self._now()
        old = any(now - (job.placed_at or 0) > TOKEN_HOURS * 3_600_000 for job in due)
        if torn := self._torn(due):
            self.asker.recall(due, "not all of its group could start")
        if torn or old or all(job.ending for job in due):
            return self._look_up(due)
        later = now + round((ONE_CALL_SECONDS + ANSWER_SECONDS) * 1000)
        for job in due:
            self.asker.tracker.change(job, lambda it: asked_again(it, deadline=later))
        overrides = self._ledger.overrides([members[0].id])[members[0].id]
        return self.asker.ask(launch_of(due[0], overrides, len(members)), members, again=True)

    def _members(self, due: Sequence[Job]) -> Sequence[Job] | None:
        """All who took part in the call, in its order; those that went on by now as they are."""
        call = due[0].call or ""
        if not for_many(call):
            return due
        record = self._ledger.call(call)
        if record is None:
            return None
        found = self._ledger.get_many([job_id for job_id, _ in record.members])
        return [found[job_id] for job_id, _ in record.members]

    def _look_up(self, due: Sequence[Job]) -> Mapping[str, End]:
        """Making the call again could start something new, so ask what it started, and settle for that."""
        tasks = self._unknown(due[0])
        mine = assigned([job.id for job in due], tasks)
        ends = {job.id: self.asker.took(job.call or "", job, mine[job.id]) for job in due if job.id in mine}
        without = [job for job in due if job.id not in mine]
        return {**ends, **self._put_back(without, "ECS knows of no task of its call")}

    def _unknown(self, job: Job) -> Sequence[Task]:
        """The live tasks of its call that no other member has."""
        tasks = self.asker.tracker.ecs.started_by(job.cluster, job.call or "")
        members = self._members([job]) or []
        return [task for task in tasks if task.arn not in {it.task for it in members}]

    def _put_back(self, jobs: Sequence[Job], reason: str) -> Mapping[str, End]:
        for job in jobs:
            self.asker.tracker.put_back(job, reason)
        self.asker.release(jobs)
        return dict.fromkeys((job.id for job in jobs), End.REFUSED)

    def _recall_groups(self, back: Sequence[Job]) -> None:
        """A member of a group could not start after all, so the others are to wait with it again."""
        for job in back:
            if job.group is not None:
                self.asker.recall(
                    self._others(job, Lane.OPEN), f"job {job.id} of its group {job.group.id} could not start"
                )

    def _torn(self, due: Sequence[Job]) -> bool:
        """Whether a member of their group waits: who claimed them died before all were claimed, or before
        all were brought back."""
        waiting = [it.id for job in due if job.group for it in self._others(job, Lane.WAITING)]
        return any(it.state is State.WAITING for it in self._ledger.get_many(waiting).values())

    def _others(self, job: Job, lane: Lane) -> Sequence[Job]:
        """The other members of its group in a lane, if the group is whole."""
        if job.group is None:
            return []
        found = {
            each: [it for it in self._ledger.listed(job.cluster, each) if it.group == job.group]
            for each in (Lane.OPEN, Lane.WAITING)
        }
        there = {job.id, *(it.id for members in found.values() for it in members)}
        whole = len(there) == job.group.size
        return [it for it in found[lane] if whole and it.id != job.id]

    def _release_held(self, cluster: str) -> Iterable[str]:
        """Let those queue whose jobs to wait for have succeeded; their ids, because lists lag."""
        held = list(self._ledger.listed(cluster, Lane.HELD))
        for start in range(0, len(held), _HELD_AT_ONCE):
            some = held[start : start + _HELD_AT_ONCE]
            wanted = dict.fromkeys(it for job in some for it in job.depends_on)
            parents = {it.id: it.outcome for it in self._ledger.get_many([*wanted]).values()}
            for job in some:
                if self._released(job, parents):
                    yield job.id

    def _released(self, job: Job, parents: Mapping[str, State]) -> bool:
        new = released(job, parents, now=self._now())
        if new is job:
            return False
        try:
            return self._ledger.put(new).state is State.WAITING
        except LedgerConflict:
            return True  # somebody else let it go, or cancelled it: the pass reads it anew

    @property
    def _ledger(self) -> Ledger:
        return self.asker.tracker.ledger

    def _now(self) -> int:
        return milliseconds(self.asker.tracker.clock)


def _is_due(job: Job, now: int) -> bool:
    return not job.state.final and job.deadline is not None and job.deadline <= now


def _by_call(jobs: Iterable[Job]) -> list[list[Job]]:
    found: dict[str, list[Job]] = {}
    for job in jobs:
        if job.state is State.PLACING:
            found.setdefault(job.call or "", []).append(job)
    return list(found.values())
