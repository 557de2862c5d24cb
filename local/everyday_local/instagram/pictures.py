"""Pictures of the sample account as files: a scene, a seed and a size make the same bytes every time."""

import io
from collections.abc import Mapping
from typing import Any

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from everyday_local.instagram import scenes, still_lifes
from everyday_local.instagram.painter import NIGHT, Canvas
from everyday_local.instagram.scenes import Scene

Place = tuple[float, float]
"""Latitude and longitude in degrees."""

SCENES: Mapping[str, Scene] = {
    scene.__name__: scene
    for scene in (
        scenes.hills,
        scenes.forest,
        scenes.sea,
        scenes.city,
        scenes.stars,
        scenes.aurora,
        scenes.waves,
        scenes.dunes,
        scenes.bridge,
        scenes.snow,
        scenes.field,
        still_lifes.tiles,
        still_lifes.coffee,
        still_lifes.code,
        still_lifes.bike,
        still_lifes.rain,
    )
}
_NOCTURNES = {"stars", "aurora"}


def paint(scene: str, *, seed: int, size: tuple[int, int], grain: int = 5) -> Image.Image:
    """The picture of a scene. Raises KeyError for a scene that is not in SCENES."""
    canvas = Canvas(size, seed=seed, palette=NIGHT if scene in _NOCTURNES else None)
    SCENES[scene](canvas)
    return canvas.finish(grain)


def encode(
    picture: Image.Image, *, form: str = "jpg", place: Place | None = None, sideways: bool = False
) -> bytes:
    """The picture's file; with a place, its EXIF tells where it was taken, as a telephone's does.

    `sideways` stores it turned, with an EXIF orientation that turns it back. `form` is a file extension.
    """
    told: dict[str, Any] = {"exif": _exif(place, sideways=sideways).tobytes()} if place else {}
    if place and sideways:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    file = io.BytesIO()
    if form == "heic":
        told["enc_params"] = {"preset": "ultrafast"}
        _register_heif()
    picture.save(file, {"jpg": "JPEG", "heic": "HEIF"}.get(form, form.upper()), quality=86, **told)
    return file.getvalue()


def _register_heif() -> None:
    from pillow_heif import register_heif_opener

    register_heif_opener()


def _exif(place: Place, *, sideways: bool) -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = "Everyday", "Pocket 3"
    exif[Base.Orientation] = 6 if sideways else 1
    latitude, longitude = place
    exif.get_ifd(IFD.GPSInfo).update(
        {
            GPS.GPSLatitudeRef: "N" if latitude >= 0 else "S",
            GPS.GPSLatitude: _sexagesimal(latitude),
            GPS.GPSLongitudeRef: "E" if longitude >= 0 else "W",
            GPS.GPSLongitude: _sexagesimal(longitude),
        }
    )
    return exif


def _sexagesimal(degrees: float) -> tuple[float, float, float]:
    whole, rest = divmod(abs(degrees), 1)
    minutes, rest = divmod(rest * 60, 1)
    return (whole, minutes, round(rest * 60, 3))
