"""Cuts: the one place where a fault test lets a call fail, and the record of all calls."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from threading import Lock
from typing import Any, NamedTuple


class Mode(StrEnum):
    """What happens to a call.

    BEFORE: it fails without effect. AFTER: it has its effect and its reply is lost. SILENT: it times out,
    and so does every later call to the same service. DIE: it has its effect, and the process ends there.
    """

    BEFORE = "before"
    AFTER = "after"
    SILENT = "silent"
    DIE = "die"


class Call(NamedTuple):
    """One call to a service: `kind` is what is done, `key` to what."""

    service: str
    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.service} {self.kind} {self.key}"


class Died(BaseException):
    """The process ended; nothing after it reaches any service."""


class Cuts:
    """Lets call number n meet `plan[n]`. Thread-safe.

    `lost` and `late` make what the caller sees of a fault.
    """

    def __init__(self, plan: Mapping[int, Mode] | None = None) -> None:
        self.plan = dict(plan or {})
        self.calls: list[Call] = []
        self.struck: list[Call] = []
        self._silent: set[str] = set()
        self._dead = False
        self._lock = Lock()

    def call(
        self,
        call: Call,
        effect: Callable[[], Any],
        *,
        lost: Callable[[], Exception],
        late: Callable[[], Exception],
    ) -> Any:
        mode, was_silent = self._next(call)
        if was_silent:
            raise late()
        if mode is Mode.BEFORE:
            raise lost()
        answer = effect()
        if mode is Mode.AFTER:
            raise lost()
        if mode is Mode.SILENT:
            raise late()
        if mode is Mode.DIE:
            raise Died(str(call))
        return answer

    def _next(self, call: Call) -> tuple[Mode | None, bool]:
        with self._lock:
            if self._dead:
                raise Died(str(call))
            self.calls.append(call)
            mode = self.plan.get(len(self.calls))
            was_silent = call.service in self._silent
            if mode is not None:
                self.struck.append(call)
            if mode is Mode.SILENT:
                self._silent.add(call.service)
            self._dead = mode is Mode.DIE
            return mode, was_silent
