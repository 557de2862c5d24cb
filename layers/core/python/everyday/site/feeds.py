"""Feeds and sitemaps: their readers remember addresses for years, so what these name keeps its name."""

import html
import re
from collections.abc import Iterator
from urllib.parse import unquote

_EXTENSIONS = (".xml", ".rss", ".atom")
_ADDRESS = re.compile(r"""(?:https?://[^/\s"'<>]+)?(/[^\s"'<>?#]*)""")


def is_feed(path: str) -> bool:
    """Whether a file may be a feed or a sitemap, by its name."""
    return path.lower().endswith(_EXTENSIONS)


def named(content: bytes) -> Iterator[str]:
    """The paths of the addresses in a feed, in texts, in attributes and in HTML that is escaped or in CDATA:
    whole addresses of any host, and those that begin with `/`."""
    text = html.unescape(html.unescape(content.decode("utf-8", "replace")))
    for match in _ADDRESS.finditer(text):
        yield unquote(match[1]).removeprefix("/")
