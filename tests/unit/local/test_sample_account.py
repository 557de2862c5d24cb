"""The sample account: what it must hold, and that it is the same on every machine."""

import io
import re
import struct
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from PIL import Image, ImageChops
from PIL.ExifTags import GPS, IFD, Base

from everyday.photos.model import MediaType, Section
from everyday_local.instagram.account import Account, File, parent_id
from everyday_local.instagram.gallery import FILM_SEEDS, Gallery
from everyday_local.instagram.painter import SCALE, Canvas
from everyday_local.instagram.pictures import SCENES, encode, paint
from everyday_local.instagram.sample import bulk, new_post, sample
from tests.builders import NOW

CAPTIONS = [post.caption or "" for post in sample().listed]
FILES = [file for post in sample().posts for file in post.files]


def test_it_has_posts_of_every_kind() -> None:
    listed = sample().listed
    kinds = Counter(post.media_type for post in listed)
    assert len(listed) >= 64
    assert kinds.keys() == set(MediaType)
    lengths = {len(post.files) for post in listed}
    assert {1, 2, 10} <= lengths
    assert max(lengths) == 10
    assert any(len({file.video for file in post.files}) == 2 for post in listed), "a carousel of both"
    assert {post.section for post in sample().posts} == set(Section)
    assert any(post.igtv for post in listed)


def test_posts_are_spread_over_years_and_two_fall_into_one_minute() -> None:
    dates = sorted(post.taken_at for post in sample().listed)
    assert len({date.year for date in dates}) >= 9
    assert min(later - earlier for earlier, later in pairwise(dates)) < timedelta(minutes=1)
    assert max(dates) < NOW


@pytest.mark.parametrize(
    "pattern",
    [
        r"<script>",
        r'^" onerror=',
        r"\A(#\w+ ?)+\Z",  # hashtags only
        r"#\w+#\w+",
        r"@[\w.]+",
        r"\u200d",  # joined emoji
        r"[\U0001F1E6-\U0001F1FF]{2}",  # flags
        r"[\u0600-\u06FF]",
        r"[\u0590-\u05FF]",
        r"\A[^\w#]+\Z",  # emoji only
        r"\n\n",
        r"\A(?s:.{2200})\Z",
        r"\A\Z",
    ],
)
def test_a_caption_of_each_difficult_kind_is_there(pattern: str) -> None:
    assert [caption for caption in CAPTIONS if re.search(pattern, caption)]


def test_likes_may_be_hidden_and_a_file_withheld() -> None:
    assert any(post.likes is None for post in sample().listed)
    assert [post for post in sample().listed if post.files[0].withheld]


def test_identities_never_move() -> None:
    first, latest = (sample().get(identity) for identity in ("17900000000000001", "17900000000067001"))
    assert first is not None
    assert latest is not None
    assert (first.shortcode, first.taken_at.year) == ("D-X9IV6wAE", 2017)
    assert (latest.shortcode, latest.caption) == ("D-X9IV7xbk", "Long light again. 🚲🌅")
    assert len({post.shortcode for post in sample().posts}) == len(sample().posts)
    ids = [file.id for file in FILES]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"\d{17}", identity) for identity in ids)
    for post in sample().posts:
        assert {parent_id(file.id) for file in post.files} == {post.id}


def a_file(scene: str, **changes: object) -> File:
    return File(
        **{"id": "17900000000000001", "scene": scene, "seed": 5, "width": 54, "height": 68, **changes}
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_is_the_same_each_time_and_another_with_another_seed(scene: str) -> None:
    first, again, other = (paint(scene, seed=seed, size=(54, 68)) for seed in (5, 5, 6))
    assert first.size == (54, 68)
    assert first.tobytes() == again.tobytes()
    assert ImageChops.difference(first, other).getbbox()


def test_pictures_have_the_size_of_real_ones() -> None:
    for scene in ("tiles", "dunes"):
        picture = encode(paint(scene, seed=3, size=(1080, 1350)))
        assert 100_000 < len(picture) < 320_000


def test_light_fades_to_nothing_at_its_edge_wherever_it_stands() -> None:
    for x, y, radius in ((0.5, 0.5, 0.2), (0.03, 0.9, 0.7), (1.4, -0.3, 0.2), (0.5, 0.5, 3.0)):
        canvas = Canvas((40, 50), seed=1)
        before = canvas.image.copy()
        canvas.glow(x, y, radius, (255, 255, 255))
        assert canvas.image.size == (40 * SCALE, 50 * SCALE)
        changed = ImageChops.difference(before, canvas.image).getbbox()
        assert (changed is None) == (x > 1)


def test_a_place_is_told_by_the_pictures_exif_and_only_there() -> None:
    placed = Image.open(
        io.BytesIO(Gallery(None).blob(a_file("hills", place=(52.0907, -5.1214), sideways=True)).head)
    )
    exif = placed.getexif()
    gps = exif.get_ifd(IFD.GPSInfo)
    assert (gps[GPS.GPSLatitudeRef], gps[GPS.GPSLongitudeRef]) == ("N", "W")
    degrees, minutes, seconds = gps[GPS.GPSLatitude]
    assert degrees + minutes / 60 + seconds / 3600 == pytest.approx(52.0907, abs=1e-6)
    assert exif[Base.Orientation] == 6
    assert placed.size == (68, 54)
    plain = Image.open(io.BytesIO(Gallery(None).blob(a_file("hills")).head))
    assert not plain.getexif()
    assert any(file.place for file in FILES)


@pytest.mark.parametrize("form", ["jpg", "webp", "heic", "png"])
def test_a_picture_can_be_had_in_the_formats_of_exports(form: str) -> None:
    head = Gallery(None).blob(a_file("hills"), form=form).head
    starts = {"jpg": b"\xff\xd8\xff", "webp": b"RIFF", "png": b"\x89PNG", "heic": head[:4] + b"ftyphei"}
    assert head.startswith(starts[form])


def boxes(film: bytes) -> Iterator[tuple[bytes, int]]:
    place = 0
    while place < len(film):
        size, kind = struct.unpack_from(">I4s", film, place)
        if size == 1:
            (size,) = struct.unpack_from(">Q", film, place + 8)
        yield kind, size
        place += size
    assert place == len(film)


@pytest.mark.parametrize("name", FILM_SEEDS)
def test_films_are_small_whole_and_start_at_once(name: str) -> None:
    film = b"".join(Gallery(None).blob(a_file(f"film:{name}")).chunks())
    kinds = [kind for kind, _ in boxes(film)]
    assert kinds[0] == b"ftyp"
    assert kinds.index(b"moov") < kinds.index(b"mdat"), "what a player needs stands before the pictures"
    assert b"avc1" in film
    assert len(film) < 300_000


@pytest.mark.parametrize(
    ("scene", "size"), [("hills", 5_000), ("hills", 140_003), ("hills", 65_700), ("film:waves", 9_000_000)]
)
def test_a_padded_file_is_whole_has_its_size_and_is_unlike_any_other(scene: str, size: int) -> None:
    one, other = (
        Gallery(None).blob(a_file(scene, id=identity, pad_to=size))
        for identity in ("17900000000000001", "17900000000001001")
    )
    content = b"".join(one.chunks())
    assert one.size == len(content) == size
    assert one.head != other.head
    assert b"".join(one.chunks(1000, size - 10)) == content[1000 : size - 10]
    if scene == "hills":
        Image.open(io.BytesIO(content)).load()
    else:
        assert sum(length for _, length in boxes(content)) == size


def test_every_padded_size_can_be_had() -> None:
    gallery = Gallery(None)
    bare = gallery.blob(a_file("hills")).size
    least = bare + 4 + 17
    for size in (*range(least, least + 12), *range(bare + 65_530, bare + 65_545)):
        content = gallery.blob(a_file("hills", pad_to=size)).head
        assert len(content) == size
        Image.open(io.BytesIO(content)).load()


def test_a_new_post_never_takes_the_identity_of_a_deleted_one() -> None:
    account = bulk(2, size=0)
    seen = {post.id for post in account.posts}
    for _ in range(3):
        made = new_post(account, "again", taken_at=NOW)
        assert made.id not in seen
        seen.add(made.id)
        account.publish(made)
        account.remove(made.id)
    assert new_post(Account(account.profile, []), "first", taken_at=NOW).files
