"""The log of every operation and of every change of a task, for a checker to judge afterwards."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from everyday_local.ecs.records import Task
from everyday_local.ecs.resources import Demand


class Operation(NamedTuple):
    """One call. `key` is its client token, else its `startedBy`, else the resource that it names.

    `effect`: ARNs of the tasks that it placed or stopped. `reply` is "ok", the code of an error, or "lost".
    """

    number: int
    at: datetime
    op: str
    key: str
    effect: tuple[str, ...]
    reply: str


class Transition(NamedTuple):
    """A task after one of its changes. It holds `demand` of `instance` until `status` is STOPPED."""

    at: datetime
    task: str
    started_by: str | None
    instance: str
    demand: Demand
    status: str
    desired: str
    version: int

    @classmethod
    def of(cls, task: Task, at: datetime) -> "Transition":
        return cls(
            at,
            task.arn,
            task.started_by,
            task.instance.arn,
            task.demand,
            task.status,
            task.desired,
            task.version,
        )


class History:
    """Both logs, oldest first; `limit` None keeps everything. `journal`: a file in which the operations
    outlive this process; what an earlier one left there comes first."""

    def __init__(self, limit: int | None = None, *, journal: Path | None = None) -> None:
        self.operations: deque[Operation] = deque(maxlen=limit)
        self.transitions: deque[Transition] = deque(maxlen=limit)
        self._journal = journal
        if journal:
            self.operations.extend(_read(journal))
            self._write("w", self.operations)
        self._number = self.operations[-1].number if self.operations else 0

    def answered(
        self, at: datetime, op: str, params: Mapping[str, Any], answer: Mapping[str, Any], reply: str
    ) -> None:
        self._number += 1
        operation = Operation(self._number, at, op, _key(params), _effect(op, answer), reply)
        self.operations.append(operation)
        self._write("a", [operation])

    def changed(self, transition: Transition) -> None:
        self.transitions.append(transition)

    def clear(self) -> None:
        self.operations.clear()
        self.transitions.clear()
        self._write("w", ())

    def calls(self, *ops: str) -> list[Operation]:
        """The operations, of these kinds only (none given: all)."""
        return [each for each in self.operations if not ops or each.op in ops]

    def _write(self, mode: Literal["a", "w"], operations: Iterable[Operation]) -> None:
        if self._journal:
            with self._journal.open(f"{mode}b") as journal:
                journal.writelines(msgspec.json.encode(each) + b"\n" for each in operations)


def _read(journal: Path) -> Iterator[Operation]:
    """The operations of earlier processes; the last line may have been cut."""
    with suppress(FileNotFoundError, msgspec.DecodeError), journal.open("rb") as lines:
        for line in lines:
            yield msgspec.json.decode(line, type=Operation)


def _key(params: Mapping[str, Any]) -> str:
    names = ("clientToken", "startedBy", "task", "containerInstance")
    return str(next((params[name] for name in names if params.get(name)), ""))


def _effect(op: str, answer: Mapping[str, Any]) -> tuple[str, ...]:
    if op in {"RunTask", "StartTask"}:
        return tuple(task["taskArn"] for task in answer.get("tasks", []))
    return (answer["task"]["taskArn"],) if op == "StopTask" and "task" in answer else ()
