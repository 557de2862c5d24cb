"""The application's events on an EventBridge bus."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from everyday.adapters.aws import pauses, translated
from everyday.errors import EventsUnavailable

if TYPE_CHECKING:
    from types_boto3_events.client import EventBridgeClient
    from types_boto3_events.type_defs import PutEventsRequestEntryTypeDef

# EventBridge API reference, PutEvents: at most 10 entries a request.
_BATCH = 10


class EventBridgeEvents:
    """Publishes at least once: an event whose reply was lost is sent again."""

    def __init__(
        self,
        client: EventBridgeClient,
        bus: str,
        source: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._bus = bus
        self._source = source
        self._sleep = sleep

    def publish(self, kind: str, details: Iterable[Mapping[str, Any]]) -> None:
        entries: list[PutEventsRequestEntryTypeDef] = [
            {
                "EventBusName": self._bus,
                "Source": self._source,
                "DetailType": kind,
                "Detail": msgspec.json.encode(detail).decode(),
            }
            for detail in details
        ]
        for start in range(0, len(entries), _BATCH):
            self._send(kind, entries[start : start + _BATCH])

    def _send(self, kind: str, entries: Sequence[PutEventsRequestEntryTypeDef]) -> None:
        refused = self._put(kind, entries)
        for pause in pauses():
            if not refused:
                return
            self._sleep(pause)
            refused = self._put(kind, refused)
        if refused:
            raise EventsUnavailable(
                f"EventBridge did not take {len(refused)} of {len(entries)} {kind} events"
            )

    def _put(
        self, kind: str, entries: Sequence[PutEventsRequestEntryTypeDef]
    ) -> list[PutEventsRequestEntryTypeDef]:
        """Send the entries and return those that were not taken."""
        with translated(EventsUnavailable, f"publishing {kind}"):
            results = self._client.put_events(Entries=entries)["Entries"]
        return [entry for entry, result in zip(entries, results, strict=True) if "ErrorCode" in result]
