"""The log of every operation and of every change of a task, for a checker to judge afterwards."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

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
    """Both logs, oldest first; `limit` None keeps everything."""

    def __init__(self, limit: int | None = None) -> None:
        self.operations: deque[Operation] = deque(maxlen=limit)
        self.transitions: deque[Transition] = deque(maxlen=limit)
        self._number = 0

    def answered(
        self, at: datetime, op: str, params: Mapping[str, Any], answer: Mapping[str, Any], reply: str
    ) -> None:
        self._number += 1
        self.operations.append(Operation(self._number, at, op, _key(params), _effect(op, answer), reply))

    def changed(self, transition: Transition) -> None:
        self.transitions.append(transition)

    def clear(self) -> None:
        self.operations.clear()
        self.transitions.clear()

    def calls(self, *ops: str) -> list[Operation]:
        """The operations, of these kinds only (none given: all)."""
        return [each for each in self.operations if not ops or each.op in ops]


def _key(params: Mapping[str, Any]) -> str:
    names = ("clientToken", "startedBy", "task", "containerInstance")
    return str(next((params[name] for name in names if params.get(name)), ""))


def _effect(op: str, answer: Mapping[str, Any]) -> tuple[str, ...]:
    if op in {"RunTask", "StartTask"}:
        return tuple(task["taskArn"] for task in answer.get("tasks", []))
    return (answer["task"]["taskArn"],) if op == "StopTask" and "task" in answer else ()
