"""Judges what happened to jobs and tasks, whoever wrote it down: a simulation or a test of real processes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from everyday.jobs.model import Amount


class Kind(StrEnum):
    """What happened: a job was submitted; ECS accepted a task for it; the task runs; it is STOPPED."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    RUNNING = "running"
    STOPPED = "stopped"


class Happened(NamedTuple):
    """One line of a history, in the order of time. Times in milliseconds. `task` and `instance` are ARNs."""

    at: int
    what: Kind
    job_id: str
    task: str = ""
    instance: str = ""


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
    - Every task belongs to a job that was submitted, and stops once.
    - If all work is `finished`: every job that was submitted has had a task that ran, and none is alive.

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
        self._submitted: set[str] = set()
        self._ran: set[str] = set()

    def hear(self, line: Happened) -> None:
        if line.what is Kind.SUBMITTED:
            self._submitted.add(line.job_id)
            return
        if line.job_id not in self._submitted:
            self.found.append(f"{line.at}: {line.task} {line.what} for {line.job_id}, which nobody submitted")
        if line.what is Kind.ACCEPTED:
            self._accept(line)
        if line.what is Kind.RUNNING:
            self._ran.add(line.job_id)
        if line.what is self._holds_from:
            self._hold(line)
        if line.what is Kind.STOPPED:
            self._stop(line)

    def unfinished(self) -> Iterator[str]:
        for job_id in sorted(self._submitted - self._ran):
            yield f"{job_id} was lost: no task of it ran"
        for job_id, task in sorted(self._alive.items()):
            yield f"{task} of {job_id} never stopped"

    def _accept(self, line: Happened) -> None:
        alive = self._alive.setdefault(line.job_id, line.task)
        if alive != line.task:
            self.found.append(f"{line.at}: {line.job_id} has two tasks alive: {alive} and {line.task}")

    def _hold(self, line: Happened) -> None:
        if line.task in self._holding:
            return
        self._holding.add(line.task)
        held = self._held[line.instance] = self._held[line.instance] + self._demands[line.job_id]
        if not held.fits(self._registered[line.instance]):
            self.found.append(f"{line.at}: {line.instance} holds {held} of {self._registered[line.instance]}")

    def _stop(self, line: Happened) -> None:
        if line.task not in self._holding:
            self.found.append(f"{line.at}: {line.task} stopped twice, or never began")
            return
        self._holding.discard(line.task)
        self._held[line.instance] -= self._demands[line.job_id]
        if self._alive.get(line.job_id) == line.task:
            del self._alive[line.job_id]
