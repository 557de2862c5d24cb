"""A video that becomes public says nothing but its pictures and sound."""

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from everyday.errors import BlogRejected
from everyday.photos.mp4 import Size, neutralise
from tests.samples import MEDIA_OFFSET, a_track, an_mp4, box

CANARY = b"+48.8584+002.2945/"
LOCATION = box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(CANARY), 0x15C7), CANARY))
ITEMS = box(b"meta", bytes(4), box(b"ilst", box(b"data", CANARY)))
XMP = box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), CANARY)

HIDDEN = {
    "udta in moov": an_mp4(moov=LOCATION),
    "meta in moov": an_mp4(moov=ITEMS),
    "uuid in moov": an_mp4(moov=XMP),
    "udta in a track": an_mp4(a_track(extra=LOCATION)),
    "meta in a track": an_mp4(a_track(extra=ITEMS)),
    "a handler's name": an_mp4(a_track(name=CANARY)),
    "uuid at the end": an_mp4(tail=XMP),
    "64-bit uuid": an_mp4(tail=box(b"uuid", bytes(16), CANARY, wide=True)),
    "64-bit udta": an_mp4(moov=box(b"udta", CANARY, wide=True)),
    "meta at the top": an_mp4(tail=ITEMS),
    "free space": an_mp4(tail=box(b"free", CANARY)),
    "skipped space": an_mp4(moov=box(b"skip", CANARY)),
    "a box nobody knows": an_mp4(moov=box(b"GPS ", CANARY)),
    "a box to the end of the file": an_mp4(tail=struct.pack(">I4s", 0, b"uuid") + bytes(16) + CANARY),
    "a GPS log as a track": an_mp4(
        a_track(),
        a_track(b"meta", samples=(5, len(CANARY) - 5), offset=MEDIA_OFFSET + 3),
        media=b"abc" + CANARY + b"def",
    ),
}


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "video.mp4"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("hiding", HIDDEN)
def test_no_hiding_place_keeps_a_location(hiding: str, tmp_path: Path) -> None:
    data = HIDDEN[hiding]
    assert CANARY in data
    path = written(tmp_path, data)
    neutralise(path)
    assert CANARY not in path.read_bytes()
    assert CANARY[6:] not in path.read_bytes()


@pytest.mark.parametrize("hiding", HIDDEN)
def test_nothing_moves(hiding: str, tmp_path: Path) -> None:
    path = written(tmp_path, HIDDEN[hiding])
    neutralise(path)
    clean = path.read_bytes()
    assert len(clean) == len(HIDDEN[hiding])
    assert clean.index(b"mdat") == HIDDEN[hiding].index(b"mdat")
    assert clean.index(b"stco") == HIDDEN[hiding].index(b"stco")


def test_a_video_without_anything_to_hide_stays_as_it_is(tmp_path: Path) -> None:
    data = an_mp4(a_track(name=b""))
    path = written(tmp_path, data)
    neutralise(path)
    assert path.read_bytes() == data


def test_the_samples_beside_a_metadata_track_are_untouched(tmp_path: Path) -> None:
    path = written(tmp_path, HIDDEN["a GPS log as a track"])
    neutralise(path)
    assert b"abc" + bytes(len(CANARY)) + b"def" in path.read_bytes()


@pytest.mark.parametrize(
    ("track", "size"),
    [
        (a_track(width=640, height=360), Size(640, 360, 15)),
        (a_track(width=640, height=360, turned=True), Size(360, 640, 15)),
        (a_track(b"soun", width=0, height=0) + a_track(width=720, height=1280), Size(720, 1280, 15)),
        (a_track(b"soun", width=0, height=0), Size(None, None, 15)),
    ],
)
def test_the_size_is_the_one_that_is_shown(track: bytes, size: Size, tmp_path: Path) -> None:
    assert neutralise(written(tmp_path, an_mp4(track))) == size


def _patched(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


NONSENSE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "a picture": lambda _: b"\xff\xd8\xff\xe0" + bytes(100),
    "zeros": lambda _: bytes(2000),
    "HTML": lambda _: b"<!doctype html><p>Not found</p>" * 9,
    "no moov": lambda good: good[: good.index(b"moov") - 4],
    "two moovs": lambda good: good + good[good.index(b"moov") - 4 :],
    "cut": lambda good: good[:-30],
    "a box larger than its parent": lambda good: _patched(good, good.index(b"trak") - 4, b"\x00\xff\xff\xff"),
    "a box smaller than its head": lambda good: _patched(good, good.index(b"trak") - 4, b"\x00\x00\x00\x04"),
    "a 64-bit size beyond all files": lambda good: good + struct.pack(">I4sQ", 1, b"free", (1 << 63) + 9),
    "a metadata track beyond the end": lambda _: an_mp4(a_track(b"meta", samples=(1 << 31,), offset=4)),
    "a metadata track in fragments": lambda _: an_mp4(a_track(b"meta"), tail=box(b"moof")),
    "more boxes than any video has": lambda good: good + box(b"free") * 20_001,
}


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_is_refused(nonsense: str, tmp_path: Path) -> None:
    with pytest.raises(BlogRejected):
        neutralise(written(tmp_path, NONSENSE[nonsense](an_mp4())))


def test_any_damage_is_refused_or_harmless(tmp_path: Path) -> None:
    data = HIDDEN["a GPS log as a track"] + LOCATION
    chance = random.Random(5)
    for _ in range(400):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.choice((0, 1, 255, chance.randrange(256)))
        path = written(tmp_path, bytes(damaged))
        try:
            neutralise(path)
        except BlogRejected:
            continue
        assert path.stat().st_size == len(data)
