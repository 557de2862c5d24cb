"""SQS in memory, as far as functions that drain a queue can tell: what fails comes back later."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import msgspec

from everyday.jobs.messages import Reconcile, Wake

DEDUPLICATION_MS = 300_000


@dataclass
class Message:
    """One message. `received`: how often; `hidden_until`: until then nobody else gets it."""

    id: str
    body: str
    group: str
    sent_at: int
    received: int = 0
    hidden_until: int = 0

    def record(self) -> dict[str, Any]:
        """As a Lambda gets it."""
        return {
            "messageId": self.id,
            "body": self.body,
            "attributes": {
                "SentTimestamp": str(self.sent_at),
                "ApproximateReceiveCount": str(self.received),
            },
        }


class Queue:
    """At least once, in order; what was received `receives` times in vain goes to `dead`.

    A message with a group waits while another of its group is hidden, and one of a deduplication id that was
    there within five minutes is dropped, as in a FIFO queue. `now` in milliseconds.
    """

    def __init__(self, name: str, now: Callable[[], int], *, hidden_ms: int, receives: int) -> None:
        self.name, self._now, self._hidden_ms, self._receives = name, now, hidden_ms, receives
        self.messages: list[Message] = []
        self.dead: list[Message] = []
        self._seen: dict[str, int] = {}
        self._sent = 0
        self._lock = Lock()

    def send(self, body: str, *, group: str = "", deduplication: str | None = None) -> None:
        with self._lock:
            if deduplication is not None:
                if self._now() < self._seen.get(deduplication, 0):
                    return
                self._seen[deduplication] = self._now() + DEDUPLICATION_MS
            self._sent += 1
            self.messages.append(Message(f"{self.name}-{self._sent}", body, group, self._now()))

    def receive(self, most: int = 10) -> Sequence[Message]:
        with self._lock:
            now = self._now()
            busy = {it.group for it in self.messages if it.group and it.hidden_until > now}
            ready = [it for it in self.messages if it.hidden_until <= now and it.group not in busy]
            worn = [it for it in ready if it.received >= self._receives]
            self.dead += worn
            self.messages = [it for it in self.messages if it not in worn]
            taken = [it for it in ready if it not in worn][:most]
            for it in taken:
                it.received, it.hidden_until = it.received + 1, now + self._hidden_ms
            return taken

    def delete(self, done: Iterable[Message]) -> None:
        with self._lock:
            ids = {it.id for it in done}
            self.messages = [it for it in self.messages if it.id not in ids]


class QueuedWakes:
    """The Wakes port on such a queue."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def wake(self, cluster: str, wake_id: str, *, fresh: Sequence[str] = ()) -> None:
        body = msgspec.json.encode(Wake(cluster=cluster, fresh=tuple(fresh))).decode()
        self._queue.send(body, group=cluster, deduplication=f"{cluster} {wake_id}")


class QueuedRebuilds:
    """The Rebuilds port on such a queue."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def rebuild(self, cluster: str) -> None:
        self._queue.send(msgspec.json.encode(Reconcile(reconcile=cluster)).decode())
