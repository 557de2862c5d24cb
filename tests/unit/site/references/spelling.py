"""What every language's tests ask of what was found."""

from everyday.site.references.found import Contents, Found, Kind
from everyday.site.references.text import Escapes, unescape


def said(contents: Contents) -> list[tuple[str, str]]:
    """Kinds and texts, in order."""
    return [(found.kind.name, found.text) for found in contents.found]


def texts(contents: Contents, kind: Kind | None = None) -> list[str]:
    return [found.text for found in contents.found if kind in (None, found.kind)]


def end(found: Found) -> int:
    return found.offsets[-1] if found.offsets else found.start + len(found.text.encode())


def assert_in_order(contents: Contents, content: bytes) -> None:
    """Nothing overlaps, nothing lies outside the file, every character has its byte."""
    last = 0
    for found in contents.found:
        assert last <= found.start <= end(found) <= len(content)
        if found.offsets:
            assert found.offsets[0] == found.start
            assert len(found.offsets) == len(found.text) + 1
            assert list(found.offsets) == sorted(found.offsets)
        last = end(found)
    for seal in contents.seals:
        assert content[seal.start : seal.end].decode("ascii", "replace") == seal.value
        assert 0 <= seal.reference < len(contents.found)


def assert_raw(contents: Contents, content: bytes, escapes: Escapes) -> None:
    """Decoding the raw form gives the text, as a whole and from each character on."""
    for found in contents.found:
        offsets = found.offsets or (found.start, end(found))
        assert unescape(content[offsets[0] : offsets[-1]], offsets[0], escapes).text == found.text
        for index, at in enumerate(found.offsets or ()):
            assert unescape(content[at : offsets[-1]], at, escapes).text == found.text[index:]
