"""An inbox over memory, and the crashes that can befall it."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from everyday.adapters.memory_ledger import MemoryLedger
from everyday.adapters.memory_queues import MemoryDeadLetters, MemoryWakes
from everyday.jobs.ingest import Inbox, Intake
from everyday.jobs.messages import parse_jobs
from everyday.jobs.model import Job, TaskDefinition
from everyday.ports import forever
from tests.job_builders import DEFINITION, a_definition, job_record

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)


class Crash(BaseException):
    """The process ended here."""


class Fuse:
    """Blows at the step with that number: before its effect, or after it."""

    def __init__(self, at: int | None = None, *, after: bool = False) -> None:
        self.at, self.after = at, after
        self.steps = 0

    def watch(self, target: Any) -> Any:
        """The target, whose calls are steps."""
        return _Watched(target, self)

    def step(self, call: Callable[[], Any]) -> Any:
        number, self.steps = self.steps, self.steps + 1
        if number == self.at and not self.after:
            raise Crash
        answer = call()
        if number == self.at:
            raise Crash
        return answer


class _Watched:
    def __init__(self, target: Any, fuse: Fuse) -> None:
        self._target, self._fuse = target, fuse

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)
        return lambda *args, **named: self._fuse.step(lambda: method(*args, **named))


class Definitions:
    """ECS's task definitions: by name, what it says, or the error that it answers with."""

    def __init__(self) -> None:
        self.known: dict[str, TaskDefinition | Exception] = {DEFINITION: a_definition()}
        self.asked: list[str] = []

    def __call__(self, name: str) -> TaskDefinition | None:
        self.asked.append(name)
        found = self.known.get(name)
        if isinstance(found, Exception):
            raise found
        return found


class InboxWorld:
    """What stays when an inbox dies."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger()
        self.wakes = MemoryWakes()
        self.dead_letters = MemoryDeadLetters()
        self.definitions = Definitions()
        self.now = NOW
        self._ids = count()

    def inbox(self, fuse: Fuse | None = None) -> Inbox:
        fuse = fuse or Fuse()
        return Inbox(
            ledger=fuse.watch(self.ledger),
            definition=self.definitions,
            wakes=fuse.watch(self.wakes),
            dead_letters=fuse.watch(self.dead_letters),
            clock=lambda: self.now,
            new_id=lambda: f"id{next(self._ids)}",
            intake=Intake(("main", "other"), ("everyday-*",), 1000),
        )

    def take(
        self, *records: Any, inbox: Inbox | None = None, left: Callable[[], float] = forever
    ) -> list[str]:
        return list((inbox or self.inbox()).take(parse_jobs({"Records": list(records)}), left))

    def send(self, message_id: str = "m", **fields: Any) -> list[str]:
        return self.take(job_record(message_id, **fields))

    def job(self, job_id: str) -> Job:
        return self.ledger.jobs[job_id]

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def ids(jobs: Iterable[Job]) -> list[str]:
    return [job.id for job in jobs]
