"""Faults on demand, and the log of what was asked and done: what fault tests are judged by."""

import threading
from enum import StrEnum
from typing import NamedTuple


class Fault(StrEnum):
    """What happens to a call. `*_AFTER`: the effect is there, and the caller does not learn of it."""

    ERROR = "500"
    ERROR_AFTER = "500 after the effect"
    BAD_GATEWAY = "502 in HTML"
    THROTTLED = "429 with Retry-After"
    COLLISION = "409"
    INVALID = "422"
    SLOW = "slow"
    RESET = "connection reset"
    RESET_AFTER = "connection reset after the effect"
    SILENT_AFTER = "no answer after the effect"


class Call(NamedTuple):
    """One request: `effect` is whether anything changed, `reply` the status the caller saw (None: none)."""

    op: str
    key: str
    effect: bool
    reply: int | None


class _Planned(NamedTuple):
    op: str
    fault: Fault
    seconds: float
    first: int
    last: int


class Planned(NamedTuple):
    """A fault that is due now; `seconds` is the pause of SLOW and the Retry-After of THROTTLED."""

    fault: Fault
    seconds: float


class Faults:
    """Which calls go wrong. Operations: posts.browse, posts.read, posts.add, posts.edit, posts.destroy,
    images.upload, media.upload, site.read, content.read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, int] = {}
        self._plan: list[_Planned] = []

    def plan(self, op: str, fault: Fault, *, nth: int = 1, times: int = 1, seconds: float = 0.0) -> None:
        """The nth call of `op` from now on, and `times` - 1 after it, meet the fault."""
        with self._lock:
            first = self._seen.get(op, 0) + nth
            self._plan.append(_Planned(op, fault, seconds, first, first + times - 1))

    def clear(self) -> None:
        """Forget every plan."""
        with self._lock:
            self._plan.clear()

    def due(self, op: str) -> Planned | None:
        """Count a call of `op`, and say what shall happen to it."""
        with self._lock:
            number = self._seen[op] = self._seen.get(op, 0) + 1
            for each in self._plan:
                if each.op == op and each.first <= number <= each.last:
                    return Planned(each.fault, each.seconds)
        return None
