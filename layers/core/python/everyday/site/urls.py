"""Addresses as browsers read them, by the WHATWG URL standard (its sections are named at each rule). Pure.

The standard turns a text into a record; here we need less and more: which file of the site the text leads to,
and where in the text that file's name stands.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_BORDER = "".join(map(chr, range(0x21)))
_DROPPED = str.maketrans("", "", "\t\n\r")
_ENDS = re.compile(r"[?#]")
_PORTS = {"http": "80", "https": "443"}
_SINGLE = frozenset({".", "%2e"})
_DOUBLE = frozenset({"..", ".%2e", "%2e.", "%2e%2e"})


class Origin(NamedTuple):
    """Where the site is: `https`, `example.com`. A port that is not the usual one is part of the host."""

    scheme: str
    host: str


HERE = Origin("https", "")
"""A site that does not know its own address: no absolute address leads to it."""


class Path(NamedTuple):
    """The path of an address: `raw`, with `/` for every `\\`. `rooted`: it begins at the site's root. `at`:
    where in the text a hash goes into the name that the path ends with, if it ends with one."""

    raw: str
    rooted: bool
    at: int


def origin(address: str) -> Origin:
    """The origin of `https://example.com`."""
    scheme, _, rest = address.lower().partition("://")
    return Origin(scheme, _host(rest.partition("/")[0], scheme))


def is_absolute(text: str) -> bool:
    """Whether an address says which site it is of."""
    tidy = text.strip(_BORDER)
    return tidy[:2].replace("\\", "/") == "//" or _SCHEME.match(tidy) is not None


def is_specifier(text: str) -> bool:
    """HTML standard, "URL-like module specifier": an address, and no bare name."""
    return text.startswith(("./", "../", "/")) or _SCHEME.match(text) is not None


def path_of(text: str, site: Origin) -> Path | None:
    """The path of an address on this site. None: it leads elsewhere, is no address of a file (`data:`), or
    stays where it is (empty, `?…`, `#…`)."""
    if not text.isascii() or not text.isprintable() or text[:1] == " " or text[-1:] == " ":
        return _untidy(text, site)
    return _tidy_path(text, site)


def _untidy(text: str, site: Origin) -> Path | None:
    """§4.4 "basic URL parser", 1 to 3: controls and spaces around it go, and every tab and newline."""
    tidy = text.strip(_BORDER).translate(_DROPPED)
    path = _tidy_path(tidy, site)
    if path is None or tidy == text:
        return path
    begin = len(text) - len(text.lstrip(_BORDER))
    kept = [at for at in range(begin, len(text)) if text[at] not in "\t\n\r"]
    return path._replace(at=kept[path.at - 1] + 1)


def _tidy_path(text: str, site: Origin) -> Path | None:
    ends = _ENDS.search(text)
    end = ends.start() if ends else len(text)
    # §4.4, every state of a special scheme: "\" is the same as "/", but not in a query.
    raw = text[:end].replace("\\", "/")
    start, rooted = 0, raw.startswith("/")
    if scheme := _SCHEME.match(raw):
        start = scheme.end()
        name = scheme[0][:-1].lower()
        if name not in _PORTS:
            return None
        # "scheme state": without slashes after it, the page's own scheme says nothing at all.
        if name != site.scheme or raw.startswith("//", start):
            return _after_host(raw, start, name, site)
        rooted = raw.startswith("/", start)
    elif raw.startswith("//"):
        return _after_host(raw, 0, site.scheme, site)
    return _path(raw, start, rooted) if end > start else None


def _after_host(raw: str, start: int, scheme: str, site: Origin) -> Path | None:
    """§4.4 "special authority ignore slashes state". Either scheme leads to the site: CloudFront sends
    visitors of http on to https."""
    while raw.startswith("/", start):
        start += 1
    slash = raw.find("/", start)
    end = slash if slash >= 0 else len(raw)
    host = _host(raw[start:end], scheme)
    return _path(raw, end, True) if host and host == site.host else None


def _path(raw: str, start: int, rooted: bool) -> Path:
    """The hash goes before the name's last dot, raw or `%2e`, unless the name begins with it; else at its
    end. That is the same place as `names.insertion` finds in the name."""
    name = max(raw.rfind("/") + 1, start)
    dot = max(raw.rfind(form, name) for form in (".", "%2e", "%2E"))
    return Path(raw[start:], rooted, dot if dot > name else len(raw))


def _host(authority: str, scheme: str) -> str:
    host = authority.rpartition("@")[2].lower()
    return host.removesuffix(":").removesuffix(f":{_PORTS.get(scheme)}")


def join(folder: str, path: Path) -> str | None:
    """The file or folder (ending in `/`, or empty) that a path leads to from a folder (`css/`, or empty for
    the root). None: no file can have that name, such as `%2F` in it, or bytes that are no UTF-8."""
    segments = [] if path.rooted else folder.split("/")[:-1]
    parts = path.raw.split("/")
    if path.rooted and not parts[0]:
        del parts[0]
    for part in parts[:-1]:
        if not _walk(segments, part):
            return None
    return _ending(segments, parts[-1] if parts else "")


def _walk(segments: list[str], part: str) -> bool:
    """§4.4 "path state", 1: one segment further; `..` of the root is the root."""
    kind = part.lower() if "%" in part else part
    if kind in _DOUBLE:
        del segments[-1:]
    elif kind not in _SINGLE:
        name = _decoded(part)
        segments.append(name or "")
        return name is not None
    return True


def _ending(segments: list[str], part: str) -> str | None:
    size = len(segments)
    if not _walk(segments, part):
        return None
    if len(segments) > size:
        return "/".join(segments)
    return "/".join((*segments, "")) if segments else ""


def _decoded(part: str) -> str | None:
    """§1.3 "percent-decode", as the UTF-8 name of a file."""
    if "%" not in part:
        return part
    try:
        name = unquote(part, errors="strict")
    except UnicodeDecodeError:
        return None
    return None if "/" in name or "\0" in name else name
