"""References in HTML, in SVG, and in any XML.

The tokens are those of `tokens.py`; what is made of them follows the HTML Standard (WHATWG) as far as it
takes no tree: §13.2.6.5 for `svg` and `math`, in which elements may close themselves and CDATA is known,
§4.2.3 for the first `base` with an address, §4.12.1 for what a `script` is, §2.6 and SVG 2 §16 for addresses.
Of an attribute that stands twice the first counts (§13.2.5.33). Comments, prose, `title`, `textarea`, `alt`
hold no references; `template` and `noscript` do. Integration points other than `foreignObject`, and tags that
break out of an `svg` that nobody closed, are not followed.
"""

import re
from functools import partial
from typing import NamedTuple

from everyday.site.references import attributes, css, scripts, tokens, values
from everyday.site.references.entities import HTML_ATTRIBUTE, XML
from everyday.site.references.found import NOTHING, Contents, Found, Kind, Piece, Seal
from everyday.site.references.text import (
    Reader,
    Text,
    is_utf16,
    plain,
    raw_url,
    shifted,
    unescape,
    url,
    within,
)

_FOREIGN = (b"svg", b"math")
_WHOLE = (b"script", b"link", b"meta", b"base")  # of these, every attribute may matter
_DEEPEST = 100  # nothing is gained by following a page that nests deeper
_NESTING = (*_FOREIGN, b"foreignobject")


class _Value(NamedTuple):
    raw: bytes
    start: int


_Attributes = dict[bytes, _Value]
_SHEET = {b"rel": _Value(b"stylesheet", 0)}


def references(content: bytes, *, relevant: scripts.Relevant = scripts.always) -> Contents:
    """What a page names. Never raises: every sequence of bytes is a page."""
    return NOTHING if is_utf16(content) else _Page(content, relevant).contents()


def xml_references(content: bytes, *, relevant: scripts.Relevant = scripts.always) -> Contents:
    """What an SVG picture, or any XML, names. What is not well-formed is read as far as its tags go."""
    return NOTHING if is_utf16(content) else _Page(content, relevant, xml=True).contents()


class _Page:
    """One reading of one file."""

    def __init__(
        self, content: bytes, relevant: scripts.Relevant, *, xml: bool = False, inner: bool = False
    ) -> None:
        self._content, self._relevant = content, relevant
        self._xml, self._inner = xml, inner
        self._escapes = XML if xml else HTML_ATTRIBUTE
        self._nesting: list[bytes] = []
        self._found: list[Found] = []
        self._seals: list[Seal] = []
        self._pieces: list[Piece] = []
        self._imports: dict[str, str] = {}
        self._base: str | None = None

    def contents(self) -> Contents:
        at, end = 0, len(self._content)
        while at < end:
            match = self._tokens().match(self._content, at)
            if not match:
                break
            at = match.end()
            if match["name"] is not None:
                at = self._tag(match)
            elif self._xml and match["sheet"] is not None:
                self._element(b"link", _SHEET | self._attributes(match.span("sheet"), tokens.ATTRIBUTE))
        return Contents(self._found, self._seals, self._base, self._imports, self._pieces)

    def _tokens(self) -> re.Pattern[bytes]:
        if self._xml:
            return tokens.XML
        return tokens.FOREIGN if self._foreign() else tokens.HTML

    def _foreign(self) -> bool:
        return bool(self._nesting) and self._nesting[-1] in _FOREIGN

    def _tag(self, match: re.Match[bytes]) -> int:
        """Read a tag; where to go on."""
        element, empty, at = match["name"].lower(), bool(match["self"]), match.end()
        if self._xml:
            element = element.rpartition(b":")[2]
        if element in _NESTING:
            self._nest(element, close=bool(match["close"]), empty=empty)
        if match["close"]:
            return at
        pattern = tokens.ATTRIBUTE if element in _WHOLE else tokens.NEEDED
        found = self._attributes(match.span("attributes"), pattern)
        self._element(element, found)
        if empty and (self._xml or self._foreign()):
            return at
        return self._raw_text(element, found, at)

    def _nest(self, element: bytes, *, close: bool, empty: bool) -> None:
        if not close:
            if not empty and (element in _FOREIGN or self._nesting) and len(self._nesting) < _DEEPEST:
                self._nesting.append(element)
        elif element in self._nesting:
            while self._nesting.pop() != element:
                pass

    def _attributes(self, span: tuple[int, int], pattern: re.Pattern[bytes]) -> _Attributes:
        """The attributes by name; the first of each name. In XML without their prefix."""
        found: _Attributes = {}
        for match in pattern.finditer(self._content, *span):
            if match["name"] is None:
                break
            name = match["name"].lower()
            if self._xml or name.startswith(b"xlink:"):
                name = name.rpartition(b":")[2]
            group = match.lastgroup
            if name not in found and group and group != "name":
                found[name] = _Value(match[group], match.start(group))
            else:
                found.setdefault(name, _Value(b"", match.end()))
        return found

    def _element(self, element: bytes, found: _Attributes) -> None:
        if element == b"base" and not self._xml:
            self._set_base(found)
            return
        if element == b"meta":
            self._meta(found)
        places = {name: self._attribute(element, name, value, found) for name, value in found.items()}
        place = places.get(b"src") if element == b"script" else places.get(b"href")
        if element in (b"script", b"link") and b"integrity" in found and place is not None:
            raw, start = found[b"integrity"]
            self._seals.append(Seal(start, start + len(raw), raw.decode("ascii", "replace"), place))

    def _set_base(self, found: _Attributes) -> None:
        if self._base is None and b"href" in found:
            self._base = self._text(found[b"href"]).text.strip(" \t\n\f\r")

    def _meta(self, found: _Attributes) -> None:
        if b"content" not in found:
            return
        if found.get(b"http-equiv", _Value(b"", 0)).raw.strip().lower() == b"refresh":
            self._read(found[b"content"], values.refresh)
            return
        for name in (b"property", b"name", b"itemprop"):
            kind = attributes.of_meta(found[name].raw) if name in found else None
            if kind is not None:
                self._url(kind, found[b"content"])
                return

    def _attribute(self, element: bytes, name: bytes, value: _Value, around: _Attributes) -> int | None:
        """Read one attribute; the place in `found` of the one address that it is."""
        if not value.raw:
            return None
        kind = attributes.kind(element, name)
        if name == b"href" and element == b"link":
            kind = attributes.of_link(around.get(b"rel", _Value(b"", 0)).raw)
        if kind is not None:
            return self._url(kind, value)
        reader = self._reader(element, name, value.raw)
        if reader:
            self._read(value, reader)
        return None

    def _reader(self, element: bytes, name: bytes, raw: bytes) -> Reader | None:
        """The language that an attribute is written in."""
        if name == b"style" or (name in attributes.CSS and b"(" in raw):
            return css.references
        if name in attributes.LISTS:
            return values.srcset(Kind.ASSET if element in attributes.LISTS[name] else Kind.TEXT)
        if name.startswith(b"data-"):
            return values.srcset(Kind.TEXT) if name.endswith(b"srcset") else values.data
        if name.startswith(b"on"):
            return partial(scripts.references, self._relevant)
        if name == b"srcdoc" and element == b"iframe" and not self._inner:
            return self._inner_page
        return None

    def _inner_page(self, content: bytes) -> Contents:
        """A page in a page; only of one depth, or a made-up page could go as deep as it likes."""
        return _Page(content, self._relevant, inner=True).contents()._replace(base=None)

    def _text(self, value: _Value) -> Text:
        if b"&" in value.raw:
            return unescape(value.raw, value.start, self._escapes)
        return plain(value.raw, value.start)

    def _url(self, kind: Kind, value: _Value) -> int | None:
        if b"&" in value.raw:
            one = url(kind, self._text(value), value.start)
        else:
            one = raw_url(kind, value.raw, value.start)
        if one is None:
            return None
        self._found.append(one)
        return len(self._found) - 1

    def _read(self, value: _Value, reader: Reader) -> None:
        if b"&" in value.raw:
            self._add(within(self._text(value), value.start, reader))
        else:
            self._add(shifted(reader(value.raw), value.start))

    def _add(self, contents: Contents) -> None:
        first = len(self._found)
        self._found.extend(contents.found)
        self._seals.extend(seal._replace(reference=seal.reference + first) for seal in contents.seals)
        self._pieces.extend(contents.pieces)
        for name, address in contents.imports.items():
            self._imports.setdefault(name, address)

    def _raw_text(self, element: bytes, found: _Attributes, at: int) -> int:
        """Read the content of a `script` or a `style`, pass over that of the other raw elements."""
        if element not in attributes.RAW:
            return at
        if (self._xml or self._foreign()) and element not in (b"style", b"script"):
            return at
        end = tokens.raw_text_end(self._content, at, element, xml=self._xml)
        reader = self._language(element, found)
        if reader:
            self._read_content(self._content[at:end], at, reader)
        return end

    def _read_content(self, raw: bytes, start: int, reader: Reader) -> None:
        """Only in XML, and in `svg`, is the text of these elements escaped, and may it stand in CDATA."""
        if not self._xml and not self._foreign():
            self._add(shifted(reader(raw), start))
        elif b"<![CDATA[" in raw:
            self._add(shifted(reader(tokens.without_markers(raw)), start))
        else:
            self._read(_Value(tokens.without_comments(raw), start), reader)

    def _language(self, element: bytes, found: _Attributes) -> Reader | None:
        if element == b"style":
            return css.references
        if element != b"script" or b"src" in found:
            return None
        kind = found.get(b"type", _Value(b"", 0)).raw.strip().lower()
        if kind in scripts.TEMPLATES and not self._inner:
            return lambda content: values.as_text(self._inner_page(content))
        return scripts.by_type(kind, self._relevant)
