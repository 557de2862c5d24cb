"""The owner's `_headers`, in Netlify's syntax, for the edge.

    /img/*
      Cache-Control: public, max-age=86400
      X-Robots-Tag: noindex           # the same header again adds its value after a comma
    /:lang/feed.xml
      Access-Control-Allow-Origin: *

A rule is about the file that is shown, by any of its addresses: `/about` is `about.html`, a renamed asset
goes by its old name too, and an address that a redirect rule or the fallback shows another page for has that
page's headers. Every rule that fits counts; of two that set the same header the later one does.
"""

import re
from typing import NamedTuple

from everyday.site.rules_paths import fixed, plain

FILE = "_headers"

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_ODD = re.compile(r"[^\x20-\x7e]")  # RFC 9110, 5.5: a value is ASCII

# «Restrictions on all edge functions»: a function that sets one of these makes CloudFront answer 502.
_DISALLOWED = {
    *("connection", "expect", "keep-alive", "trailer", "upgrade", "via", "warning", "x-cache"),
    *("proxy-authenticate", "proxy-authorization", "proxy-connection", "x-forwarded-proto", "x-real-ip"),
    *("x-accel-buffering", "x-accel-charset", "x-accel-limit-rate", "x-accel-redirect"),
}
_DISALLOWED_PREFIXES = ("x-amz-cf-", "x-amzn-", "x-edge-")
# These describe the body that is sent, which is not the rule's to say.
_DESCRIBING = {"content-encoding", "content-length", "content-range", "date", "etag", "transfer-encoding"}


class Compiled(NamedTuple):
    """`lines`: what the edge reads, one rule a line."""

    lines: str
    problems: tuple[str, ...]


class _Reading:
    """The rule whose headers are being read; `path` None: its path was refused."""

    def __init__(self) -> None:
        self.path: str | None = None
        self.begun = False
        self.headers: dict[str, str] = {}
        self.lines: list[str] = []

    def end(self) -> None:
        if self.path is not None and self.headers:
            fields = [f"{name}:{value}" for name, value in self.headers.items()]
            self.lines.append("\t".join([str(fixed(self.path)), self.path, *fields]))
        self.path, self.headers = None, {}


def compiled(text: str) -> Compiled:
    """The rules as the edge reads them; each line that it cannot follow is a problem with its reason."""
    reading = _Reading()
    problems = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = _uncommented(raw)
        if not line.strip():
            continue
        reason = _begin(reading, line.strip()) if _is_path(line) else _header(reading, line.strip())
        if reason:
            problems.append(f"{FILE}:{number}: {reason}")
    reading.end()
    return Compiled("\n".join(reading.lines), tuple(problems))


def _uncommented(line: str) -> str:
    return re.split(r"(?:^|\s)#(?:\s|\Z)|^\s*#", line, maxsplit=1)[0]


def _is_path(line: str) -> bool:
    return not line[0].isspace() or line.lstrip().startswith("/")


def _begin(reading: _Reading, path: str) -> str | None:
    reading.end()
    reading.begun = True
    decoded, reason = plain(path)
    reading.path = None if reason else decoded
    return reason


def _header(reading: _Reading, line: str) -> str | None:
    if not reading.begun:
        return "a header stands before the first path"
    name, colon, value = (part.strip() for part in line.partition(":"))
    name = name.lower()
    reason = _refused(name, colon, value)
    if reason is None:
        before = reading.headers.get(name)
        reading.headers[name] = f"{before}, {value}" if before else value
    return reason


def _refused(name: str, colon: str, value: str) -> str | None:
    if not colon or not value or not _NAME.match(name):
        return "write a header as `Name: value`"
    if _ODD.search(value):
        return f"the value of {name} has characters that no header has"
    if forbidden(name) or name.startswith("x-everyday-"):
        return f"CloudFront lets nobody set {name}"
    if name in _DESCRIBING:
        return f"{name} describes what is sent; it cannot be set"
    if name == "set-cookie":
        return "a static site sets no cookies"
    return None


def forbidden(name: str) -> bool:
    """Whether CloudFront lets no function set a header; `name` in lower case."""
    return name in _DISALLOWED or name.startswith(_DISALLOWED_PREFIXES)
