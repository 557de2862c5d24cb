"""Faults on demand: which call goes wrong, and how."""

from enum import StrEnum
from threading import Lock

import msgspec


class Effect(StrEnum):
    """What happens to the call."""

    LOST = "lost"  # it takes effect, and the connection is cut instead of an answer
    LATE = "late"  # the connection is cut, and the call takes effect `seconds` later
    ERROR = "error"  # `status` and `code`, and no effect
    THROTTLED = "throttled"  # a ThrottlingException, and no effect


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Strikes the `nth` call of this action, counted from when it was planted, and the `times` - 1 after it.

    `times` None: every one from then on. `on` "*": every action.
    """

    on: str
    do: Effect
    nth: int = 1
    times: int | None = 1
    status: int = 500
    code: str = "ServerException"
    seconds: float = 30.0


class Faults:
    """The planted faults. Safe to use from several threads."""

    def __init__(self, *planted: Fault) -> None:
        self._lock = Lock()
        self._seen: list[tuple[Fault, int]] = [(fault, 0) for fault in planted]

    def plant(self, *faults: Fault) -> None:
        with self._lock:
            self._seen += [(fault, 0) for fault in faults]

    def clear(self) -> None:
        with self._lock:
            self._seen = []

    def strike(self, action: str) -> Fault | None:
        """Count this call; the first planted fault that strikes it."""
        with self._lock:
            self._seen = [(fault, seen + (fault.on in {action, "*"})) for fault, seen in self._seen]
            struck = [fault for fault, seen in self._seen if fault.on in {action, "*"} and _due(fault, seen)]
        return struck[0] if struck else None


def _due(fault: Fault, seen: int) -> bool:
    return seen >= fault.nth and (fault.times is None or seen < fault.nth + fault.times)
