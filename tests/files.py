"""Small whole files of each kind that Instagram gives, made here."""

import io
import struct
from functools import cache


@cache
def picture(kind: str, *, progressive: bool = False) -> bytes:
    """A picture in a format that Pillow writes: JPEG, PNG, WEBP, GIF, HEIF."""
    from PIL import Image

    image = Image.effect_mandelbrot((96, 64), (-2, -1, 1, 1), 60).convert("RGB")
    stream = io.BytesIO()
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.from_pillow(image).save(stream)
    else:
        image.save(stream, kind, **({"progressive": True} if progressive else {}))
    return stream.getvalue()


def box(kind: bytes, content: bytes = b"", *, wide: bool = False) -> bytes:
    """An ISO-BMFF box."""
    if wide:
        return struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content
    return struct.pack(">I4s", 8 + len(content), kind) + content


def video(*, brand: bytes = b"isom", moov_last: bool = False, wide: bool = False) -> bytes:
    """The boxes of an MP4; its content is no film."""
    head = box(b"ftyp", brand + bytes(4) + b"isomavc1")
    moov, mdat = box(b"moov", box(b"mvhd", bytes(100))), box(b"mdat", bytes(range(256)) * 40, wide=wide)
    return head + (mdat + moov if moov_last else moov + mdat)
