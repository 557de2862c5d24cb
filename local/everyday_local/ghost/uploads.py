"""Uploaded pictures and media: names, checks and the public copies Ghost 6.65 makes of them."""

import errno
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from everyday_local.ghost.problems import Problem

_IMAGES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
}
_MEDIA = {".mp4": "video/mp4", ".webm": "video/webm", ".ogv": "video/ogg", ".mp3": "audio/mpeg"}
_WIDEST = 2000
_QUALITY = 80


class File(NamedTuple):
    """A file that arrived: its name as the client gave it, its declared type, where it is for now."""

    name: str
    content_type: str
    path: Path


class Uploads:
    """Files under `folder`/images and `folder`/media, in a folder of the month of upload."""

    def __init__(self, folder: Path, site: str) -> None:
        self._folder = folder
        self._site = site

    def image(self, file: File | None, *, now: datetime) -> str:
        """Keep a picture, and return its address. Raises Problem 400, 415, 422.

        The address serves a smaller copy without metadata if that is smaller; `<name>_o` beside it serves
        the bytes that were uploaded, metadata and all.
        """
        file = _known(file, _IMAGES, "an image")
        file = file._replace(name=re.sub(r"_o(\.\w+)$", r"\1", file.name))
        if Path(file.name).suffix.lower() == ".svg":
            _check_drawing(file.path)
            return self._url("images", self._keep("images", file.name, file.path, now))
        smaller = file.path.with_name(f"{file.path.name}.smaller")
        _shrink(file.path, smaller)
        kept = self._keep("images", file.name, smaller, now)
        smaller.unlink()
        shutil.copyfile(file.path, kept.with_stem(f"{kept.stem}_o"))
        return self._url("images", kept)

    def media(self, file: File | None, thumbnail: File | None, *, now: datetime) -> tuple[str, str | None]:
        """Keep a video or sound, whatever its bytes are, and its thumbnail. Raises Problem 400, 415, 422."""
        file = _known(file, _MEDIA, "a media file")
        shown = None
        if thumbnail:
            _known(thumbnail, _IMAGES, "a thumbnail")
            name = f"{Path(file.name).stem}_thumb{Path(thumbnail.name).suffix}"
            shown = self._url("media", self._keep("media", name, thumbnail.path, now))
        return self._url("media", self._keep("media", file.name, file.path, now)), shown

    def find(self, kind: str, path: str) -> Path | None:
        """The file behind a public address, `size/w600/…` included; None when there is none."""
        sized = re.match(r"size/w(\d+)/", path)
        wanted = (self._folder / kind / (path[sized.end() :] if sized else path)).resolve()
        if not wanted.is_file() or not wanted.is_relative_to((self._folder / kind).resolve()):
            return None
        return self._sized(wanted, int(sized[1])) if sized else wanted

    def _sized(self, original: Path, width: int) -> Path:
        sized = self._folder / "sizes" / str(width) / original.relative_to(self._folder.resolve())
        if not sized.exists():
            from PIL import Image

            sized.parent.mkdir(parents=True, exist_ok=True)
            with Image.open(original) as picture:
                picture.thumbnail((width, 10 * width))
                picture.save(sized)
        return sized

    def _keep(self, kind: str, name: str, source: Path, now: datetime) -> Path:
        folder = self._folder / kind / f"{now:%Y}" / f"{now:%m}"
        folder.mkdir(parents=True, exist_ok=True)
        target = _free(folder, name)
        try:
            shutil.copyfile(source, target)
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            message = "Request not understood error, cannot upload image."
            raise Problem("BadRequestError", message, code="ENAMETOOLONG") from None
        return target

    def _url(self, kind: str, path: Path) -> str:
        return f"{self._site}/content/{kind}/{path.relative_to(self._folder / kind)}"


def _known(file: File | None, types: dict[str, str], what: str) -> File:
    if file is None or not file.name:
        raise Problem("ValidationError", f"Please select {what}.")
    known = Path(file.name).suffix.lower() in types and file.content_type in types.values()
    if not known:
        raise Problem("UnsupportedMediaTypeError", f"Not a file that can be {what}.")
    return file


def _free(folder: Path, name: str) -> Path:
    """A name of ASCII letters, digits, `_@.` and hyphens that is not taken: `name`, `name-1`, `name-2` …"""
    # The name arrives as UTF-8 and is read as Latin-1, so a letter with an accent becomes two hyphens.
    bare = Path(name).name.encode().decode("latin-1")
    suffix = Path(bare).suffix
    stem = re.sub(r"[^\w@.]", "-", bare.removesuffix(suffix), flags=re.ASCII)
    target, number = folder / f"{stem}{suffix}", 0
    while _exists(target):
        number += 1
        target = folder / f"{stem}-{number}{suffix}"
    return target


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _check_drawing(path: Path) -> None:
    text = path.read_text(encoding="utf-8", errors="replace").lower()
    if "<svg" not in text or "<script" in text:
        raise Problem("UnsupportedMediaTypeError", "Please select a valid SVG image")


def _shrink(source: Path, target: Path) -> None:
    """At most 2000 pixels wide, upright, without metadata; the very bytes when that does not save any."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(source) as picture:
            if getattr(picture, "is_animated", False):
                shutil.copyfile(source, target)
                return
            upright = ImageOps.exif_transpose(picture)
            upright.info.clear()
            upright.thumbnail((_WIDEST, 100 * _WIDEST))
            upright.save(target, picture.format, quality=_QUALITY)
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        message = "Request not understood error, cannot upload image."
        raise Problem("BadRequestError", message, context="Image processing failed") from None
    if target.stat().st_size >= source.stat().st_size:
        shutil.copyfile(source, target)
