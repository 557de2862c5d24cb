"""The values of attributes that are small languages of their own. All take decoded UTF-8."""

import re

from everyday.site.references import css, json
from everyday.site.references.found import NOTHING, Contents, Found, Kind
from everyday.site.references.text import Reader, raw_url

# HTML §4.8.4.2.2, "parse a srcset attribute": an address ends at white space, and its commas at the end are
# not its own; without any, descriptors follow up to a comma outside parentheses.
_CANDIDATE = re.compile(rb"[ \t\n\f\r,]*+([^ \t\n\f\r]++)")
_DESCRIPTORS = re.compile(rb"(?:[^,(]++|\([^)]*+\)?)*+")
# HTML §4.2.5.3, "shared declarative refresh steps".
_REFRESH = re.compile(
    rb"(?s)\s*+[\d.]++(?:\s*+[;,]|(?=\s))\s*+(?:[uU][rR][lL]\s*+=\s*+)?+(?:\"([^\"]*+)|'([^']*+)|(?![\"'])(.++))"
)


def srcset(kind: Kind) -> Reader:
    """The addresses of a list of pictures."""

    def read(content: bytes) -> Contents:
        found: list[Found] = []
        match = _CANDIDATE.match(content)
        while match:
            address = match[1].rstrip(b",")
            one = raw_url(kind, address, match.start(1))
            if one:
                found.append(one)
            end = match.end()
            if len(address) == len(match[1]):
                end = _DESCRIPTORS.match(content, end).end()  # type: ignore[union-attr]  # it matches nothing too
            match = _CANDIDATE.match(content, end)
        return Contents(found)

    return read


def refresh(content: bytes) -> Contents:
    """Where a `meta http-equiv=refresh` leads."""
    match = _REFRESH.match(content)
    if not match or not match.lastindex:
        return NOTHING
    one = raw_url(Kind.LINK, match[match.lastindex], match.start(match.lastindex))
    return Contents([one]) if one else NOTHING


def data(content: bytes) -> Contents:
    """A `data-*` attribute: what a script will read, as JSON, as CSS or as an address."""
    if content.lstrip()[:1] in (b"{", b"["):
        return json.references(content)
    if b"url(" in content:
        return as_text(css.references(content))
    one = raw_url(Kind.TEXT, content, 0)
    return Contents([one]) if one else NOTHING


def as_text(contents: Contents) -> Contents:
    """What may be used by a script, or may not: only what names an existing file is a reference."""
    return Contents([found._replace(kind=Kind.TEXT) for found in contents.found])
