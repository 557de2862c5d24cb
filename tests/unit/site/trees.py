"""Sites in memory, and what they look like to somebody who visits them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from lxml import html as lxml_html

from everyday.site.model import Output, Revision
from everyday.site.rewrite import content


class MemoryTree:
    """A Tree of these contents."""

    def __init__(self, files: Mapping[str, bytes | str]) -> None:
        self.contents = {
            path: body.encode() if isinstance(body, str) else body for path, body in files.items()
        }

    def files(self) -> Mapping[str, int]:
        return {path: len(body) for path, body in self.contents.items()}

    def read(self, path: str) -> bytes:
        return self.contents[path]

    def file(self, path: str) -> Path:
        raise AssertionError(f"{path} is no large file")


def published(tree: MemoryTree, revision: Revision) -> dict[str, bytes]:
    """The revved site."""
    return {output.path: content(tree, output) for output in revision.outputs}


def new_names(revision: Revision) -> dict[str, str]:
    return {output.source: output.path for output in revision.outputs if output.renamed}


def by_source(revision: Revision) -> dict[str, Output]:
    return {output.source: output for output in revision.outputs}


def undone(tree: MemoryTree, output: Output) -> bytes:
    """A published file with each edit taken back, from the first to the last."""
    body, source = content(tree, output), tree.read(output.source)
    for edit in output.edits:
        after = edit.start + len(edit.text)
        assert body[edit.start : after] == edit.text
        body = body[: edit.start] + source[edit.start : edit.end] + body[after:]
    return body


_URL = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)|@import\s+["']([^"']+)["']""")
_STRING = re.compile(r"""["']((?:\.{0,2}/)?[\w%./ #-]+\.(?:js|png|json|css|svg)(?:\?[^"']*)?)["']""")


def crawl(site: Mapping[str, bytes], start: str = "index.html") -> set[str]:
    """All files that a visitor gets to, as a simple crawler finds its way: with other parsers than ours."""
    seen, ahead = {start}, [start]
    while ahead:
        path = ahead.pop()
        for link in _links(path, site[path]):
            address = urlsplit(urljoin(f"http://site/{_quoted(path)}", link))
            target = unquote(address.path).lstrip("/")
            target = f"{target}index.html" if target == "" or target.endswith("/") else target
            if address.netloc == "site" and target in site and target not in seen:
                seen.add(target)
                ahead.append(target)
    return seen


def _quoted(path: str) -> str:
    return path.replace("%", "%25").replace("#", "%23").replace("?", "%3F").replace(" ", "%20")


def _links(path: str, body: bytes) -> Iterator[str]:
    if path.endswith(".html") and body.strip():
        for _, _, link, _ in lxml_html.fromstring(body).iterlinks():
            yield link
    elif path.endswith(".css"):
        yield from (match[1] or match[2] for match in _URL.finditer(body.decode()))
    elif path.endswith((".js", ".json")):
        yield from _STRING.findall(body.decode())
