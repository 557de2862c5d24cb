"""Tells from the bytes what a file is and whether it is whole, without ever holding more than a few of them.

Servers' content types and file names are not believed. A file that ends before its own structure does
(JPEG's EOI, PNG's IEND, RIFF's size, GIF's trailer, ISO-BMFF's boxes) is cut short.
"""

import re
from collections.abc import Iterator

from everyday.errors import MediumRefused, SourceUnavailable
from everyday.photos.ports import Body
from everyday.photos.structure import Walk, walk

_HEAD = 12
_MAGIC = {
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "image/heic"),
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    b"qt  ": "video/quicktime",
}
_FOREIGN_BRANDS = {b"M4A ", b"M4B ", b"M4P ", b"crx ", b"jp2 ", b"jpx ", b"jxl "}


def checked(body: Body, cap: int) -> Body:
    """The body with the content type that its bytes show, checked to its end while it is read.

    Reads the first bytes at once. Raises, here or from `chunks`: MediumRefused for what is no picture or
    video, is longer than `cap` bytes, or was given whole and is cut short inside; SourceUnavailable when
    it ended too early.
    """
    if body.length is not None and body.length > cap:
        raise MediumRefused(f"declared with {body.length} bytes; at most {cap} are taken")
    sniffer = Sniffer()
    chunks = _measured(body, cap)
    first = []
    for chunk in chunks:
        first.append(chunk)
        sniffer.feed(chunk)
        if sniffer.content_type:
            break
    else:
        sniffer.finish(whole=body.length is not None)
    return Body(_walked(first, chunks, sniffer, body.length), sniffer.content_type or "", body.length)


def _measured(body: Body, cap: int) -> Iterator[bytes]:
    size = 0
    for chunk in body.chunks:
        size += len(chunk)
        if size > cap:
            raise MediumRefused(f"longer than {cap} bytes")
        yield chunk
    if body.length is not None and size != body.length:
        raise SourceUnavailable(f"{size} bytes came of {body.length}")


def _walked(
    first: list[bytes], rest: Iterator[bytes], sniffer: "Sniffer", length: int | None
) -> Iterator[bytes]:
    yield from first
    for chunk in rest:
        sniffer.feed(chunk)
        yield chunk
    sniffer.finish(whole=length is not None)


class Sniffer:
    """Fed with a file chunk by chunk; `content_type` is known after the first 12 bytes."""

    def __init__(self) -> None:
        self.content_type: str | None = None
        self._walk: Walk | None = None
        self._need = 0
        self._held = b""

    def feed(self, chunk: bytes) -> None:
        """Raises MediumRefused as soon as the bytes are no picture or video."""
        if self.content_type is None:
            self._held += chunk
            if len(self._held) < _HEAD:
                return
            chunk, self._held = self._held, b""
            self.content_type = _content_type(chunk[:_HEAD])
            self._walk = walk(self.content_type)
            self._need = next(self._walk)
        self._follow(memoryview(chunk))

    def finish(self, *, whole: bool = True) -> None:
        """The file is over. `whole`: its source says that this was all of it.

        Raises MediumRefused; SourceUnavailable for a file that is cut short and not known to be whole.
        """
        if self.content_type is None:
            raise MediumRefused("too short for a picture or a video" if self._held else "an empty file")
        if self._walk is None or self._may_end(self._walk):
            return
        if whole:
            raise MediumRefused(f"a file of {self.content_type} that is cut short")
        raise SourceUnavailable(f"a file of {self.content_type} ended too early")

    def _may_end(self, walk: Walk) -> bool:
        try:
            walk.throw(EOFError())
        except StopIteration:
            return not self._held
        except EOFError:
            pass
        return False

    def _follow(self, rest: memoryview) -> None:
        while rest and self._walk:
            taken = min(abs(self._need) - len(self._held), len(rest)) if self._need else len(rest)
            part, rest = rest[:taken], rest[taken:]
            if self._need > 0:
                self._held += part
                if len(self._held) < self._need:
                    return
                part, self._held = memoryview(self._held), b""
            elif self._need < -taken:
                self._need += taken
                return
            try:
                self._need = self._walk.send(part)
            except StopIteration:
                self._walk = None


def _content_type(head: bytes) -> str:
    if head[4:8] == b"ftyp" and head[8:12] not in _FOREIGN_BRANDS:
        return _BRANDS.get(head[8:12], "video/mp4")
    for content_type, magic in _MAGIC.items():
        if magic.match(head):
            return content_type
    raise MediumRefused(f"neither a picture nor a video: it begins with {head[:8]!r}")
