"""The owner's settings, `everyday.toml`: one table per capability, typed; what is not allowed is refused.

To add a capability: one class here, one line in `Config`. The file that `everyday init` writes, the table in
`docs/configuration.md` and the errors all come from these classes.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from everyday.errors import SettingsError

EXAMPLE_BLOG = "https://blog.example.com"

_INTERVALS = "5 minutes to 31 days, such as 30 minutes or 6 hours"
_EVERY = re.compile(r"([1-9]\d{0,3}) (minute|hour|day)s?")
_TEXT = {
    "region": re.compile(r"[a-z]{2}(-[a-z]+){1,2}-\d"),
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "blog": re.compile(r"https://[a-z0-9.-]+\.[a-z]{2,}(:\d{1,5})?(/[\w~.-]+)*/?", re.IGNORECASE),
    # Settings travel to the function in one variable, joined by commas; Ghost allows 191 characters.
    "tag": re.compile(r"[^\s,]([^,\r\n]{0,189}[^\s,])?"),
}


def interval(text: str) -> timedelta:
    """The length of an interval such as `6 hours`. Raises ValueError when it is none, or under 5 minutes."""
    match = _EVERY.fullmatch(text)
    length = timedelta(**{f"{match[2]}s": int(match[1])}) if match else timedelta()
    if not timedelta(minutes=5) <= length <= timedelta(days=31):
        raise ValueError("not an interval")
    return length


def _interval(text: str) -> str:
    interval(text)
    return text


def _like(kind: str) -> AfterValidator:
    def check(text: str) -> str:
        if not _TEXT[kind].fullmatch(text):
            raise ValueError(f"not a {kind}")
        return text

    return AfterValidator(check)


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


Region = Annotated[str, _like("region")]
Email = Annotated[str, _like("email")]
BlogUrl = Annotated[str, _like("blog")]
Every = Annotated[str, AfterValidator(_interval)]
Tags = Annotated[tuple[Annotated[str, _like("tag")], ...], Strict(False)]


class Table(BaseModel):
    """Base of the tables: no unknown key, no coercion, no change after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Everyday(Table):
    """What all capabilities share."""

    region: Region = setting(
        "us-east-1",
        "Where everything lives. Choose before the first deploy.",
        allowed="an AWS region, such as eu-central-1",
    )
    alarm_email: Email | None = setting(
        None, "Who is told when something fails.", allowed="an e-mail address", example="you@example.com"
    )
    monthly_budget_usd: int = setting(
        5, "Alarm when the month's AWS bill passes 80 % of it, or is going to pass it.", ge=1, le=10_000
    )


class Photos(Table):
    """Instagram to an S3 archive and to the blog."""

    enabled: bool = setting(True, "Whether this capability is deployed.", allowed="true, false")
    api: bool = setting(
        True,
        "Ask Instagram's API, with a token. Off for a personal account, which has data exports only.",
        allowed="true, false",
    )
    blog_url: BlogUrl = setting(
        EXAMPLE_BLOG, "The Ghost blog to post on.", allowed="an https:// address without query or fragment"
    )
    status: Literal["draft", "published"] = setting(
        "draft", "A new post waits for your eyes, or is public at once.", allowed='"draft", "published"'
    )
    tags: Tags = setting(
        (),
        "Tags that every post gets besides the caption's hashtags.",
        allowed="a list of texts of 1 to 191 characters without commas",
    )
    author: Email | None = setting(
        None,
        "Author of the posts: the e-mail address of a Ghost user. Unset: the blog's owner.",
        allowed="an e-mail address",
        example="you@example.com",
    )
    post_since: date | None = setting(
        None,
        "Older posts are backed up and never posted (from midnight UTC).",
        allowed="a date without quotes, such as 2020-01-01",
        example=date(2020, 1, 1),
    )
    feature_image: bool = setting(
        True,
        "The first picture is the feature image. Off, if your theme does not show that above the post.",
        allowed="true, false",
    )
    backup_every: Every = setting(
        "6 hours", "How often Instagram is asked for new posts.", allowed=_INTERVALS
    )
    sweep_every: Every = setting(
        "1 hour", "How often posts that could not be made yet are tried again.", allowed=_INTERVALS
    )
    walk_days: int = setting(
        7, "Days between complete walks, which find edits and deletions of older posts.", ge=1, le=90
    )
    max_file_mb: int = setting(4000, "A larger picture or video is refused (megabytes).", ge=1, le=5000)
    max_video_mb: int = setting(
        200, "A larger video is archived and not uploaded to the blog (megabytes).", ge=1, le=2000
    )
    concurrency: int = setting(16, "Downloads at the same time.", ge=1, le=64)


class Config(Table):
    """The whole file."""

    everyday: Everyday = Everyday()
    photos: Photos = Photos()


def load(path: Path) -> Config:
    """Read the settings. Raises SettingsError that names the key, what was given and what is allowed."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"{path} is missing; write one with: .venv/bin/everyday init") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from error
    return parse(document, name=path.name)


def parse(document: dict[str, Any], *, name: str = "everyday.toml") -> Config:
    """Check the settings. Raises SettingsError with one line for each key that is wrong."""
    try:
        return Config.model_validate(document)
    except ValidationError as error:
        lines = dict.fromkeys(_complaint(detail) for detail in error.errors())
        raise SettingsError("\n".join(f"{name}: {line}" for line in lines)) from error


def extra(field: FieldInfo, key: Literal["allowed", "example"]) -> Any:
    """What `setting` was told besides the default and the description."""
    return field.json_schema_extra[key] if isinstance(field.json_schema_extra, dict) else None


def tables() -> dict[str, type[Table]]:
    """Every table that the file may have, by its name."""
    return {name: field.annotation for name, field in Config.model_fields.items()}  # type: ignore[misc]


def _complaint(detail: ErrorDetails) -> str:
    table, key = (*map(str, detail["loc"]), "", "")[:2]
    known = tables()
    if table not in known:
        return f"[{table}] is not a table of this version; {_choice(table, known)}"
    fields = known[table].model_fields
    if not key:
        return f"{table} must be a table, [{table}], got {_shown(detail['input'])}"
    if key not in fields:
        return f"{table}.{key} is not a setting; {_choice(key, fields)}"
    index = "".join(f"[{part}]" for part in detail["loc"][2:] if isinstance(part, int))
    return f"{table}.{key}{index} is {_shown(detail['input'])}; allowed: {extra(fields[key], 'allowed')}"


def _choice(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return (f"did you mean {near[0]}? " if near else "") + f"Known: {', '.join(known)}"


def _shown(value: Any) -> str:
    text = (
        f'"{value}"'
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
    kinds = {str: "text", bool: "true or false", int: "a whole number", float: "a number", list: "a list"}
    return f"{text[:80]} ({kinds.get(type(value), type(value).__name__)})"
