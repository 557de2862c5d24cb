"""Pages of a List call: 1 to 100 entries in the order of their keys, and a token that leads on."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from everyday_local.ecs.errors import invalid

LARGEST = 100
Entry = TypeVar("Entry")


class _Place(msgspec.Struct):
    """Where a page ended, and the question it belongs to."""

    after: str
    question: str


def page(
    entries: Iterable[Entry], params: Mapping[str, Any], key: Callable[[Entry], str], *, down: bool = False
) -> tuple[list[Entry], dict[str, str]]:
    """The page that `params` ask for, and `nextToken` when there is more.

    An entry that appears behind the place where a page ended is on a later page, one before it on none.
    Raises EcsError (InvalidParameterException).
    """
    size = params.get("maxResults", LARGEST)
    if not 1 <= size <= LARGEST:
        raise invalid(f"maxResults must be between 1 and {LARGEST}.")
    question = _question(params)
    ordered = sorted(entries, key=key, reverse=down)
    if (token := params.get("nextToken")) is not None:
        after = _place(token, question).after
        ordered = [each for each in ordered if (key(each) < after if down else key(each) > after)]
    shown = ordered[:size]
    more = {"nextToken": _token(_Place(key(shown[-1]), question))} if len(ordered) > size else {}
    return shown, more


def _question(params: Mapping[str, Any]) -> str:
    asked = {name: value for name, value in params.items() if name not in {"nextToken", "maxResults"}}
    return hashlib.sha256(msgspec.json.encode(asked, order="deterministic")).hexdigest()[:16]


def _token(place: _Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _place(token: str, question: str) -> _Place:
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(token), type=_Place)
    except (ValueError, msgspec.DecodeError) as error:
        raise invalid("Invalid nextToken.") from error
    if place.question != question:
        raise invalid("The nextToken belongs to a request with other parameters.")
    return place
