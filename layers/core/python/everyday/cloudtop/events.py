"""What sets the keeper to work, read from a Lambda's event."""

from collections.abc import Mapping
from typing import Any, Literal

from everyday.errors import InvalidMessageError
from everyday.record import Record

Reason = Literal["owner", "schedule", "budget"]

_SOURCES = ("aws.", "everyday.")


class Look(Record, frozen=True):
    """Something happened, or a minute has passed: look. `why` is for the log."""

    why: str


class Ask(Record, frozen=True, kw_only=True):
    """Somebody other than the owner's own commands wants the machine up or down."""

    up: bool
    reason: Reason


def parse(event: Mapping[str, Any]) -> Look | Ask:
    """Of an EventBridge event, a schedule's `{"wish": "up" | "down"}`, a message of the budget's topic, or
    `{"look": …}`. Raises InvalidMessageError naming what is wrong."""
    if "look" in event:
        return Look(str(event["look"]))
    if "wish" in event:
        return _ask(event)
    if _of_a_topic(event):
        return Ask(up=False, reason="budget")
    source, kind = event.get("source"), event.get("detail-type")
    if isinstance(source, str) and source.startswith(_SOURCES) and isinstance(kind, str):
        return Look(kind)
    raise InvalidMessageError(
        "the event has none of `look`, `wish`, `Records` of a topic, or `source` with `detail-type`"
    )


def _ask(event: Mapping[str, Any]) -> Ask:
    if event["wish"] not in ("up", "down"):
        raise InvalidMessageError(f"`wish` is `up` or `down`, not `{event['wish']}`")
    reason = event.get("reason", "schedule")
    if reason not in ("owner", "schedule", "budget"):
        raise InvalidMessageError(f"`reason` is `owner`, `schedule` or `budget`, not `{reason}`")
    return Ask(up=event["wish"] == "up", reason=reason)


def _of_a_topic(event: Mapping[str, Any]) -> bool:
    records = event.get("Records")
    return (
        isinstance(records, list)
        and bool(records)
        and all(isinstance(it, Mapping) and it.get("EventSource") == "aws:sns" for it in records)
    )
