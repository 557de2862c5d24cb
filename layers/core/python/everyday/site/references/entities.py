"""Character references, as attributes of HTML and all of XML have them.

HTML §13.2.5.72 to §13.2.5.80 (WHATWG): the longest name wins; in an attribute a name without `;` is text
when `=`, a letter or a digit follows, so there the name is always the whole run of letters and digits. XML
1.0 §4.1 knows five names and wants the `;`.
"""

import re
from html.entities import html5

from everyday.site.references.text import Escapes

_HTML = re.compile(rb"&(?:#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?|([a-zA-Z][a-zA-Z0-9]*+)(?:(;)|(?!=)))")
_XML = re.compile(rb"&(?:#(?:x([0-9a-fA-F]+)|([0-9]+));|(amp|lt|gt|quot|apos)(;))")
_REPLACEMENT = "\ufffd"
_LAST = 0x10FFFF


def _decode(match: re.Match[bytes]) -> str | None:
    hexadecimal, decimal, name, semicolon = match.groups()
    if name:
        return _named(name.decode(), bool(semicolon))
    return _numbered((hexadecimal or decimal).lstrip(b"0"), 16 if hexadecimal else 10)


def _named(name: str, closed: bool) -> str | None:
    """`&copy;` and, from old times, `&copy`."""
    return html5.get(f"{name};" if closed else name)


def _numbered(digits: bytes, base: int) -> str:
    """§13.2.5.80: what is no character becomes U+FFFD; 0x80 to 0x9F are meant as windows-1252."""
    code = int(digits or b"0", base) if len(digits) <= len(str(_LAST)) else _LAST + 1
    if code == 0 or code > _LAST or 0xD800 <= code <= 0xDFFF:
        return _REPLACEMENT
    if 0x80 <= code <= 0x9F:
        return bytes([code]).decode("cp1252", "ignore") or chr(code)
    return chr(code)


HTML_ATTRIBUTE = Escapes(_HTML, _decode)
XML = Escapes(_XML, _decode)
