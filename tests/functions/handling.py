"""Real AWS payloads, a Lambda's context, and use cases that note what they were asked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from everyday.photos.backup import BackupReport
from everyday.photos.posting import Done, Outcome, PostReport

EVENTS = Path(__file__).parent.parent / "events"


def an_event(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text())


class AContext:
    """A Lambda that is stopped in so many seconds."""

    def __init__(self, seconds: float = 300) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return round(self.seconds * 1000)


class NotedBackup:
    """Remembers how it was run."""

    def __init__(self, report: BackupReport) -> None:
        self.report = report
        self.walks: list[str | None] = []
        self.seconds_left: list[float] = []

    def run(self, *, time_left: Callable[[], float], walk: str | None = None) -> BackupReport:
        self.walks.append(walk)
        self.seconds_left.append(time_left())
        return self.report


class NotedPosting:
    """Remembers what it was asked for; `trouble` is raised for the media that have one."""

    def __init__(self, trouble: dict[str, Exception] | None = None) -> None:
        self.trouble = trouble or {}
        self.posted: list[str] = []
        self.sweeps: list[float] = []

    def post(self, medium_id: str, *, force: bool = False) -> Outcome:
        if medium_id in self.trouble:
            raise self.trouble[medium_id]
        self.posted.append(medium_id)
        return Outcome(id=medium_id, done=Done.CREATED)

    def sweep(self, time_left: Callable[[], float]) -> PostReport:
        self.sweeps.append(time_left())
        return PostReport(counts={})
