"""The structure of picture and video files, as walks that tell where a file ends.

JPEG: ITU T.81 annex B. PNG: W3C PNG, chunk layout. WebP: RIFF container. GIF: GIF89a grammar.
MP4, QuickTime, HEIC, AVIF: ISO/IEC 14496-12 boxes.
"""

import re
from collections.abc import Callable, Generator

from everyday.errors import MediumRefused

Walk = Generator[int, memoryview, None]
"""Yields n > 0 for exactly n bytes, n < 0 to skip -n, 0 for whatever comes; returns at the structure's end.

The end of the file is thrown in as EOFError: a walk that may end there returns, any other lets it pass.
"""

_START_OF_SCAN = 0xDA
_JPEG_END = re.compile(rb"\xff\xd9")


def walk(content_type: str) -> Walk:
    """A walk through a file of this type, from its first byte. Raises MediumRefused on broken structure."""
    return _WALKS[content_type]()


def _skip(count: int) -> Walk:
    if count > 0:
        yield -count


def _jpeg() -> Walk:
    yield 2
    marker = 0
    while marker != _START_OF_SCAN:
        lead, marker = yield 2
        while marker == 0xFF:  # any number of fill bytes may stand before a marker
            (marker,) = yield 1
        if lead != 0xFF:
            raise MediumRefused("a broken JPEG: no marker where one must be")
        yield from _skip(int.from_bytes((yield 2)) - 2)
    last = 0
    while True:
        part = yield 0
        # Inside a scan 0xFF is always followed by a zero, so an end marker is the end.
        if _JPEG_END.search(part) or (last == 0xFF and part[0] == 0xD9):
            return
        last = part[-1]


def _png() -> Walk:
    yield 8
    kind = b""
    while kind != b"IEND":
        head = bytes((yield 8))
        kind = head[4:]
        yield -(int.from_bytes(head[:4]) + 4)


def _webp() -> Walk:
    head = yield 12
    yield from _skip(int.from_bytes(head[4:8], "little") - 4)


def _gif() -> Walk:
    yield from _skip(_colours((yield 13)[10]))
    while (kind := (yield 1)[0]) != 0x3B:
        if kind == 0x2C:
            yield from _skip(_colours((yield 9)[8]))
        elif kind != 0x21:
            raise MediumRefused("a broken GIF: no block where one must be")
        yield 1
        while size := (yield 1)[0]:
            yield -size


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _boxes(*needed: bytes) -> Walk:
    lacking = set(needed)
    while True:
        try:
            head = bytes((yield 8))
        except EOFError:
            if lacking:
                raise
            return
        size, kind = int.from_bytes(head[:4]), head[4:]
        lacking.discard(kind)
        if size == 0:  # this box goes on to the end of the file, wherever that is
            yield from _open_end(complete=not lacking)
            return
        wide = size == 1
        size = int.from_bytes((yield 8)) if wide else size
        if size < (16 if wide else 8):
            raise MediumRefused("a broken file: a box that is smaller than its head")
        yield from _skip(size - (16 if wide else 8))


def _open_end(*, complete: bool) -> Walk:
    try:
        while True:
            yield 0
    except EOFError:
        if not complete:
            raise


def _video() -> Walk:
    return _boxes(b"moov", b"mdat")


def _still() -> Walk:
    return _boxes(b"meta", b"mdat")


_WALKS: dict[str, Callable[[], Walk]] = {
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/webp": _webp,
    "image/gif": _gif,
    "image/heic": _still,
    "image/avif": _still,
    "video/mp4": _video,
    "video/quicktime": _video,
}
