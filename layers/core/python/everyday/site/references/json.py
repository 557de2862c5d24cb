"""References in JSON: of any shape, of a web app manifest, an import map, a source map, speculation rules.

Tokens are the strings of RFC 8259 §7; everything else is passed over. A string that a `:` follows is a key.
A string without `.`, `/` or an escape is no address. What stands in no closed string, such as a comment with
one quote, ends with its line, so that a file that is nearly JSON is read as far as it can be.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from everyday.site.references.found import NOTHING, Contents, Found, Kind, Seal
from everyday.site.references.text import Escapes, is_utf16, raw_url, unescape, url

_BODY = rb'(?:[^"\\\n]++|\\[\s\S])*+'
_STRING = rb'"' + _BODY + rb'"?'
_KEY = rb'"' + _BODY + rb'"\s*+:'
_DULL = rb'"[^"\\\n./]*+"'
_VALUE = re.compile(
    rb'(?:[^"]++|' + _DULL + rb"|" + _KEY + rb')*+(?:"(?P<value>' + _BODY + rb')"|"' + _BODY + rb"|\Z)"
)
_PAIR = re.compile(
    rb'(?:[^"]++)?+(?:"(?P<key>' + _BODY + rb')"\s*+:\s*+(?:"(?P<of>' + _BODY + rb')")?+|"(?P<value>' + _BODY
    + rb')"|"' + _BODY + rb"|\Z)"
)  # fmt: skip
_LIST = rb'\[(?:[^"\]]++|' + _STRING + rb")*+\]?"
_MAP = re.compile(
    # Nothing of these is an address, and they are nearly all of the file.
    rb'(?:[^"]++|"(?:sourcesContent|names)"\s*+:\s*+' + _LIST
    + rb'|(?!"(?:file|sources)"\s*+:)' + _STRING + rb")*+"
    rb'(?:"file"\s*+:\s*+"(?P<file>' + _BODY + rb')"|"sources"\s*+:\s*+(?P<sources>' + _LIST + rb")"
    rb'|"[^"]*+"|\Z)'
)  # fmt: skip
_ESCAPE = re.compile(
    rb"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([\x00-\x7f]))"
)
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def _decode(match: re.Match[bytes]) -> str:
    high, low, one, short = match.groups()
    if high:
        return (bytes.fromhex(high.decode()) + bytes.fromhex(low.decode())).decode("utf-16-be")
    if one:
        return bytes.fromhex(one.decode()).decode("utf-16-be", "replace")
    return _SHORT.get(short.decode(), short.decode())


ESCAPES = Escapes(_ESCAPE, _decode)


def _found(kind: Kind, raw: bytes, start: int) -> Found | None:
    if b"\\" not in raw:
        return raw_url(kind, raw, start)
    return url(kind, unescape(raw, start, ESCAPES), start)


def _values(content: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int]]:
    """The strings that are no keys, and may be addresses."""
    for match in _VALUE.finditer(content, start, len(content) if end is None else end):
        if match["value"] is not None:
            yield match["value"], match.start("value")


def references(content: bytes) -> Contents:
    """Any JSON: nobody knows which strings are addresses."""
    if is_utf16(content):
        return NOTHING
    found = (_found(Kind.TEXT, raw, start) for raw, start in _values(content))
    return Contents([one for one in found if one])


# W3C Web Application Manifest: members whose values are addresses.
_MANIFEST = {
    b"src": Kind.ASSET,
    b"start_url": Kind.LINK,
    b"scope": Kind.LINK,
    b"url": Kind.LINK,
    b"action": Kind.LINK,
}


def manifest(content: bytes) -> Contents:
    """A web app manifest: what its known members name; its other strings are for people."""
    if is_utf16(content):
        return NOTHING
    found = (
        _found(_MANIFEST[match["key"]], match["of"], match.start("of"))
        for match in _PAIR.finditer(content)
        if match["key"] in _MANIFEST and match["of"] is not None
    )
    return Contents([one for one in found if one])


def manifest_or_data(content: bytes) -> Contents:
    """`manifest.json` is a web app manifest if it has icons; else it is some tool's."""
    return manifest(content) if b'"icons"' in content else references(content)


def source_map(content: bytes) -> Contents:
    """A source map (ECMA-426): the file that it is of, and its sources; never their contents and names."""
    if is_utf16(content):
        return NOTHING
    found: list[Found | None] = []
    for match in _MAP.finditer(content):
        if match["file"] is not None:
            found.append(_found(Kind.TEXT, match["file"], match.start("file")))
        elif match["sources"] is not None:
            values = _values(content, *match.span("sources"))
            found.extend(_found(Kind.TEXT, raw, start) for raw, start in values)
    return Contents([one for one in found if one])


def speculation_rules(content: bytes) -> Contents:
    """Addresses that a browser may load early (HTML §7.6): pages, all of them."""
    links = (_found(Kind.LINK, raw, start) for raw, start in _values(content))
    return Contents([one for one in links if one])


class _Entry(NamedTuple):
    """A string of an object: the keys that lead to it, and the key's and the value's raw form."""

    path: tuple[str, ...]
    key: tuple[bytes, int]
    value: tuple[bytes, int]


_DEPTH = 3  # `{"scopes": {"/a/": {"name": address`
_STRUCTURE = re.compile(
    rb'[^"{}]*+(?:"(?P<key>' + _BODY + rb')"\s*+:\s*+(?:"(?P<of>' + _BODY
    + rb')")?+|(?P<open>\{)|(?P<close>\})|"' + _BODY + rb'"?|\Z)'
)  # fmt: skip


def _entries(content: bytes) -> Iterator[_Entry]:
    """The strings of all objects, with the keys around them."""
    path: list[str] = []
    key = ""
    for match in _STRUCTURE.finditer(content):
        if match["open"]:
            path.append(key)
        elif match["close"] and path:
            path.pop()
        elif match["key"] is not None:
            key = unescape(match["key"], 0, ESCAPES).text
            if match["of"] is not None and len(path) <= _DEPTH:
                raw = (match["key"], match.start("key"))
                yield _Entry((*path[1:], key), raw, (match["of"], match.start("of")))


def import_map(content: bytes) -> Contents:
    """An import map (HTML §8.1.5): its addresses, and its digests of files, which are keys there."""
    if is_utf16(content):
        return NOTHING
    found: list[Found] = []
    seals: list[Seal] = []
    imports: dict[str, str] = {}
    for path, key, value in _entries(content):
        sealed = path[0] == "integrity"
        one = _found(Kind.MODULE, *(key if sealed else value))
        if not one or path[0] not in ("imports", "scopes", "integrity"):
            continue
        if sealed:
            raw, start = value
            seals.append(Seal(start, start + len(raw), raw.decode("ascii", "replace"), len(found)))
        else:
            imports.setdefault(path[-1], one.text)
        found.append(one)
    return Contents(found, seals, imports=imports)
