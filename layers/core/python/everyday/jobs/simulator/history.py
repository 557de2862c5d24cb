"""Judges what happened to jobs and tasks, whoever wrote it down: a simulation or a test of real processes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from everyday.jobs.model import Amount, Job
from everyday.jobs.simulator.inversions import ORDER


class Kind(StrEnum):
    """What happened: a job was submitted; ECS accepted a task for it; the task runs; it is STOPPED; the job
    has ended, as the ledger says."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    RUNNING = "running"
    STOPPED = "stopped"
    ENDED = "ended"


class Happened(NamedTuple):
    """One line of a history, in the order of time. Times in milliseconds. `task` and `instance` are ARNs.

    A task without a job (`job_id` empty) is somebody else's: it only holds room. `attempt`: of the job, if
    that is known. `demand`: what the task holds, if that is not what its job says.
    """

    at: int
    what: Kind
    job_id: str
    task: str = ""
    instance: str = ""
    attempt: int | None = None
    demand: Amount | None = None


def broken(
    history: Iterable[Happened],
    registered: Mapping[str, Amount],
    demands: Mapping[str, Amount],
    *,
    holds_from: Kind = Kind.ACCEPTED,
    finished: bool = True,
) -> list[str]:
    """Every promise that the history breaks, as a sentence; none when all is well.

    - At no time do the tasks of an instance hold more than it registered: each from `holds_from` until it is
      STOPPED.
    - At no time are two tasks of one job alive, from acceptance to STOPPED.
    - No attempt of a job is ever given a second task.
    - Every task of ours belongs to a job that was submitted, and every task stops once.
    - If all work is `finished`: every job that was submitted has ended or has had a task that ran, and no
      task of ours is alive.

    `registered` by instance, `demands` by job id.
    """
    judge = _Judge(registered, demands, holds_from)
    for line in history:
        judge.hear(line)
    return [*judge.found, *(judge.unfinished() if finished else ())]


class _Judge:
    def __init__(
        self, registered: Mapping[str, Amount], demands: Mapping[str, Amount], holds_from: Kind
    ) -> None:
        self.found: list[str] = []
        self._registered, self._demands, self._holds_from = registered, demands, holds_from
        self._held: defaultdict[str, Amount] = defaultdict(Amount)
        self._alive: dict[str, str] = {}
        self._holding: set[str] = set()
        self._attempts: dict[tuple[str, int], str] = {}
        self._submitted: set[str] = set()
        self._done: set[str] = set()

    def hear(self, line: Happened) -> None:
        if line.what is Kind.SUBMITTED:
            self._submitted.add(line.job_id)
            return
        if line.job_id and line.job_id not in self._submitted:
            self.found.append(f"{line.at}: {line.task} {line.what} for {line.job_id}, which nobody submitted")
        if line.what is Kind.ACCEPTED and line.job_id:
            self._accept(line)
        if line.what in {Kind.RUNNING, Kind.ENDED}:
            self._done.add(line.job_id)
        if line.what is self._holds_from:
            self._hold(line)
        if line.what is Kind.STOPPED:
            self._stop(line)

    def unfinished(self) -> Iterator[str]:
        for job_id in sorted(self._submitted - self._done):
            yield f"{job_id} was lost: no task of it ran"
        for job_id, task in sorted(self._alive.items()):
            yield f"{task} of {job_id} never stopped"

    def _accept(self, line: Happened) -> None:
        alive = self._alive.setdefault(line.job_id, line.task)
        if alive != line.task:
            self.found.append(f"{line.at}: {line.job_id} has two tasks alive: {alive} and {line.task}")
        if line.attempt is None:
            return
        first = self._attempts.setdefault((line.job_id, line.attempt), line.task)
        if first != line.task:
            self.found.append(f"{line.at}: attempt {line.attempt} of {line.job_id} has a second task")

    def _hold(self, line: Happened) -> None:
        if line.task in self._holding:
            return
        self._holding.add(line.task)
        held = self._held[line.instance] = self._held[line.instance] + self._demand(line)
        if not held.fits(self._registered[line.instance]):
            self.found.append(f"{line.at}: {line.instance} holds {held} of {self._registered[line.instance]}")

    def _stop(self, line: Happened) -> None:
        if line.task not in self._holding:
            self.found.append(f"{line.at}: {line.task} stopped twice, or never began")
            return
        self._holding.discard(line.task)
        self._held[line.instance] -= self._demand(line)
        if self._alive.get(line.job_id) == line.task:
            del self._alive[line.job_id]

    def _demand(self, line: Happened) -> Amount:
        return self._demands[line.job_id] if line.demand is None else line.demand


def overtaken(history: Iterable[Happened], jobs: Mapping[str, Job]) -> list[str]:
    """Every job that went before one it should have waited for, as a sentence; none when order was kept.

    Of the `jobs` (by id; others are not judged) that start for the first time: none starts while one still
    waits that is of a higher class, comes before it by rank, and needs no more of anything, so that it could
    have had its place. What happens at one moment is looked at together, as a pass decides it together.
    """
    found: list[str] = []
    waiting: dict[str, Job] = {}
    for at, lines in groupby(history, key=attrgetter("at")):
        begun = []
        for line in lines:
            if line.what is Kind.SUBMITTED and line.job_id in jobs:
                waiting[line.job_id] = jobs[line.job_id]
            elif line.what is Kind.ACCEPTED and line.job_id in waiting:
                begun.append(waiting.pop(line.job_id))
            elif line.what is Kind.ENDED:
                waiting.pop(line.job_id, None)
        found += [
            f"{at}: {job.id} started while {it.id} waited"
            for job in begun
            for it in waiting.values()
            if ORDER[it.job_class] > ORDER[job.job_class]
            and (it.rank, it.id) < (job.rank, job.id)
            and it.demand.amount.fits(job.demand.amount)
        ]
    return found
