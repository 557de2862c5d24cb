"""Uploaded pictures and media: over the light blog and over Ghost."""

import io
import re

import pytest
import requests
from PIL import Image

from tests.contract.blogs import BlogUnderTest, fresh, problem

BAD = (400, "BadRequestError")
UNSUPPORTED = (415, "UnsupportedMediaTypeError")
MISSING = (422, "ValidationError")
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg"><circle r="1"/></svg>'
SCRIPTED = b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
GPS = 0x8825


def a_picture(kind: str = "JPEG", *, width: int = 300, exif: bool = False) -> bytes:
    """A noisy picture: it becomes smaller when it is packed again."""
    out = io.BytesIO()
    told = Image.Exif()
    told[0x010F] = "a camera"
    told[0x0112] = 6
    told.get_ifd(GPS)[1] = "N"
    Image.effect_noise((width, 200), 50).convert("RGB").save(
        out, kind, quality=95, **({"exif": told} if exif else {})
    )
    return out.getvalue()


def fetched(url: str) -> requests.Response:
    return requests.get(url, timeout=30)


@pytest.mark.parametrize(
    ("name", "content_type", "data"),
    [
        ("a.jpg", "image/jpeg", a_picture()),
        ("a.jpeg", "image/jpeg", a_picture()),
        ("a.png", "image/png", a_picture("PNG")),
        ("a.gif", "image/gif", a_picture("GIF")),
        ("a.webp", "image/webp", a_picture("WEBP")),
        ("jpeg-in-name-only.png", "image/png", a_picture()),
        ("a.svg", "image/svg+xml", DRAWING),
    ],
)
def test_a_picture_is_kept_under_its_month(
    blog: BlogUnderTest, name: str, content_type: str, data: bytes
) -> None:
    name = fresh() + name
    answer = blog.upload("images", name, data, content_type)
    image = answer.json()["images"][0]

    assert answer.status_code == 201
    assert image["ref"] == "mine"
    assert re.fullmatch(rf"{re.escape(blog.url)}/content/images/\d{{4}}/\d\d/{re.escape(name)}", image["url"])
    assert fetched(image["url"]).headers["content-type"].startswith("image/")


def test_one_name_twice_makes_two_files(blog: BlogUnderTest) -> None:
    name = fresh()
    urls = [
        blog.upload("images", f"{name}.jpg", a_picture(), "image/jpeg").json()["images"][0]["url"]
        for _ in range(3)
    ]

    assert [url.rpartition("/")[2] for url in urls] == [f"{name}.jpg", f"{name}-1.jpg", f"{name}-2.jpg"]


def test_the_original_is_public_beside_the_picture_with_all_it_says(blog: BlogUnderTest) -> None:
    data = a_picture(exif=True)
    url = blog.upload("images", f"{fresh()}.jpg", data, "image/jpeg").json()["images"][0]["url"]
    shown = Image.open(io.BytesIO(fetched(url).content))

    assert fetched(url.replace(".jpg", "_o.jpg")).content == data
    assert dict(shown.getexif()) == {}
    assert shown.size == (200, 300), "turned upright"


def test_a_wide_picture_is_shown_2000_pixels_wide(blog: BlogUnderTest) -> None:
    data = a_picture(width=2500)
    url = blog.upload("images", f"{fresh()}.jpg", data, "image/jpeg").json()["images"][0]["url"]

    assert Image.open(io.BytesIO(fetched(url).content)).size == (2000, 160)
    sized = fetched(url.replace("/content/images/", "/content/images/size/w600/"))
    assert Image.open(io.BytesIO(sized.content)).width == 600


def test_a_picture_that_would_not_become_smaller_keeps_its_bytes(blog: BlogUnderTest) -> None:
    out = io.BytesIO()
    Image.effect_noise((300, 200), 50).save(out, "JPEG", quality=3, optimize=True)
    url = blog.upload("images", f"{fresh()}.jpg", out.getvalue(), "image/jpeg").json()["images"][0]["url"]

    assert fetched(url).content == out.getvalue()


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../../{} é(1).JPG", "{}----1-.JPG"), ("{}_o.jpg", "{}.jpg"), ("{}@x.y.jpg", "{}@x.y.jpg")],
)
def test_a_name_is_made_harmless(blog: BlogUnderTest, given: str, kept: str) -> None:
    mark = fresh()
    image = blog.upload("images", given.format(mark), a_picture(), "image/jpeg").json()["images"][0]

    assert image["url"].rpartition("/")[2] == kept.format(mark)


@pytest.mark.parametrize(
    ("name", "data", "content_type", "expected"),
    [
        ("t.jpg", b"text", "image/jpeg", BAD),
        ("t.gif", b"text", "image/gif", BAD),
        ("x" * 300 + ".jpg", a_picture(), "image/jpeg", BAD),
        ("t.heic", b"text", "image/heic", UNSUPPORTED),
        ("t.jpg", a_picture(), "application/octet-stream", UNSUPPORTED),
        ("t.txt", a_picture(), "image/jpeg", UNSUPPORTED),
        ("t.svg", SCRIPTED, "image/svg+xml", UNSUPPORTED),
    ],
)
def test_a_picture_is_refused(
    blog: BlogUnderTest, name: str, data: bytes, content_type: str, expected: tuple[int, str]
) -> None:
    assert problem(blog.upload("images", name, data, content_type))[:2] == expected


def test_a_picture_that_is_not_there_is_refused(blog: BlogUnderTest) -> None:
    without = blog.call("POST", "/images/upload/", data={"ref": "mine"})
    elsewhere = blog.call("POST", "/images/upload/", files={"picture": ("a.jpg", a_picture(), "image/jpeg")})

    assert problem(without)[:2] == MISSING
    assert problem(elsewhere)[:2] == BAD


def test_a_video_is_kept_whatever_its_bytes_are(blog: BlogUnderTest) -> None:
    name = fresh()
    answer = blog.upload("media", f"{name}.mp4", bytes(2000), "video/mp4")
    media = answer.json()["media"][0]

    assert answer.status_code == 201
    assert (media["thumbnail_url"], media["ref"]) == (None, "mine")
    assert media["url"].endswith(f"/{name}.mp4")
    assert fetched(media["url"]).content == bytes(2000)
    assert fetched(media["url"]).headers["content-type"] == "video/mp4"


def test_the_thumbnail_of_a_video_is_named_after_it(blog: BlogUnderTest) -> None:
    name = fresh()
    picture = ("other.jpg", a_picture(), "image/jpeg")
    media = blog.upload("media", f"{name}.mp4", bytes(9), "video/mp4", thumbnail=picture).json()["media"][0]

    assert media["thumbnail_url"].endswith(f"/{name}_thumb.jpg")
    assert "/content/media/" in media["thumbnail_url"]
    assert fetched(media["thumbnail_url"]).content == picture[1]


@pytest.mark.parametrize(
    ("name", "content_type", "thumbnail", "expected"),
    [
        ("v.mov", "video/quicktime", None, UNSUPPORTED),
        ("v.jpg", "image/jpeg", None, UNSUPPORTED),
        ("v.mp4", "video/mp4", ("t.heic", b"x", "image/heic"), UNSUPPORTED),
    ],
)
def test_media_are_refused(
    blog: BlogUnderTest,
    name: str,
    content_type: str,
    thumbnail: tuple[str, bytes, str] | None,
    expected: tuple[int, str],
) -> None:
    more = {"thumbnail": thumbnail} if thumbnail else {}

    assert problem(blog.upload("media", name, bytes(9), content_type, **more))[:2] == expected


@pytest.mark.parametrize("path", ["images/2026/01/nobody.jpg", "media/2026/01/nobody.mp4", "images/2026/01/"])
def test_a_file_that_is_not_there(blog: BlogUnderTest, path: str) -> None:
    assert requests.head(f"{blog.url}/content/{path}", timeout=30).status_code == 404
