"""A page of the listing: newest first, pinned ones in front, with cursors that survive new posts."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from everyday_local.instagram.account import Post
from everyday_local.instagram.graph_errors import bad_parameter

DEFAULT_LIMIT, MOST = 25, 100
_START = (False, float("-inf"), 0)

Rank = tuple[bool, float, int]


class Window(NamedTuple):
    """Some posts of the listing, and whether more follow them."""

    posts: list[Post]
    more: bool


def window(listed: list[Post], query: Mapping[str, str]) -> Window:
    """The posts that `limit` and `after` ask for. Raises GraphError 100."""
    limit = _limit(query.get("limit", str(DEFAULT_LIMIT)))
    after = _decode(query["after"]) if query.get("after") else _START
    rest = [post for post in listed if post.rank > after]
    return Window(rest[:limit], len(rest) > limit)


def page(found: Window, data: list[Any], *, address: str, query: Mapping[str, str]) -> dict[str, Any]:
    """The answer: `next` holds the whole query again, the access token included, as the API's does."""
    if not found.posts:
        return {"data": []}
    after = encode(found.posts[-1].rank)
    paging: dict[str, Any] = {"cursors": {"before": encode(found.posts[0].rank), "after": after}}
    if found.more:
        paging["next"] = f"{address}?{urlencode({**query, 'after': after})}"
    return {"data": data, "paging": paging}


def encode(rank: Rank) -> str:
    return base64.urlsafe_b64encode(json.dumps(rank).encode()).decode().rstrip("=")


FIRST_PAGE = encode((False, -1e15, 0))
"""A cursor that leads to the first page."""


def _decode(cursor: str) -> Rank:
    try:
        unpinned, time, number = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return (bool(unpinned), float(time), int(number))
    except (binascii.Error, ValueError, TypeError):
        raise bad_parameter("Invalid cursor") from None


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise bad_parameter("param limit must be a positive number")
    return min(int(text), MOST)
