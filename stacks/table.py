"""What a table of `everyday.toml` is made of: settings that explain themselves, and kinds of values."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict
from pydantic.fields import FieldInfo

INTERVALS = "5 minutes to 31 days, such as 30 minutes or 6 hours"

_EVERY = re.compile(r"([1-9]\d{0,3}) (minute|hour|day)s?")
_GRAVITON = re.compile(r"[a-z]+\d+g[a-z]*\..+")
_TEXT = {
    "region": re.compile(r"[a-z]{2}(-[a-z]+){1,2}-\d"),
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "blog": re.compile(r"https://[a-z0-9.-]+\.[a-z]{2,}(:\d{1,5})?(/[\w~.-]+)*/?", re.IGNORECASE),
    # Settings travel to the function in one variable, joined by commas; Ghost allows 191 characters.
    "tag": re.compile(r"[^\s,]([^,\r\n]{0,189}[^\s,])?"),
    # A key that TOML takes without quotes.
    "queue": re.compile(r"[A-Za-z0-9_-]{1,64}"),
    "cluster": re.compile(r"[A-Za-z0-9_-]{1,255}"),
    "instance type": re.compile(r"[a-z][a-z0-9-]{1,19}\.[a-z0-9-]{2,20}"),
    "family": re.compile(r"[A-Za-z0-9_-]{1,255}\*?"),
    "role": re.compile(r"([\w+=.@-]+/)*[\w+=.@-]{1,64}", re.ASCII),
}


def interval(text: str) -> timedelta:
    """The length of an interval such as `6 hours`. Raises ValueError when it is none, or under 5 minutes."""
    match = _EVERY.fullmatch(text)
    length = timedelta(**{f"{match[2]}s": int(match[1])}) if match else timedelta()
    if not timedelta(minutes=5) <= length <= timedelta(days=31):
        raise ValueError("not an interval")
    return length


def graviton(instance_type: str) -> bool:
    """Whether machines of this type have an Arm processor: AWS marks them by a g after the generation."""
    return _GRAVITON.fullmatch(instance_type) is not None


def setting(
    default: Any,
    what: str,
    *,
    allowed: str = "",
    example: Any = None,
    ge: int | None = None,
    le: int | None = None,
) -> Any:
    """A field that can explain itself: `what` it is and what is `allowed` are shown in errors, in the file
    that `everyday init` writes and in the documentation. `example` stands in for a default of None."""
    extra = {"allowed": allowed or f"a whole number from {ge} to {le}", "example": example}
    return Field(default, description=what, ge=ge, le=le, json_schema_extra=extra)


def extra(field: FieldInfo, key: Literal["allowed", "example"]) -> Any:
    """What `setting` was told besides the default and the description."""
    return field.json_schema_extra[key] if isinstance(field.json_schema_extra, dict) else None


class Table(BaseModel):
    """Base of the tables: no unknown key, no coercion, no change after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _that(fits: Callable[[Any], object], kind: str) -> AfterValidator:
    def check(value: Any) -> Any:
        if not fits(value):
            raise ValueError(f"not a {kind}")
        return value

    return AfterValidator(check)


def _like(kind: str) -> AfterValidator:
    return _that(_TEXT[kind].fullmatch, kind)


def _one_processor(types: tuple[str, ...]) -> bool:
    return len({graviton(each) for each in types}) == 1


Region = Annotated[str, _like("region")]
Email = Annotated[str, _like("email")]
BlogUrl = Annotated[str, _like("blog")]
Every = Annotated[str, _that(interval, "interval")]
Tags = Annotated[tuple[Annotated[str, _like("tag")], ...], Strict(False)]
# A rule of EventBridge has at most five targets, and each cluster is one.
Clusters = Annotated[tuple[Annotated[str, _like("cluster")], ...], Strict(False), Field(max_length=5)]
InstanceTypes = Annotated[
    tuple[Annotated[str, _like("instance type")], ...],
    Strict(False),
    Field(max_length=20),
    _that(_one_processor, "list of types with one kind of processor"),
]
Families = Annotated[tuple[Annotated[str, _like("family")], ...], Strict(False), _that(bool, "list of any")]
Policy = Literal["strict", "reserve", "greedy"]
Policies = Annotated[tuple[Policy, Policy, Policy], Strict(False)]
Weights = dict[Annotated[str, _like("queue")], Annotated[int, Field(ge=1, le=1000)]]
Roles = Annotated[tuple[Annotated[str, _like("role")], ...], Strict(False)]
