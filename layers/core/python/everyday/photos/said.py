"""What a source said, brought into a form that can be kept: JSON that every store accepts, no addresses."""

import json
from collections.abc import Callable
from typing import Any

_DEEPEST = 64
_ADDRESSES = frozenset({"media_url", "thumbnail_url", "paging"})
_INT64 = 2**63


def parse(document: str | bytes, *, text: Callable[[str], str] = str) -> Any:
    """The JSON value, with `text` applied to every string and key. Raises ValueError, and nothing else.

    Lone surrogates become U+FFFD and whole numbers over 64 bits become strings, because neither can be
    written as JSON in UTF-8 again.
    """
    try:
        return _mapped(json.loads(document), lambda string: well_formed(text(string)), _DEEPEST)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def well_formed(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def without_addresses(value: Any) -> Any:
    """The value without signed addresses and paging links: they expire, and a `next` link holds the token."""
    if isinstance(value, dict):
        return {
            key: without_addresses(inner)
            for key, inner in value.items()
            if key not in _ADDRESSES and not _holds_token(inner)
        }
    if isinstance(value, list):
        return [without_addresses(inner) for inner in value if not _holds_token(inner)]
    return value


def _holds_token(value: Any) -> bool:
    return isinstance(value, str) and "access_token=" in value


def _mapped(value: Any, text: Callable[[str], str], depth: int) -> Any:
    if depth < 0:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return [_mapped(inner, text, depth - 1) for inner in value]
    if isinstance(value, dict):
        return {text(key): _mapped(inner, text, depth - 1) for key, inner in value.items()}
    return str(value) if type(value) is int and not -_INT64 <= value < _INT64 else value
