"""The queues of `jobs` in memory, for tests and the simulator. What they hold can be looked at."""

from collections.abc import Sequence
from typing import NamedTuple

from everyday.jobs.messages import Wake


class MemoryWakes:
    """Wakes in a list; like SQS it drops those whose id was there before."""

    def __init__(self) -> None:
        self.sent: list[Wake] = []
        self._ids: set[tuple[str, str]] = set()

    def wake(self, cluster: str, wake_id: str, *, fresh: Sequence[str] = ()) -> None:
        if (cluster, wake_id) not in self._ids:
            self._ids.add((cluster, wake_id))
            self.sent.append(Wake(cluster=cluster, fresh=tuple(fresh)))


class Letter(NamedTuple):
    """What is left of a message that can never run."""

    body: str
    reason: str
    job_id: str | None


class MemoryDeadLetters:
    """Dead letters in a list."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    def put(self, body: str, reason: str, *, job_id: str | None = None) -> None:
        self.letters.append(Letter(body, reason, job_id))
