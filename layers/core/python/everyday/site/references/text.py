"""From raw bytes to the text that they stand for, and back to the bytes: the same for every language.

Files are read as UTF-8. Bytes that are not UTF-8 are read as windows-1252, which browsers fall back to
(Encoding Standard, HTML §13.2.3.2); a site whose names are plain ASCII is read rightly in any encoding but
UTF-16, and files in UTF-16 are not read at all (`is_utf16`).
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from everyday.site.references.found import Contents, Found, Kind, Seal

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_EDGES = bytes(range(0x21))  # what the URL Standard (§4.4) strips from both ends: C0 controls and spaces
_TRIM = _EDGES.decode()
_IGNORED = (b"#", b"data:")

Offsets = tuple[int, ...] | None
Reader = Callable[[bytes], Contents]


class Text(NamedTuple):
    """Decoded text, and where each of its characters begins; None where the raw form is the text's UTF-8."""

    text: str
    offsets: Offsets


class Escapes(NamedTuple):
    """How a language writes characters: a pattern of its escapes, and what each stands for; None: itself."""

    pattern: re.Pattern[bytes]
    decode: Callable[[re.Match[bytes]], str | None]


def is_utf16(content: bytes) -> bool:
    """Whether the file says by its first bytes that it is UTF-16: nothing is found in it."""
    return content.startswith(_UTF16)


def plain(raw: bytes, start: int) -> Text:
    """Bytes without escapes, which begin at byte `start` of their file."""
    try:
        return Text(raw.decode(), None)
    except UnicodeDecodeError:
        return Text(raw.decode("cp1252", "replace"), tuple(range(start, start + len(raw) + 1)))


def unescape(raw: bytes, start: int, escapes: Escapes) -> Text:
    """Bytes with escapes, which begin at byte `start` of their file."""
    decode = escapes.decode
    matches = [
        (*match.span(), text)
        for match in escapes.pattern.finditer(raw)
        if (text := decode(match)) is not None
    ]
    if not matches:
        return plain(raw, start)
    characters: list[str] = []
    offsets: list[int] = []
    at = 0
    for first, last, text in matches:
        _literal(raw[at:first], start + at, characters, offsets)
        characters.append(text)
        offsets.extend([start + first] * len(text))
        at = last
    _literal(raw[at:], start + at, characters, offsets)
    return Text("".join(characters), (*offsets, start + len(raw)))


def _literal(raw: bytes, start: int, characters: list[str], offsets: list[int]) -> None:
    text, known = plain(raw, start)
    characters.append(text)
    offsets.extend(starts(text, start, known)[:-1])


def starts(text: str, start: int, offsets: Offsets) -> tuple[int, ...]:
    """The byte at which each character begins, and at last the byte after all."""
    if offsets is not None:
        return offsets
    if text.isascii():
        return tuple(range(start, start + len(text) + 1))
    found = [start]
    for character in text:
        found.append(found[-1] + len(character.encode()))
    return tuple(found)


def url(kind: Kind, text: Text, start: int) -> Found | None:
    """An address as the URL Standard trims it; None if it is empty, or surely no file."""
    raw, offsets = text
    stripped = raw.strip(_TRIM)
    if not stripped or stripped.startswith(("#", "data:")):
        return None
    lead = len(raw) - len(raw.lstrip(_TRIM))
    if offsets is None:
        return Found(kind, stripped, start + lead)
    kept = offsets[lead : lead + len(stripped) + 1]
    return Found(kind, stripped, kept[0], kept)


def raw_url(kind: Kind, raw: bytes, start: int) -> Found | None:
    """`url` for bytes without escapes: the quick way, for it is nearly every address of a site."""
    stripped = raw.strip(_EDGES)
    if not stripped or stripped.startswith(_IGNORED):
        return None
    at = start + raw.index(stripped)
    text, offsets = plain(stripped, at)
    return Found(kind, text, at, offsets)


def shifted(contents: Contents, by: int) -> Contents:
    """What was found in a part of a file, for the whole file; the part begins at byte `by`."""
    return contents._replace(
        found=[_shift(found, by) for found in contents.found],
        seals=[seal._replace(start=seal.start + by, end=seal.end + by) for seal in contents.seals],
        pieces=[piece._replace(start=piece.start + by) for piece in contents.pieces],
    )


def _shift(found: Found, by: int) -> Found:
    offsets = found.offsets and tuple(at + by for at in found.offsets)
    return Found(found.kind, found.text, found.start + by, offsets)


def within(text: Text, start: int, reader: Reader) -> Contents:
    """What another language finds in the text of an attribute: `text` begins at byte `start` of the file."""
    inner = text.text.encode()
    if text.offsets is None:
        return shifted(reader(inner), start)
    at = _bytes(text.text, text.offsets)
    contents = reader(inner)
    return contents._replace(
        found=[_outer(found, at) for found in contents.found],
        seals=[Seal(at[seal.start], at[seal.end], *seal[2:]) for seal in contents.seals],
        pieces=[piece._replace(start=at[piece.start]) for piece in contents.pieces],
    )


def _bytes(text: str, offsets: tuple[int, ...]) -> list[int]:
    """Where in the file each byte of the text's UTF-8 comes from, and at last the byte after all."""
    found: list[int] = []
    for character, offset in zip(text, offsets, strict=False):
        found.extend([offset] * len(character.encode()))
    return [*found, offsets[-1]]


def _outer(found: Found, at: list[int]) -> Found:
    offsets = tuple(at[inner] for inner in starts(found.text, found.start, found.offsets))
    return Found(found.kind, found.text, offsets[0], offsets)
