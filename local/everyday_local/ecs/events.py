"""State change events as ECS sends them to EventBridge, and what may happen to them on the way."""

import random
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from everyday_local.ecs.records import Names
from everyday_local.ecs.timeline import Timeline
from everyday_local.ecs.views import View, in_an_event

TASK, INSTANCE = "ECS Task State Change", "ECS Container Instance State Change"

Event = dict[str, Any]
Sink = Callable[[Event], None]


class Weather(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What happens to events. `lose` and `duplicate` are probabilities; each copy of an event arrives up to
    `delay_seconds` late, by itself, which also changes their order. The next `lose_next` are lost for sure.
    """

    lose: float = 0.0
    duplicate: float = 0.0
    delay_seconds: float = 0.0
    lose_next: int = 0
    seed: int | None = None


class Outbox:
    """Events on their way to the sinks: each sink gets one at a time, in the order in which they arrive."""

    def __init__(self, timeline: Timeline, names: Names, rng: random.Random, source: str) -> None:
        self._timeline, self._names, self._ids, self._source = timeline, names, rng, source
        self._chance = random.Random(rng.random())  # noqa: S311 - plays the weather, guards nothing
        self._weather = Weather()
        self._lock = threading.Lock()
        self._arrived: deque[Event] = deque()
        self._delivering = False
        self.sinks: list[Sink] = []

    def turn(self, weather: Weather) -> None:
        """From now on events meet this weather."""
        self._weather = weather
        if weather.seed is not None:
            self._chance = random.Random(weather.seed)  # noqa: S311 - as above

    def post(self, kind: str, arn: str, view: View, now: datetime) -> None:
        """A resource changed: `detail` is what Describe tells of it, its time of change added."""
        if not self.sinks:
            return
        event = self._event(kind, arn, view, now)
        if self._weather.lose_next > 0:
            self._weather.lose_next -= 1
            return
        if self._chance.random() < self._weather.lose:
            return
        copies = 2 if self._chance.random() < self._weather.duplicate else 1
        for _ in range(copies):
            self._send(event)

    def _send(self, event: Event) -> None:
        if self._weather.delay_seconds:
            late = self._chance.uniform(0, self._weather.delay_seconds)
            self._timeline.after(late, lambda: self._arrive(event))
        else:
            self._arrive(event)

    def _arrive(self, event: Event) -> None:
        with self._lock:
            self._arrived.append(event)

    def deliver(self) -> None:
        """Hand over what has arrived. A sink may cause further events; they follow in their turn."""
        with self._lock:
            if self._delivering:
                return
            self._delivering = True
        try:
            while (event := self._take()) is not None:
                for sink in self.sinks:
                    sink(event)
        except BaseException:  # a sink that failed does not stop the events after this one
            with self._lock:
                self._delivering = False
            raise

    def _take(self) -> Event | None:
        with self._lock:
            if self._arrived:
                return self._arrived.popleft()
            self._delivering = False
            return None

    def _event(self, kind: str, arn: str, view: View, now: datetime) -> Event:
        detail = {name: value for name, value in view.items() if name != "tags"}
        return {
            "version": "0",
            "id": str(UUID(int=self._ids.getrandbits(128), version=4)),
            "detail-type": kind,
            "source": self._source,
            "account": self._names.account,
            "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._names.region,
            "resources": [arn],
            "detail": in_an_event({**detail, "updatedAt": now}),
        }
