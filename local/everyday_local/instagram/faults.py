"""Faults on demand: which call goes wrong, and how."""

from enum import StrEnum
from threading import Lock

import msgspec


class Op(StrEnum):
    """The kinds of calls."""

    ME = "me"
    LIST = "list"
    MEDIUM = "medium"
    CHILDREN = "children"
    STORIES = "stories"
    REFRESH = "refresh"
    EXCHANGE = "exchange"
    CODE = "code"
    FILE = "file"


class Effect(StrEnum):
    """What happens to the call. Those of the account happen just before it is answered."""

    # any call
    DELAY = "delay"  # `seconds` later
    STATUS = "status"  # an empty answer with `status`
    HTML = "html"  # a web page with status 200
    RESET = "reset"  # the connection is reset after `size` bytes of the body
    # API calls
    ERROR = "error"  # `code`, `subcode`, `minutes`
    NOT_JSON = "not_json"  # half a JSON document with status 200
    # listings
    CUT = "cut"  # no `next` although there is more
    EMPTY = "empty"  # no media and no paging
    REPEAT = "repeat"  # the page before once more
    LOOP = "loop"  # the cursor leads back to the first page
    # the account
    PUBLISH = "publish"  # a new post with `caption`
    EDIT = "edit"  # `post` gets `caption`
    DELETE = "delete"  # `post` is gone
    # files
    TRUNCATED = "truncated"  # the connection ends after `size` of the declared bytes
    WRONG_TYPE = "wrong_type"  # says it is a picture, is not
    EXPIRED = "expired"
    REDIRECT = "redirect"  # to `url`
    HUGE = "huge"  # declares `size` bytes (5 GB by default) and never sends them
    DRIP = "drip"  # `size` bytes (1 by default) every `seconds`


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Strikes the `nth` call of the kind, counted from when it was planted, and the `times` - 1 after it.

    `times` None: every one from then on. `target` narrows it to calls about one medium or file id.
    """

    on: Op
    do: Effect
    nth: int = 1
    times: int | None = 1
    target: str | None = None
    code: int = 1
    subcode: int | None = None
    minutes: int = 0
    status: int = 500
    url: str = ""
    size: int | None = None
    seconds: float = 0.05
    caption: str = "A new post"
    post: str = ""


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

    def strike(self, op: Op, *targets: str) -> list[Fault]:
        """Count this call, and return the faults that strike it, in the order they were planted."""
        with self._lock:
            self._seen = [(fault, seen + _meant(fault, op, targets)) for fault, seen in self._seen]
            return [fault for fault, seen in self._seen if _meant(fault, op, targets) and _due(fault, seen)]


def _meant(fault: Fault, op: Op, targets: tuple[str, ...]) -> bool:
    return fault.on is op and (fault.target is None or fault.target in targets)


def _due(fault: Fault, seen: int) -> bool:
    return seen >= fault.nth and (fault.times is None or seen < fault.nth + fault.times)
