"""Files as they may become public: no EXIF, GPS, XMP, IPTC or comment. The archive keeps the originals."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from everyday.errors import BlogRejected
from everyday.photos import mp4

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 50_000_000
_READ = ("JPEG", "PNG", "GIF", "WEBP", "HEIF", "AVIF")
_WRITTEN = {"PNG": "png", "GIF": "gif", "WEBP": "webp"}  # everything else becomes a JPEG
# What Pillow and libheif raise for bad bytes.
_BAD = (OSError, SyntaxError, ValueError, LookupError, ArithmeticError, EOFError, RuntimeError, struct.error)
# What Pillow keeps of a file in `info` and needs to show it again; all else is dropped before saving.
_SHOWN = frozenset({"transparency", "background", "duration", "loop", "disposal", "blend"})


class Public(NamedTuple):
    """A file that carries nothing but what it shows. Sizes in pixels, as shown; seconds for a video."""

    path: Path
    content_type: str
    extension: str
    width: int | None
    height: int | None
    seconds: int | None
    digest: str


def public_video(path: Path) -> Public:
    """Make the MP4 file public where it is (see `mp4.neutralise`). Raises BlogRejected."""
    size = mp4.neutralise(path)
    return Public(path, "video/mp4", "mp4", *size, _digest(path))


def public_picture(path: Path, *, max_pixels: int = MAX_PIXELS) -> Public:
    """Write a clean copy beside the picture: upright, with its colour profile and nothing else.

    A JPEG keeps its quantisation (so nearly every pixel) and sampling. HEIC becomes JPEG, since Ghost 6.65
    refuses it. Raises BlogRejected for what is not a whole picture or has more than `max_pixels` (counted
    over all frames, before anything is decoded).
    """
    with _opened(path, max_pixels) as image:
        kind = _WRITTEN.get(image.format or "", "jpeg")
        options = _options(image, kind)
        moving = kind != "jpeg" and getattr(image, "is_animated", False)
        upright = _rewound(image, options) if moving else _upright(image, kind)
        upright.info = {key: image.info[key] for key in _SHOWN if key in image.info}
        clean = path.with_name(f"{path.stem}.public.{kind}")
        upright.save(clean, format=kind.upper(), save_all=moving, **options)
        extension = "jpg" if kind == "jpeg" else kind
        return Public(clean, f"image/{kind}", extension, *upright.size, None, _digest(clean))


@contextmanager
def _opened(path: Path, max_pixels: int) -> Iterator["Image"]:
    """Every way in which a picture can be bad is one error: this file can never pass."""
    from PIL import Image, UnidentifiedImageError
    from pillow_heif import register_heif_opener

    Image.init()  # the readers named below must be loaded, or Pillow stumbles over the first that is not
    register_heif_opener()
    try:
        with Image.open(path, formats=_READ) as image:
            pixels = image.width * image.height * getattr(image, "n_frames", 1)
            if pixels > max_pixels:
                raise BlogRejected(f"the picture has {pixels} pixels, more than the {max_pixels} allowed")
            yield image
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise BlogRejected(f"{path.name} is not a picture that may be shown") from error
    except _BAD as error:
        if isinstance(error, OSError) and error.errno:
            raise  # the disk's fault, not the picture's
        raise BlogRejected(f"the picture {path.name} cannot be read: {error}") from error


def _upright(image: "Image", kind: str) -> "Image":
    from PIL import ImageOps

    ImageOps.exif_transpose(image, in_place=True)
    odd = kind == "jpeg" and image.mode not in {"L", "RGB", "CMYK"}
    return image.convert("RGB") if odd else image


def _rewound(image: "Image", options: dict[str, Any]) -> "Image":
    from PIL import ImageSequence

    # Asked of each frame, because Pillow's WebP writer would give every frame the time of the last one.
    options["duration"] = [_duration(frame) for frame in ImageSequence.Iterator(image)]
    image.seek(0)
    return image


def _duration(frame: "Image") -> int:
    frame.load()  # WebP tells it only then
    return int(frame.info.get("duration", 0))


def _options(image: "Image", kind: str) -> dict[str, Any]:
    from PIL import JpegImagePlugin

    profile = {"icc_profile": image.info.get("icc_profile")}
    if kind == "webp":
        return {**profile, "quality": 95}
    if kind != "jpeg":
        return profile
    tables = getattr(image, "quantization", None)
    if not tables:
        return {**profile, "quality": 92}
    return {
        **profile,
        "qtables": tables,
        "subsampling": JpegImagePlugin.get_sampling(image),
        "progressive": bool(image.info.get("progressive")),
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
