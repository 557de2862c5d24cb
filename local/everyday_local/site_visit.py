"""Look at a published site as a browser would: its first page, and all that it names, and what that names."""

import re
from collections import deque
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit

import requests

RELEASE = "X-Everyday-Release"
_HTTP_SECONDS = 30
_MOST = 1_000
_TAGS = {"link": "href", "script": "src", "img": "src", "source": "src"}
_CSS = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])([^"')]+)""")
_SCRIPT = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*|\bnew URL\(\s*)["']([^"']+)["']""")
_MANIFEST = re.compile(r'"src"\s*:\s*"([^"]+)"')


class Seen(NamedTuple):
    """What a visitor got. `release` of the first page, empty if there is none; `files`: all that was asked
    for, the page too; `broken`: those of them that are not there."""

    release: str
    files: int
    broken: tuple[str, ...]


def visit(site_url: str, edge_url: str) -> Seen:
    """Ask `edge_url` for the site that is at `site_url`: not every system resolves the names of localhost.
    The edge that does not answer is a page that is not there."""
    asked, waiting, broken, release = {"/"}, deque(["/"]), list[str](), ""
    while waiting and len(asked) < _MOST:
        path = waiting.popleft()
        answer = _get(site_url, edge_url, path)
        if answer is None or answer.status_code != requests.codes.ok:
            broken.append(path)
            continue
        if path == "/":
            release = answer.headers.get(RELEASE, "")
        new = [each for each in _local(site_url, path, _named(answer)) if each not in asked]
        waiting.extend(dict.fromkeys(new))
        asked.update(new)
    return Seen(release, len(asked), tuple(broken))


def _get(site_url: str, edge_url: str, path: str) -> requests.Response | None:
    host = {"Host": urlsplit(site_url).netloc}
    try:
        return requests.get(edge_url + path, headers=host, timeout=_HTTP_SECONDS, allow_redirects=False)
    except requests.RequestException:
        return None


def _local(site_url: str, path: str, names: Iterator[str]) -> Iterator[str]:
    """The paths of what is the site's own."""
    for name in names:
        address = urldefrag(urljoin(site_url + path, name)).url
        if address.startswith(f"{site_url}/"):
            yield address.removeprefix(site_url)


def _named(answer: requests.Response) -> Iterator[str]:
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    if kind == "text/html":
        parser = _Page()
        parser.feed(answer.content.decode())
        yield from parser.named
    else:
        pattern = {"text/css": _CSS, "text/javascript": _SCRIPT, "application/manifest+json": _MANIFEST}
        yield from pattern[kind].findall(answer.content.decode()) if kind in pattern else ()


class _Page(HTMLParser):
    """What a page loads. Its links to other pages are not followed."""

    def __init__(self) -> None:
        super().__init__()
        self.named: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        value = dict(attrs).get(_TAGS.get(tag, ""))
        if value:
            self.named.append(value)
