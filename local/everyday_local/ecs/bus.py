"""The way of the events into EventBridge."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any

import msgspec

from everyday.adapters.aws import client_config, translated
from everyday.errors import EventsUnavailable
from everyday_local.aws import local_session
from everyday_local.ecs.events import Event

_BATCH = 10
"""EventBridge API reference, PutEvents: at most 10 entries a request."""

_log = logging.getLogger(__name__)


class Bus:
    """Sends events in their order, in a thread of its own, so that no caller waits for EventBridge.

    What EventBridge does not take is lost, as events of ECS may be; the log says so.
    """

    def __init__(self, client: Any, bus: str = "default") -> None:
        self._client, self._bus = client, bus
        self._queue: SimpleQueue[Event | None] = SimpleQueue()

    def __call__(self, event: Event) -> None:
        self._queue.put(event)

    def send(self) -> None:
        """Send until told to end, and then what is left."""
        ended = False
        while not ended:
            batch, ended = self._next()
            if batch:
                self._put(batch)

    def end(self) -> None:
        self._queue.put(None)

    def _next(self) -> tuple[list[Event], bool]:
        """Waits for one event, and takes those that are there already with it; True after the last."""
        batch: list[Event] = []
        waits = True
        while len(batch) < _BATCH:
            try:
                event = self._queue.get(block=waits)
            except Empty:
                break
            if event is None:
                return batch, True
            batch.append(event)
            waits = False
        return batch, False

    def _put(self, batch: list[Event]) -> None:
        entries = [_entry(event, self._bus) for event in batch]
        try:
            with translated(EventsUnavailable, "sending state changes"):
                refused = self._client.put_events(Entries=entries)["FailedEntryCount"]
        except EventsUnavailable as error:
            _log.warning("%d state changes lost: %s", len(batch), error)
            return
        if refused:
            _log.warning("EventBridge did not take %d of %d state changes", refused, len(batch))


def _entry(event: Event, bus: str) -> dict[str, Any]:
    return {
        "EventBusName": bus,
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Time": event["time"],
        "Resources": event["resources"],
        "Detail": msgspec.json.encode(event["detail"]).decode(),
    }


@contextmanager
def connected(endpoint: str) -> Iterator[Bus]:
    """A way to the EventBridge of the local AWS at this address, while the block runs."""
    bus = Bus(local_session(endpoint).client("events", config=client_config()))
    thread = threading.Thread(target=bus.send, name="ecs-events", daemon=True)
    thread.start()
    try:
        yield bus
    finally:
        bus.end()
        thread.join(5)
