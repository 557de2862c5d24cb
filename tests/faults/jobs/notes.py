"""Adapters that also write down what a judge must know and nobody else keeps."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from everyday.adapters.ecs import BotoEcs
from everyday.adapters.memory_ledger import MemoryLedger
from everyday.jobs.calls import assigned, attempt_of
from everyday.jobs.model import Amount, Call, Demand, Job, Task
from everyday.jobs.ports import Launch, Launched

Owner = tuple[str, int]


class NotedLedger(MemoryLedger):
    """Remembers when each job was submitted and ended, and which attempts ever had which task."""

    def __init__(self, now: Callable[[], int]) -> None:
        super().__init__()
        self._now = now
        self.submitted: dict[str, int] = {}
        self.ended: dict[str, int] = {}
        self.owners: dict[str, Owner] = {}
        self.first: dict[str, Job] = {}

    def _store(self, job: Job) -> Job:
        if job.size is None:
            self.first.setdefault(job.id, job)
            self.submitted.setdefault(job.id, self._now())
            if job.state.final:
                self.ended.setdefault(job.id, self._now())
            if job.task:
                self.owners.setdefault(job.task, (job.id, job.attempt))
        return super()._store(job)

    def owner_of(self, task: str, call: str, siblings: Sequence[str]) -> Owner | None:
        """For whom a task was started; `siblings`: all tasks of the call."""
        return owner_by(task, call, siblings, self.owners, self.calls.get)


def owner_by(
    task: str,
    call: str,
    siblings: Sequence[str],
    owners: Mapping[str, Owner],
    call_of: Callable[[str], Call | None],
) -> Owner | None:
    """For whom a task was started: as the ledger says (`owners`), else as its call says."""
    if task in owners:
        return owners[task]
    record = call_of(call)
    if record is None:
        return attempt_of(call)
    free = [it for it in record.members if it not in {owners.get(each) for each in siblings}]
    unknown = [it for it in siblings if it not in owners]
    shared = assigned([job_id for job_id, _ in free], map(_named, unknown))
    return next((it for it in free if it[0] in shared and shared[it[0]].arn == task), None)


class NotedEcs(BotoEcs):
    """Remembers which calls ECS refused, wholly or in part, and why."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self.refused: dict[str, tuple[str, tuple[str, ...]]] = {}

    def run(self, launch: Launch) -> Launched:
        answer = super().run(launch)
        if answer.failures:
            self.refused[launch.call] = (launch.instance, answer.failures)
        return answer


def _named(arn: str) -> Task:
    return Task(arn=arn, version=0, status="", demand=Demand(Amount()))
