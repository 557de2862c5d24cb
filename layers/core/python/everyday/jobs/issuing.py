"""From a reservation to a task: claim in the ledger, RunTask, confirm in the ledger.

A crash after any line is mended by somebody who looks later: a job that is PLACING past its deadline has its
call repeated with the same token, a reservation without a claim runs out, and a task that no job has is
stopped.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

from everyday.errors import LedgerConflict, Unavailable
from everyday.jobs.answers import NEVER_BEGAN, Asker, End
from everyday.jobs.calls import Start, Unit, for_many, launch_of, name_of_many, name_of_one, token_of
from everyday.jobs.life import claimed
from everyday.jobs.model import Call, Job, Overrides, State
from everyday.jobs.tracking import milliseconds
from everyday.ports import TimeLeft

log = logging.getLogger(__name__)

ONE_CALL_SECONDS = 30.0
"""The longest that a RunTask call takes with its retry; none is begun with less time left."""

ANSWER_SECONDS = 60.0
"""How long after the end of a function a call that it made may still arrive at ECS."""

_LONGEST_PASS_SECONDS = 300.0
_SILENCES = 3


@dataclass(slots=True)
class Brake:
    """Tells the calls of a pass that no more are to be begun: ECS says no to all, or nothing at all."""

    pulled: Event = field(default_factory=Event)
    silences: int = 0

    def heard(self, end: End) -> None:
        self.silences = self.silences + 1 if end is End.UNANSWERED else 0
        if end is End.THROTTLED or self.silences >= _SILENCES:
            self.pulled.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Starts what was reserved. `new_id` returns a new random id at every call; `side_by_side`: how many
    calls are under way at once."""

    asker: Asker
    new_id: Callable[[], str]
    side_by_side: int = 8

    def issue(self, units: Sequence[Unit], time_left: TimeLeft) -> Counter[End]:
        """Start them, in this order as far as calls side by side allow; how many jobs came to which end.

        What was not begun has lost its reservation and kept its rank.
        """
        brake = Brake()

        def one(unit: Unit) -> Counter[End]:
            return self._unit(unit, time_left, brake)

        if self.side_by_side == 1 or len(units) < 2:
            return sum(map(one, units), Counter())
        with ThreadPoolExecutor(self.side_by_side) as pool:
            return sum(pool.map(one, units), Counter())

    def _unit(self, unit: Unit, time_left: TimeLeft, brake: Brake) -> Counter[End]:
        if brake.pulled.is_set() or time_left() < ONE_CALL_SECONDS:
            self.asker.release(unit.jobs)
            return Counter({End.LEFT: len(unit.jobs)})
        ends: dict[str, End] = {}
        try:
            self._start(unit, ends, time_left, brake)
        except Unavailable:
            # What was claimed is looked after once its deadline has passed.
            log.exception("start not finished", extra={"jobs": [job.id for job in unit.jobs]})
            brake.pulled.set()
        return Counter(ends.get(job.id, End.UNANSWERED) for job in unit.jobs)

    def _start(self, unit: Unit, ends: dict[str, End], time_left: TimeLeft, brake: Brake) -> None:
        calls = [(self._claim(start, time_left), start) for start in unit.starts]
        got = {job.id: job for jobs, _ in calls for job in jobs}
        lost = [job for job in unit.jobs if job.id not in got]
        self._let_go(unit, lost)
        ends.update((job.id, End.OVERTAKEN) for job in lost)
        if unit.group and lost:
            self._give_up([*got.values()], ends)
            return
        for jobs, start in calls:
            if jobs:
                ends.update(self._call(jobs, start.overrides))
                brake.heard(ends[jobs[0].id])
        if unit.group and NEVER_BEGAN & {*ends.values()}:
            self._recall(unit.group, got, ends)

    def _let_go(self, unit: Unit, lost: Sequence[Job]) -> None:
        """Release what was reserved for jobs that others changed first; not when another pass is about to
        start this very attempt there: then the reservation is that pass's too."""
        if not lost:
            return
        instances = {job.id: start.instance.arn for start in unit.starts for job in start.jobs}
        now = self.asker.tracker.ledger.get_many([job.id for job in lost])
        theirs = {
            job.id
            for job in lost
            if (it := now.get(job.id))
            and (it.state, it.attempt, it.instance) == (State.PLACING, job.attempt, instances[job.id])
        }
        self.asker.release([job for job in lost if job.id not in theirs])

    def _claim(self, start: Start, time_left: TimeLeft) -> list[Job]:
        """Those of the call that nobody else changed: from here on they are ours."""
        now = milliseconds(self.asker.tracker.clock)
        seconds = min(time_left(), _LONGEST_PASS_SECONDS) + ANSWER_SECONDS
        call = name_of_many(self.new_id()) if len(start.jobs) > 1 else name_of_one(start.jobs[0])
        ours = []
        for job in start.jobs:
            new = claimed(
                job,
                instance=start.instance.arn,
                ec2_id=start.instance.ec2_id,
                call=call,
                token=token_of(call),
                deadline=now + round(seconds * 1000),
                now=now,
            )
            try:
                ours.append(self.asker.tracker.ledger.put(new))
            except LedgerConflict:
                log.info("job changed before its claim", extra={"job": job.id})
        return ours

    def _call(self, jobs: Sequence[Job], overrides: Overrides) -> Mapping[str, End]:
        call, token = jobs[0].call or "", jobs[0].token or ""
        if for_many(call):
            members = tuple((job.id, job.attempt) for job in jobs)
            record = Call(id=call, cluster=jobs[0].cluster, token=token, members=members)
            self.asker.tracker.ledger.add_call(record)
        return self.asker.ask(launch_of(jobs[0], overrides, len(jobs)), jobs)

    def _give_up(self, jobs: Sequence[Job], ends: dict[str, End]) -> None:
        """Claims of a group for which no call was made."""
        for job in jobs:
            self.asker.tracker.put_back(job, "another job of its group changed")
        self.asker.release(jobs)
        ends.update((job.id, End.OVERTAKEN) for job in jobs)

    def _recall(self, group: str, got: Mapping[str, Job], ends: dict[str, End]) -> None:
        begun = [job for job in got.values() if ends[job.id] not in NEVER_BEGAN]
        self.asker.recall(begun, f"another job of its group {group} could not start")
        ends.update((job.id, End.RECALLED) for job in begun)
