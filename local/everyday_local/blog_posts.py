"""What the blog really holds, asked from the blog."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from everyday.adapters.ghost_http import GhostApi

_OURS: Mapping[str, str | int] = {
    "filter": "tag:hash-instagram",
    "fields": "id,codeinjection_foot",
    "limit": 100,
}
_MARKER = re.compile(r"everyday instagram:(\S+) ")


class Posts(NamedTuple):
    """`posts` of ours on the blog, and how many of them are a medium's second or third."""

    posts: int
    duplicates: int


def count_posts(url: str, admin_key: str) -> Posts:
    """Count our posts by the media they say they are of. Raises what the Ghost adapter raises."""
    media = list(_media(GhostApi(url=url, key=lambda: admin_key, clock=lambda: datetime.now(UTC))))
    return Posts(len(media), len(media) - len(set(media)))


def _media(api: GhostApi) -> Iterator[str]:
    page: int | None = 1
    while page:
        answer = api.call("GET", "/posts/", params={**_OURS, "page": page})
        for post in answer["posts"]:
            if marker := _MARKER.search(post["codeinjection_foot"] or ""):
                yield marker[1]
        page = answer["meta"]["pagination"]["next"]
