from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.errors import MediumRefused, SourceUnavailable
from everyday.photos.archive import file_name
from everyday.photos.ports import Body
from everyday.photos.sniff import Sniffer, checked
from tests.files import box, picture, video

WHOLE = {
    "jpeg": (picture("JPEG"), "image/jpeg", "jpg"),
    "progressive jpeg": (picture("JPEG", progressive=True), "image/jpeg", "jpg"),
    "jpeg with a trailer": (picture("JPEG") + b"trailer of a phone", "image/jpeg", "jpg"),
    "png": (picture("PNG"), "image/png", "png"),
    "webp": (picture("WEBP"), "image/webp", "webp"),
    "gif": (picture("GIF"), "image/gif", "gif"),
    "heic": (picture("HEIF"), "image/heic", "heic"),
    "mp4": (video(), "video/mp4", "mp4"),
    "mp4, index last": (video(moov_last=True, wide=True), "video/mp4", "mp4"),
    "quicktime": (video(brand=b"qt  "), "video/quicktime", "mov"),
    "mp4, open end": (video()[:-10248] + bytes(4) + b"mdat" + bytes(50), "video/mp4", "mp4"),
}
CUT = {name: whole for name, whole in WHOLE.items() if "trailer" not in name and "open" not in name}


def in_chunks(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def body(content: bytes, *, size: int = 1000, length: int | None = -1) -> Body:
    return Body(in_chunks(content, size), "text/plain", len(content) if length == -1 else length)


@pytest.mark.parametrize("size", [1, 13, 4096, 10**6])
@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_passes_unchanged_with_the_type_its_bytes_show(name: str, size: int) -> None:
    content, content_type, ending = WHOLE[name]
    passed = checked(body(content, size=size), cap=10**6)
    assert passed.content_type == content_type
    assert passed.length == len(content)
    assert b"".join(passed.chunks) == content
    assert file_name(1, content_type) == f"1.{ending}"


@pytest.mark.parametrize("name", CUT)
@given(data=st.data())
def test_a_file_that_is_cut_short_never_passes(name: str, data: st.DataObject) -> None:
    content = CUT[name][0]
    cut = content[: data.draw(st.integers(0, len(content) - 1))]
    size = data.draw(st.sampled_from([7, 500, 10**6]))
    with pytest.raises(MediumRefused):
        b"".join(checked(body(cut, size=size), cap=10**6).chunks)
    with pytest.raises((SourceUnavailable, MediumRefused)):
        b"".join(checked(body(cut, size=size, length=None), cap=10**6).chunks)


@pytest.mark.parametrize(
    "content",
    [
        video()[:28] + box(b"mdat", bytes(500)),  # the index, which comes last, is not there
        video()[:140],  # the index is whole, and what it points to is not there
        picture("HEIF")[:24],
        video() + b"\x00\x00\x00",
        video()[:28] + bytes(4) + b"mdat" + bytes(50),
    ],
)
def test_a_film_without_its_index_or_with_half_a_box_is_cut_short(content: bytes) -> None:
    with pytest.raises(MediumRefused, match="cut short"):
        b"".join(checked(body(content), cap=10**6).chunks)


def test_a_cut_that_may_be_the_transfers_fault_is_worth_another_try() -> None:
    with pytest.raises(SourceUnavailable):
        b"".join(checked(body(picture("PNG")[:-6], length=None), cap=10**6).chunks)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8\xff",
        b"<!DOCTYPE html><html><body>Not found</body></html>",
        b'{"error": {"message": "URL signature expired"}}',
        b"URL signature expired",
        b"PK\x03\x04 a zip file it is",
        b"%PDF-1.7 and more of it",
        b"RIFF\x10\x00\x00\x00WAVEfmt and so on",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        bytes(64),
        box(b"ftyp", b"M4A " + bytes(8)) + box(b"moov"),
        box(b"ftyp", b"isom" + bytes(8)) + b"\x00\x00\x00\x03mdat",
        picture("JPEG")[:2] + b"\xff\xe0\x00\x04ab" + b"no marker here" * 4,
        picture("GIF")[:13] + b"\x77" * 2000,
    ],
)
def test_what_is_no_picture_and_no_video_is_refused(content: bytes) -> None:
    with pytest.raises(MediumRefused):
        b"".join(checked(body(content), cap=10**6).chunks)


def test_a_thumbnail_inside_does_not_end_a_jpeg() -> None:
    inner = picture("JPEG")[:200] + b"\xff\xd9"
    content = picture("JPEG")
    with_thumbnail = content[:2] + b"\xff\xe1" + (len(inner) + 2).to_bytes(2) + inner + content[2:-2]
    with pytest.raises(MediumRefused):
        b"".join(checked(body(with_thumbnail), cap=10**6).chunks)


def test_more_than_was_declared_or_allowed_is_refused() -> None:
    content = video()
    with pytest.raises(MediumRefused, match="declared"):
        checked(body(content), cap=len(content) - 1)
    with pytest.raises(MediumRefused, match="longer"):
        b"".join(checked(body(content, length=None), cap=len(content) - 1).chunks)


@pytest.mark.parametrize("declared", [len(video()) + 1, len(video()) - 1])
def test_another_length_than_declared_is_worth_another_try(declared: int) -> None:
    with pytest.raises(SourceUnavailable):
        b"".join(checked(body(video(), length=declared), cap=10**6).chunks)


def test_a_declared_size_over_the_cap_is_refused_before_anything_is_read() -> None:
    def untouchable() -> Iterator[bytes]:
        raise AssertionError("was read")
        yield b""

    with pytest.raises(MediumRefused):
        checked(Body(untouchable(), "", 5_000_000_000), cap=10**6)


@given(st.binary(max_size=300), st.sampled_from([value[0][:40] for value in WHOLE.values()] + [b""]))
def test_any_bytes_are_judged_without_another_failure(content: bytes, start: bytes) -> None:
    sniffer = Sniffer()
    try:
        for chunk in in_chunks(start + content, 17):
            sniffer.feed(chunk)
        sniffer.finish()
    except MediumRefused:
        return
    assert sniffer.content_type


def test_no_more_than_a_box_head_is_ever_held() -> None:
    sniffer = Sniffer()
    for chunk in in_chunks(video() + box(b"mdat", bytes(10**6)), 65536):
        sniffer.feed(chunk)
        assert len(sniffer._held) <= 16
    sniffer.finish()
