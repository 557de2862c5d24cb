"""References in a style sheet, or in a `style` attribute.

Tokens are those of CSS Syntax Level 3 (W3C), which are a regular language: comments (§4.3.2), strings
(§4.3.5, a newline ends a bad one), `url(` (§4.3.6; what a bad one leaves behind ends at the next `)`,
§4.3.14), escapes (§4.3.7). Which of them are addresses: CSS Values 4 §4.5 (`url()`, `src()`), CSS Cascade 5
§2 (`@import`), CSS Images 4 §2.4 (a string of `image-set()` itself, not of its `type()`). A string anywhere
else is text, as those of `content`; `@namespace` and `@charset` name no file. A custom property's `url()` is
one: somebody uses it. The source map that the last comment names is a LINK: a page without it looks the same.

The names `url`, `src`, `image-set` and `import` themselves are not looked for in escaped forms (`\\75rl(`).
"""

import re
from collections.abc import Iterator

from everyday.site.references.found import NOTHING, Contents, Found, Kind
from everyday.site.references.text import Escapes, is_utf16, plain, raw_url, unescape, url

_WS = rb"[ \t\n\r\f]"
_WORD = rb"[-\w\x80-\xff]"
_BEFORE = rb"[-\w\x80-\xff\\]"  # what makes a longer name of a name
_COMMENT = rb"/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/)?"
_DOUBLE = rb'(?:[^"\\\n\r\f]++|\\(?:\r\n|[\s\S]))*+'
_SINGLE = rb"(?:[^'\\\n\r\f]++|\\(?:\r\n|[\s\S]))*+"
_STRING = rb'(?:"' + _DOUBLE + rb'"?|' + rb"'" + _SINGLE + rb"'?)"
_GAP = rb"(?:" + _WS + rb"++|" + _COMMENT + rb")*+"
_CODE = rb"\\[0-9a-fA-F]{1,6}+(?:\r\n|[ \t\n\r\f])?"
_RAW = rb"(?:[^\"'()\\\s\x00-\x08\x0b\x0e-\x1f\x7f]++|" + _CODE + rb"|\\[^\n\r\f])*+"


def _text(name: str) -> bytes:
    """A string that ends where it should, or with the file."""
    return (
        rf'(?:"(?P<{name}_double>'.encode()
        + _DOUBLE
        + rf')(?:"|\Z)|\'(?P<{name}_single>'.encode()
        + (_SINGLE + rb")(?:'|\Z))")
    )


def _after(name: bytes) -> bytes:
    """Stands behind `name`, which is not the end of a longer one."""
    return rb"(?<=(?i:" + name + rb"))(?<!" + _BEFORE + rb"(?i:" + name + rb"))"


_URL_TOKEN = rb"\(" + _WS + rb"*+(?:" + _STRING + rb"|" + _RAW + rb")" + _WS + rb"*+\)?"
# All that holds no address, in one step.
_SKIP = (
    rb"(?:[^\"'/@\\(]++|" + _STRING + rb"|/\*(?![#@])[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/)?|/(?!\*)|\\[^\n\r\f]"
    rb"|@(?i:namespace)(?!" + _WORD + rb")" + _GAP + rb"(?:" + _WORD + rb"++(?!\()" + _GAP + rb")?+"
    rb"(?:(?i:url)" + _URL_TOKEN + rb")?+|@(?!(?i:import|namespace))"
    rb"|\((?<!(?i:url)\()(?<!(?i:src)\()(?<!(?i:image-set)\())*+"
)
_TOKEN = re.compile(
    _SKIP + rb"(?:" + _after(b"url") + rb"\(" + _WS + rb"*+(?:" + _text("url") + rb"|(?P<raw>" + _RAW + rb")"
    # A bad one. With a quote before it, it is a function, and what follows are tokens as everywhere.
    + _WS + rb"*+(?:\)|\Z)|(?![\"'])(?:[^)\\]++|\\[\s\S])*+\)?)"
    rb"|" + _after(b"src") + rb"\(" + _GAP + _text("src") +
    rb"|(?P<images>(?:" + _after(b"image-set") + rb"|" + _after(b"-webkit-image-set") + rb")\()"
    rb"|@(?i:import)(?!" + _WORD + rb")" + _GAP + _text("import") +
    rb"|/\*[#@]\s*+sourceMappingURL=(?P<map>[^\s*]++(?:\*(?!/)[^\s*]*+)*+)\s*+\*/"
    rb"|" + _COMMENT + rb"|[\s\S]|\Z)"
)  # fmt: skip
_IMAGES = re.compile(
    rb"(?:[^\"'/()\\{};@]++|" + _COMMENT + rb"|/|\\[\s\S]"
    rb"|\((?<=(?i:url)\()(?!" + _WS + rb"*+[\"'])(?:[^)\\]++|\\[\s\S])*+\)?)*+"
    rb'(?:"(?P<double>' + _DOUBLE + rb")\"|'(?P<single>" + _SINGLE + rb")'|(?P<open>\((?<!(?i:image-set)\())"
    rb"|(?P<close>\))|(?P<end>[\s\S]|\Z))"
)
_ESCAPE = re.compile(
    rb"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \t\n\r\f])?|(\r\n|[\n\r\f])"
    rb"|([\x00-\x7f]|[\xc2-\xf4][\x80-\xbf]{1,3}|[\s\S])|\Z)"
)
_LAST = 0x10FFFF


def _decode(match: re.Match[bytes]) -> str:
    code, newline, character = match.groups()
    if code:
        number = int(code, 16)
        return chr(number) if 0 < number <= _LAST and not 0xD800 <= number <= 0xDFFF else "\ufffd"
    return plain(character, 0).text if character and not newline else ""


ESCAPES = Escapes(_ESCAPE, _decode)


def references(content: bytes) -> Contents:
    """The addresses of a style sheet, or of declarations. Never raises: what is no CSS has none."""
    if is_utf16(content):
        return NOTHING
    found: list[Found] = []
    source_map = None
    mixed = False
    for match in _TOKEN.finditer(content):
        group = match.lastgroup
        if group == "map":
            source_map = raw_url(Kind.LINK, match[group], match.start(group))
        elif group == "images":
            mixed = True
            found.extend(_strings(content, match.end()))
        elif group:
            _add(found, match[group], match.start(group))
    if source_map:
        found.append(source_map)
    if source_map or mixed:
        found.sort(key=lambda one: one.start)
    return Contents(found) if found else NOTHING


def _add(found: list[Found], raw: bytes, start: int) -> None:
    one = _found(raw, start)
    if one:
        found.append(one)


def _found(raw: bytes, start: int) -> Found | None:
    if b"\\" not in raw:
        return raw_url(Kind.ASSET, raw, start)
    return url(Kind.ASSET, unescape(raw, start, ESCAPES), start)


def _strings(content: bytes, start: int) -> Iterator[Found]:
    """The strings of an `image-set(` that begins before `start`, but for those of functions in it."""
    depth = 0
    for match in _IMAGES.finditer(content, start):
        group = match.lastgroup
        if group == "open":
            depth += 1
        elif group == "close":
            depth -= 1
        elif group == "end":
            return
        elif group and not depth:
            one = _found(match[group], match.start(group))
            if one:
                yield one
        if depth < 0:
            return
