"""What can go wrong with a call of Instagram, or with the account meanwhile."""

from enum import StrEnum

from everyday_local.planted import Planted, PlantedFaults


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


class Fault(Planted, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Strikes calls of one kind; `target` narrows it to those about one medium or file id."""

    on: Op
    do: Effect
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


class Faults(PlantedFaults[Fault]):
    """The faults planted in an account."""

    def strike(self, op: Op, *targets: str) -> list[Fault]:
        """Count this call, and return the faults that strike it, in the order they were planted."""
        return self.struck(lambda fault: fault.on is op and fault.target in {None, *targets})
