"""What was run: executions and their actions, kept in a file so that a restart remembers them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Literal

import msgspec

Status = Literal["InProgress", "Succeeded", "Failed", "Superseded"]
_KEPT = 100
"""Executions remembered of each pipeline."""


class ActionRun(msgspec.Struct, kw_only=True):
    """One action of one execution. `summary` is what it said when it ended, `error` why it failed."""

    id: str
    stage: str
    action: str
    status: Status
    started: datetime
    ended: datetime | None = None
    summary: str = ""
    error: str = ""
    external_id: str = ""
    variables: Mapping[str, str] = {}


class Execution(msgspec.Struct, kw_only=True):
    """One run of a pipeline. `revision`: the version of the source object."""

    id: str
    pipeline: str
    revision: str
    trigger: str
    status: Status
    started: datetime
    updated: datetime
    summary: str = ""
    actions: list[ActionRun] = msgspec.field(default_factory=list)


class Records:
    """All executions, newest first. Safe to use from several threads."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lock = Lock()
        self._all: dict[str, list[Execution]] = _read(file)

    def of(self, pipeline: str) -> list[Execution]:
        """A copy of the executions of one pipeline."""
        with self._lock:
            return list(self._all.get(pipeline, []))

    def add(self, execution: Execution) -> None:
        with self._lock:
            known = self._all.setdefault(execution.pipeline, [])
            known.insert(0, execution)
            del known[_KEPT:]
            self._write()

    def changed(self) -> None:
        """To be called after an execution was changed."""
        with self._lock:
            self._write()

    def _write(self) -> None:
        if self._file:
            part = self._file.with_suffix(".part")
            part.write_bytes(msgspec.json.encode(self._all))
            part.replace(self._file)

    def unfinished(self) -> Iterator[Execution]:
        """What was running when the process before this one ended."""
        for executions in self._all.values():
            yield from (each for each in executions if each.status == "InProgress")


def _read(file: Path | None) -> dict[str, list[Execution]]:
    if not file or not file.exists():
        return {}
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, list[Execution]])
    except msgspec.DecodeError:
        return {}
