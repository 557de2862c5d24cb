"""Small files for tests, made here: pictures by Pillow, an MP4 box by box."""

import struct
from io import BytesIO
from typing import Any

from PIL import Image


def a_picture(
    kind: str = "JPEG", size: tuple[int, int] = (8, 6), color: str = "teal", mode: str = "RGB", **save: Any
) -> bytes:
    out = BytesIO()
    image = Image.new(mode, size, color)
    image.putpixel(
        (0, 0), image.getpixel((1, 1)) if mode == "P" else Image.new(mode, (1, 1), "red").getpixel((0, 0))
    )
    image.save(out, kind, **save)
    return out.getvalue()


def box(kind: bytes, *content: bytes, wide: bool = False) -> bytes:
    body = b"".join(content)
    if wide:
        return struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body
    return struct.pack(">I4s", 8 + len(body), kind) + body


def a_track(
    handler: bytes = b"vide",
    *,
    width: int = 640,
    height: int = 360,
    turned: bool = False,
    name: bytes = b"name",
    samples: tuple[int, ...] = (),
    offset: int = 0,
    extra: bytes = b"",
) -> bytes:
    """One `trak`; its `samples` (sizes in bytes) lie in one chunk at `offset`."""
    one = struct.pack(">i", 1 << 16)
    zero = struct.pack(">i", 0)
    matrix = [
        zero,
        one,
        zero,
        struct.pack(">i", -(1 << 16)),
        zero,
        zero,
        zero,
        zero,
        struct.pack(">i", 1 << 30),
    ]
    if not turned:
        matrix = [one, zero, zero, zero, one, zero, zero, zero, struct.pack(">i", 1 << 30)]
    tkhd = box(b"tkhd", bytes(4 + 20 + 8 + 8), *matrix, struct.pack(">II", width << 16, height << 16))
    hdlr = box(b"hdlr", bytes(8), handler, bytes(12), name + b"\0")
    stbl = box(
        b"stbl",
        box(b"stsz", struct.pack(">III", 0, 0, len(samples)), *(struct.pack(">I", it) for it in samples)),
        box(b"stsc", struct.pack(">IIIII", 0, 1, 1, len(samples), 1)),
        box(b"stco", struct.pack(">III", 0, 1, offset)),
    )
    return box(b"trak", tkhd, box(b"mdia", box(b"mdhd", bytes(24)), hdlr, box(b"minf", stbl)), extra)


def an_mp4(
    *tracks: bytes, moov: bytes = b"", tail: bytes = b"", media: bytes = b"\x01" * 64, seconds: int = 15
) -> bytes:
    """`ftyp`, `mdat`, then `moov` (as phones write it), with more boxes in `moov` and after it."""
    mvhd = box(b"mvhd", bytes(12), struct.pack(">II", 1000, seconds * 1000), bytes(80))
    return b"".join(
        [
            box(b"ftyp", b"isom", bytes(4), b"mp42"),
            box(b"mdat", media),
            box(b"moov", mvhd, *(tracks or (a_track(),)), moov),
            tail,
        ]
    )


MEDIA_OFFSET = 20 + 8
"""Where `media` begins in `an_mp4`."""
