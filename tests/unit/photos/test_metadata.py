"""A picture that becomes public carries nothing but what it shows."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageCms, PngImagePlugin

from everyday.errors import BlogRejected
from everyday.photos.metadata import Public, public_picture, public_video
from tests.samples import a_picture, an_mp4

CANARY = b"CANARY-48.8584N"
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _exif(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = CANARY.decode()
    exif.get_ifd(0x8825)[29] = CANARY.decode()
    return exif.tobytes()


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content


def _with_segments(jpeg: bytes) -> bytes:
    """A JPEG with the canary in every application segment, a comment, and behind its end."""
    segments = b"".join(_segment(0xE0 + n, b"X%d\0" % n + CANARY) for n in range(1, 16) if n != 14)
    iptc = _segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x14\x1c\x02\x78\0\x0f" + CANARY)
    xmp = _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + CANARY + b"</x:xmpmeta>")
    thumbnail = _segment(0xE0, b"JFXX\0\x10" + CANARY)
    comment = _segment(0xFE, CANARY)
    return jpeg[:2] + jpeg[2:20] + thumbnail + segments + iptc + xmp + comment + jpeg[20:] + CANARY


def _png() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", CANARY.decode())
    text.add_itxt("XML:com.adobe.xmp", CANARY.decode(), zip=False)
    text.add(b"prVt", CANARY)
    return a_picture("PNG", pnginfo=text, exif=_exif())


def _heic() -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener()
    return a_picture("HEIF", (64, 48), exif=_exif(), xmp=CANARY)


def _animated(kind: str, **more: object) -> bytes:
    out = BytesIO()
    frames = [Image.new("RGB", (8, 6), color) for color in ("red", "green", "blue")]
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=70, **more)
    return out.getvalue()


PICTURES = {
    "jpeg exif": a_picture(exif=_exif()),
    "jpeg segments": _with_segments(a_picture(icc_profile=PROFILE)),
    "jpeg progressive": _with_segments(a_picture(progressive=True)),
    "jpeg grey": a_picture(mode="L", color="white", exif=_exif()),
    "jpeg cmyk": a_picture(mode="CMYK", color="red", exif=_exif(), comment=CANARY),
    "mpo": a_picture("MPO", exif=_exif(), comment=CANARY),
    "png": _png(),
    "png palette": a_picture("PNG", mode="P", color=0, transparency=0, exif=_exif()),
    "gif": a_picture("GIF", mode="P", color=0, comment=CANARY),
    "animated gif": _animated("GIF", comment=CANARY),
    "webp": a_picture("WEBP", exif=_exif(), xmp=CANARY, icc_profile=PROFILE),
    "animated webp": _animated("WEBP", exif=_exif(), xmp=CANARY),
    "heic": _heic(),
}
KINDS = {"jpeg": "jpg", "mpo": "jpg", "heic": "jpg", "png": "png", "gif": "gif", "webp": "webp"}


def made_public(tmp_path: Path, data: bytes, **options: int) -> Public:
    path = tmp_path / "1.bin"
    path.write_bytes(data)
    return public_picture(path, **options)


@pytest.mark.parametrize("name", PICTURES)
def test_no_segment_survives_with_what_it_says(name: str, tmp_path: Path) -> None:
    assert name == "heic" or CANARY in PICTURES[name]
    clean = made_public(tmp_path, PICTURES[name]).path.read_bytes()
    assert CANARY not in clean
    assert b"Exif" not in clean
    assert b"EXIF" not in clean
    assert b"xmp" not in clean.lower()


@pytest.mark.parametrize("name", PICTURES)
def test_type_extension_and_size_are_those_of_the_bytes(name: str, tmp_path: Path) -> None:
    public = made_public(tmp_path, PICTURES[name])
    with Image.open(public.path) as image:
        assert image.size == (public.width, public.height)
        assert public.content_type == f"image/{image.format.lower()}"  # type: ignore[union-attr]
    kind = next(kind for kind in KINDS if kind in name)
    assert public.extension == KINDS[kind]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_picture_stands_upright(orientation: int, kind: str, tmp_path: Path) -> None:
    from PIL import ImageOps

    source = a_picture(kind, (40, 24), exif=_exif(orientation))
    public = made_public(tmp_path, source)
    with Image.open(BytesIO(source)) as original, Image.open(public.path) as clean:
        shown = ImageOps.exif_transpose(original).convert("RGB")
        assert (clean.size == (40, 24)) == (orientation < 5)
        difference = ImageChops.difference(shown, clean.convert("RGB"))
        assert max(high for _, high in difference.getextrema()) <= 40
        assert clean.getexif().get(0x0112, 1) == 1


def test_an_upright_jpeg_keeps_its_quality_and_profile(tmp_path: Path) -> None:
    source = a_picture(size=(64, 64), quality=61, subsampling="4:4:4", icc_profile=PROFILE)
    public = made_public(tmp_path, source)
    with Image.open(BytesIO(source)) as original, Image.open(public.path) as clean:
        assert clean.quantization == original.quantization  # type: ignore[attr-defined]
        assert clean.layer == original.layer  # type: ignore[attr-defined]
        assert clean.info["icc_profile"] == PROFILE
        difference = ImageChops.difference(original.convert("RGB"), clean)
        assert max(high for _, high in difference.getextrema()) <= 8


@pytest.mark.parametrize("name", ["animated gif", "animated webp"])
def test_an_animation_keeps_moving(name: str, tmp_path: Path) -> None:
    with Image.open(made_public(tmp_path, PICTURES[name]).path) as image:
        assert image.n_frames == 3  # type: ignore[attr-defined]
        image.seek(2)
        image.load()
        assert image.info["duration"] == 70


def test_transparency_stays(tmp_path: Path) -> None:
    with Image.open(made_public(tmp_path, PICTURES["png palette"]).path) as image:
        assert image.convert("RGBA").getpixel((1, 1))[3] == 0  # type: ignore[index]


def test_the_same_picture_gives_the_same_bytes(tmp_path: Path) -> None:
    first = made_public(tmp_path, PICTURES["jpeg exif"])
    before = first.path.read_bytes()
    assert made_public(tmp_path, PICTURES["jpeg exif"]).digest == first.digest
    assert first.path.read_bytes() == before


BAD = {
    "empty": b"",
    "HTML": b"<!doctype html><p>Log in</p>",
    "truncated": a_picture(size=(400, 300))[:-600],
    "only a head": a_picture()[:30],
    "a video": an_mp4(),
    "text as gif": b"GIF89a" + b"x" * 40,
    "a format nobody posts": a_picture("TIFF"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_whole_picture_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BlogRejected):
        made_public(tmp_path, BAD[name])


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    with pytest.raises(BlogRejected, match="pixels"):
        made_public(tmp_path, a_picture("PNG", (3000, 3000), mode="L", color="white"), max_pixels=8_999_999)


def test_all_frames_count(tmp_path: Path) -> None:
    with pytest.raises(BlogRejected, match="144 pixels"):
        made_public(tmp_path, PICTURES["animated gif"], max_pixels=143)


def test_a_video_is_made_public_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "1.mp4"
    path.write_bytes(an_mp4(moov=b"\0\0\0\x18udta" + b"CANARY-48.8584N!"))
    public = public_video(path)
    assert (public.path, public.content_type, public.width, public.seconds) == (path, "video/mp4", 640, 15)
    assert CANARY not in path.read_bytes()
