"""The use case behind every wake: look at a cluster, plan, and start what fits."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from everyday.errors import StateUnavailable
from everyday.jobs.answers import End
from everyday.jobs.board import Board
from everyday.jobs.calls import Unit, affordable, first, kept, units
from everyday.jobs.explain import board_of, impossible, trouble_of, worth_writing
from everyday.jobs.groups import freed
from everyday.jobs.issuing import ONE_CALL_SECONDS, Issuer
from everyday.jobs.model import Amount, Job, State
from everyday.jobs.plan import Plan, Rules, Situation
from everyday.jobs.planner import plan as planned
from everyday.jobs.ports import ClusterState, Lane, Ledger, Rebuilds, View, Wakes
from everyday.jobs.scale import Scaling
from everyday.jobs.sweeping import Sweeper, Swept
from everyday.jobs.tracking import milliseconds
from everyday.ports import Clock, TimeLeft, forever
from everyday.record import Record

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.0
_PAUSES = 3  # after which an account has given even the largest group its calls
_MORE = frozenset({End.LEFT, End.THROTTLED, End.REFUSED, End.RECALLED})
"""After these another look may start something."""


Planner = Callable[[Sequence[Job], Situation, Rules], Plan]
"""Decides what starts: `planner.plan`, or one that is watched."""


class PassReport(Record, frozen=True, kw_only=True):
    """What a pass did: how many jobs came to which end (see `End`).

    `waiting`: how many still wait, of those that one pass looks at. `oldest_wait_seconds`: how long the
    oldest of them does. `more`: another pass was asked for at once. `trouble`: why nothing could be started.
    """

    cluster: str
    waiting: int = 0
    oldest_wait_seconds: float = 0.0
    ends: dict[str, int] = msgspec.field(default_factory=dict)
    rejected: int = 0
    needs_scale: int = 0
    milliseconds: int = 0
    more: bool = False
    trouble: str | None = None

    @property
    def placed(self) -> int:
        return self.ends.get(End.PLACED, 0)

    @property
    def refused(self) -> int:
        """Jobs that ECS refused although the plan had room for them."""
        return self.ends.get(End.REFUSED, 0)


class Look(NamedTuple):
    """What a pass saw and decided."""

    view: View
    waiting: Sequence[Job]
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduler:
    """Runs passes. Several at once, of one cluster or of many, are safe.

    `waiting_limit`: how many waiting jobs a pass looks at. `sleep` waits so many seconds, when the account's
    calls are used up.
    """

    ledger: Ledger
    state: ClusterState
    issuer: Issuer
    scaling: Scaling
    wakes: Wakes
    rebuilds: Rebuilds
    clock: Clock
    rules: Rules
    waiting_limit: int = 2000
    sleep: Callable[[float], None] = time.sleep
    planner: Planner = planned
    boards: dict[str, Board] = field(default_factory=dict)

    def run(self, cluster: str, *, fresh: Sequence[str] = (), time_left: TimeLeft = forever) -> PassReport:
        """One pass. `fresh`: ids of jobs that the list of waiting jobs may not show yet.

        Without the cluster's state nothing is started, a rebuild is asked for, and the report says so.
        Raises LedgerUnavailable and EventsUnavailable.
        """
        begun = self._now()
        trouble: str | None = None
        view: View | None = None
        try:
            self.state.begin_pass(cluster)
            view = self.state.view(cluster)
        except StateUnavailable as error:
            trouble = f"the state of the cluster cannot be read, so nothing starts: {error}"
        swept = Sweeper(asker=self.issuer.asker).sweep(cluster, time_left)
        if view is None:
            report = self._blind(cluster, trouble)
        else:
            report = self._pass(cluster, view, [*fresh, *swept.fresh], time_left)
        return self._finished(report, swept, begun, time_left)

    def _blind(self, cluster: str, trouble: str | None) -> PassReport:
        if trouble is None:
            trouble = "the state of the cluster was lost and is read anew; jobs start again after that"
            self.rebuilds.rebuild(cluster)
        board = trouble_of(cluster, trouble, self._last(cluster), at=self._now())
        self._show(board)
        return PassReport(cluster=cluster, trouble=trouble)

    def _pass(self, cluster: str, view: View, fresh: Sequence[str], time_left: TimeLeft) -> PassReport:
        waiting = self._waiting(cluster, fresh)
        shapes = self.scaling.shapes(cluster, view, waiting)
        situation = Situation(view.instances, self._now(), self._usage(cluster, waiting), shapes.known)
        look = Look(view, waiting, self.planner(waiting, situation, self.rules))
        ends = self._start(cluster, look, time_left)
        rejected = self._reject(look, time_left) if shapes.certain else 0
        self.scaling.grow(cluster, view, look.plan)
        self._show(board_of(cluster, look.plan, waiting, view.instances, at=self._now()))
        left = len(waiting) - ends[End.PLACED] - rejected
        return PassReport(
            cluster=cluster,
            waiting=left,
            oldest_wait_seconds=self._oldest(look) / 1000 if left else 0.0,
            ends={end.value: count for end, count in ends.items()},
            rejected=rejected,
            needs_scale=len(look.plan.needs_scale),
        )

    def _waiting(self, cluster: str, fresh: Sequence[str]) -> list[Job]:
        """The first in rank order; `fresh` ones are read themselves, for the list lags."""
        listed = self.ledger.listed(cluster, Lane.WAITING, limit=self.waiting_limit)
        found = {job.id: job for job in listed}
        for job in self.ledger.get_many(fresh).values() if fresh else ():
            if job.id not in found or found[job.id].version < job.version:
                found[job.id] = job
        may = [job for job in found.values() if job.cluster == cluster and _queues(job)]
        first = sorted(may, key=lambda job: (job.rank, job.id))[: self.waiting_limit]
        return freed(self.issuer.asker.tracker, cluster, first)

    def _usage(self, cluster: str, waiting: Sequence[Job]) -> Mapping[str, Amount]:
        """What each queue's jobs hold; nobody asks while all that wait are of one queue."""
        if len({job.queue for job in waiting}) < 2:
            return {}
        usage: dict[str, Amount] = {}
        for job in self.ledger.listed(cluster, Lane.OPEN):
            usage[job.queue] = usage.get(job.queue, Amount()) + job.demand.amount
        return usage

    def _start(self, cluster: str, look: Look, time_left: TimeLeft) -> Counter[End]:
        """Reserve and start as much of the plan as there are calls for."""
        if not look.plan.placements:
            return Counter()
        wanted = self._units(look)
        try:
            begun = affordable(wanted, self._calls(wanted))
            got = self._reserved(cluster, look, begun)
        except StateUnavailable:
            log.exception("nothing reserved", extra={"cluster": cluster})
            return Counter({End.LEFT: len(look.plan.placements)})
        ready = [whole for unit in begun if (whole := kept(unit, got)).starts]
        ends = self.issuer.issue(ready, time_left)
        return ends + Counter({End.LEFT: len(look.plan.placements) - sum(ends.values())})

    def _calls(self, wanted: Sequence[Unit]) -> int:
        """Take calls for these. A group that needs more than there are now is waited for: what is taken and
        not used is lost, so that later passes would not have enough for it either."""
        calls, _ = self.state.take(sum(len(unit.starts) for unit in wanted))
        for _ in range(_PAUSES):
            lacking = len(wanted[0].starts) - calls
            if lacking <= 0:
                break
            self.sleep(_PAUSE_SECONDS)
            calls += self.state.take(lacking)[0]
        return calls

    def _units(self, look: Look) -> Sequence[Unit]:
        some = first(look.plan.placements)
        jobs = {job.id: job for job in look.waiting}
        instances = {instance.arn: instance for instance in look.view.instances}
        overrides = self.ledger.overrides([placement.job_id for placement in some])
        return units(some, jobs, overrides, instances)

    def _reserved(self, cluster: str, look: Look, begun: Sequence[Unit]) -> frozenset[str]:
        ids = {job.id: job for unit in begun for job in unit.jobs}
        wanted = [placement for placement in look.plan.placements if placement.job_id in ids]
        now = self._now()
        ends_at = {job.id: now + job.estimate_seconds * 1000 for job in ids.values() if job.estimate_seconds}
        return self.state.reserve(cluster, look.view.epoch, wanted, ends_at=ends_at, now=now)

    def _reject(self, look: Look, time_left: TimeLeft) -> int:
        """What no instance could ever hold is not kept waiting, nor is its group."""
        reasons = impossible(look.waiting, look.plan)
        overrides = self.ledger.overrides([*reasons]) if reasons else {}
        jobs = {job.id: job for job in look.waiting}
        rejected = 0
        for job_id, reason in reasons.items():
            if time_left() < ONE_CALL_SECONDS:
                break
            rejected += self.issuer.asker.reject(jobs[job_id], overrides[job_id], reason) is End.REJECTED
        return rejected

    def _oldest(self, look: Look) -> int:
        placed = {placement.job_id for placement in look.plan.placements}
        since = [job.enqueued_at for job in look.waiting if job.id not in placed]
        return self._now() - min(since) if since else 0

    def _finished(self, report: PassReport, swept: Swept, begun: int, time_left: TimeLeft) -> PassReport:
        ends = Counter(report.ends) + Counter({end.value: count for end, count in swept.ends.items()})
        more = not swept.finished or any(ends[end] for end in _MORE)
        again = more and not report.trouble and not ends[End.UNANSWERED]
        if again:
            if time_left() > ONE_CALL_SECONDS / 2:
                self.sleep(_PAUSE_SECONDS)  # by then the account has calls again
            self.wakes.wake(report.cluster, self.issuer.new_id())
        took = self._now() - begun
        return msgspec.structs.replace(report, ends=dict(ends), more=again, milliseconds=took)

    def _last(self, cluster: str) -> Board | None:
        return self.boards.get(cluster) or self.ledger.board(cluster)

    def _show(self, board: Board) -> None:
        """Written when it says something new: a board is read far less often than passes are made."""
        if worth_writing(board, self._last(board.cluster)):
            self.ledger.put_board(board)
            self.boards[board.cluster] = board

    def _now(self) -> int:
        return milliseconds(self.clock)


def _queues(job: Job) -> bool:
    return job.state is State.WAITING and not job.held and job.size is None
