"""JavaScript's escapes in strings and templates (ECMAScript, 12.9.4 "String Literals" and B.1.2). Pure."""

import re

_ESCAPE = re.compile(
    r"""\\(?:u\{0*(?P<point>[0-9a-fA-F]{1,6})\}
    |u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})
    |u(?P<unit>[0-9a-fA-F]{4})
    |x(?P<byte>[0-9a-fA-F]{2})
    |(?P<octal>[0-3][0-7]{0,2}|[4-7][0-7]?)
    |(?P<line>\r\n|[\n\r\u2028\u2029])
    |(?P<other>[^ux]))""",
    re.VERBOSE | re.DOTALL,
)
_NAMED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def decode(raw: bytes, start: int) -> tuple[str, tuple[int, ...] | None] | None:
    """The text of what stands between a literal's quotes, and its offsets as `Found` has them, `start` being
    the byte at which it begins. None: it is no text that a file's name could be in (bytes that are no UTF-8,
    half of a pair of surrogates, an escape that JavaScript refuses)."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return _unescaped(text, start) if "\\" in text else (text, None)


def _unescaped(text: str, start: int) -> tuple[str, tuple[int, ...]] | None:
    characters: list[str] = []
    offsets: list[int] = []
    at = 0
    while at < len(text):
        character, end = _character(text, at)
        if character is None:
            return None
        if character:
            characters.append(character)
            offsets.append(start)
        start += len(text[at:end].encode())
        at = end
    return "".join(characters), (*offsets, start)


def _character(text: str, at: int) -> tuple[str | None, int]:
    """The character at `at`, and where the next one begins. None: an escape that stands for none."""
    if text[at] != "\\":
        return text[at], at + 1
    escape = _ESCAPE.match(text, at)
    return (_meant(escape), escape.end()) if escape else (None, at + 1)


def _meant(escape: re.Match[str]) -> str | None:
    kind, value = escape.lastgroup, escape[escape.lastgroup or 0]
    if kind == "line":
        return ""
    if kind == "other":
        return _NAMED.get(value, value)
    if kind == "low":
        high = int(escape["high"], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + int(value, 16) - 0xDC00)
    point = int(value, 8 if kind == "octal" else 16)
    return None if point > 0x10FFFF or 0xD800 <= point <= 0xDFFF else chr(point)
