"""The export writer: each layout as Instagram writes it, and read back whole by our own reader."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from everyday.adapters.export import ExportSource
from everyday.photos.model import Section
from everyday.photos.ports import Page
from everyday_local.instagram.account import Post
from everyday_local.instagram.export_writer import Layout, media_path, write_export
from everyday_local.instagram.sample import bulk_posts, sample


def small(post: Post) -> Post:
    """The post with pictures that are painted at once."""
    files = tuple(msgspec.structs.replace(file, width=32, height=40) for file in post.files)
    return msgspec.structs.replace(post, files=files)


POSTS = [small(post) for post in sample().posts]
SINGLE = next(post for post in POSTS if len(post.files) == 1 and "🌌" in (post.caption or ""))
CAROUSEL = next(post for post in POSTS if len(post.files) == 10)
FILM = next(post for post in POSTS if post.section is Section.REEL)


def lists(target: Path) -> dict[str, Any]:
    """The JSON files of a folder, by path."""
    return {
        str(path.relative_to(target)): json.loads(path.read_text()) for path in sorted(target.rglob("*.json"))
    }


@contextmanager
def read(*parts: Path) -> Iterator[Page]:
    with ExportSource(parts) as source:
        yield source.page(None)


def repaired(text: str) -> str:
    return text.encode("latin-1").decode()


def test_text_is_broken_as_instagram_breaks_it(tmp_path: Path) -> None:
    write_export([SINGLE], tmp_path / "x", layouts=[Layout.CURRENT])
    raw = (tmp_path / "x" / Layout.CURRENT.value).read_bytes()
    assert raw.isascii()
    assert rb"\u00f0\u009f" in raw, "each byte of an emoji is an escape of its own"
    (post,) = json.loads(raw)
    assert repaired(post["media"][0]["title"]) == SINGLE.caption


@pytest.mark.parametrize("layout", [Layout.CONTENT, Layout.ACTIVITY, Layout.CURRENT])
def test_one_medium_has_its_caption_inside_and_several_outside(tmp_path: Path, layout: Layout) -> None:
    write_export([SINGLE, CAROUSEL], tmp_path / "x", layouts=[layout])
    one, many = lists(tmp_path / "x")[layout.value]
    assert one.keys() == {"media"}
    assert len(many["media"]) == 10
    assert repaired(many["title"]) == CAROUSEL.caption
    assert {medium["title"] for medium in many["media"]} == {""}
    assert many["creation_timestamp"] == many["media"][0]["creation_timestamp"] + 1


def test_the_newest_layout_holds_a_carousels_rest_in_nested_dictionaries(tmp_path: Path) -> None:
    write_export([CAROUSEL], tmp_path / "x", layouts=[Layout.LABELS])
    (post,) = lists(tmp_path / "x")[Layout.LABELS.value]
    first, rest = post["label_values"]
    assert repaired(first["media"][0]["title"]) == CAROUSEL.caption
    assert [inner["dict"][0]["media"][0]["uri"] for inner in rest["dict"]] == [
        media_path(CAROUSEL, file) for file in CAROUSEL.files[1:]
    ]


def test_the_oldest_layout_lists_files_by_kind(tmp_path: Path) -> None:
    write_export([CAROUSEL, FILM], tmp_path / "x", layouts=[Layout.OLD])
    told = lists(tmp_path / "x")["media.json"]
    assert [element["path"] for element in told["photos"]] == [
        media_path(CAROUSEL, file) for file in CAROUSEL.files
    ]
    assert told["videos"][0]["taken_at"] == FILM.taken_at.isoformat()


def test_sections_stand_in_files_of_their_own(tmp_path: Path) -> None:
    write_export(POSTS, tmp_path / "x")
    told = lists(tmp_path / "x")
    folder = "your_instagram_activity/media/"
    assert {
        name.removeprefix(folder): next(iter(value))
        for name, value in told.items()
        if isinstance(value, dict)
    } == {
        "reels.json": "ig_reels_media",
        "stories.json": "ig_stories",
        "archived_posts.json": "ig_archived_post_media",
        "igtv_videos.json": "ig_igtv_media",
        "profile_photos.json": "ig_profile_picture",
    }
    assert "uri" in told[folder + "stories.json"]["ig_stories"][0]
    reel = told[folder + "reels.json"]["ig_reels_media"][0]["media"][0]
    assert (tmp_path / "x" / reel["media_metadata"]["video_metadata"]["subtitles"]["uri"]).exists()
    exif = [
        data
        for post in told[folder + "posts_1.json"]
        for medium in post["media"]
        for data in medium["media_metadata"].get("photo_metadata", {}).get("exif_data", [])
    ]
    assert any("latitude" in data for data in exif)


@pytest.mark.parametrize("layouts", [*([layout] for layout in Layout), [Layout.CURRENT, Layout.LABELS]])
@pytest.mark.parametrize(("target", "parts"), [("x.zip", 1), ("x.zip", 3), ("x", 2)])
def test_our_reader_finds_every_post_and_file(
    tmp_path: Path, layouts: list[Layout], target: str, parts: int
) -> None:
    written = write_export(POSTS, tmp_path / target, layouts=layouts, parts=parts)
    assert len(written) == parts
    expected = [post for post in POSTS if layouts != [Layout.OLD] or post.section is not Section.ARCHIVED]
    with read(*written) as page:
        assert not page.unreadable
        assert {medium.caption for medium in page.media} == {post.caption or "" for post in expected}
        assert all(item.url for medium in page.media for item in medium.items)
        assert sum(len(medium.items) for medium in page.media) == sum(len(post.files) for post in expected)
        if layouts != [Layout.OLD]:
            assert len(page.media) == len(expected)
            assert sorted(medium.section for medium in page.media) == sorted(
                post.section for post in expected
            )


def test_a_missing_file_is_listed_and_not_there(tmp_path: Path) -> None:
    gone = CAROUSEL.files[4]
    parts = write_export([SINGLE, CAROUSEL], tmp_path / "x.zip", missing={gone.id})
    assert media_path(CAROUSEL, gone) not in zipfile.ZipFile(parts[0]).namelist()
    with read(*parts) as page:
        carousel = next(medium for medium in page.media if len(medium.items) == 10)
        assert [item.position for item in carousel.items if item.url is None] == [5]


def test_two_layouts_in_one_export_share_all_lists_but_the_posts(tmp_path: Path) -> None:
    (part,) = write_export(POSTS, tmp_path / "x.zip", layouts=[Layout.CURRENT, Layout.LABELS])
    names = [name for name in zipfile.ZipFile(part).namelist() if name.endswith(".json")]
    assert len(set(names)) == len(names)
    assert {Layout.CURRENT.value, Layout.LABELS.value} < set(names)


def test_a_lone_medium_can_be_an_object(tmp_path: Path) -> None:
    parts = write_export([SINGLE, CAROUSEL], tmp_path / "x", single_as_object=True)
    one, many = lists(tmp_path / "x")[Layout.CURRENT.value]
    assert isinstance(one["media"], dict)
    assert isinstance(many["media"], list)
    with read(*parts) as page:
        assert len(page.media) == 2


@pytest.mark.parametrize("form", ["webp", "heic", "png"])
def test_pictures_can_have_another_format(tmp_path: Path, form: str) -> None:
    parts = write_export([SINGLE], tmp_path / "x", form=form)
    (file,) = (path for path in parts[0].rglob("*") if path.suffix == f".{form}")
    assert file.stat().st_size > 100


def test_the_same_export_has_the_same_bytes(tmp_path: Path) -> None:
    one, other = (write_export(POSTS[:9], tmp_path / name)[0] for name in ("1.zip", "2.zip"))
    assert one.read_bytes() == other.read_bytes()


def test_posts_are_written_as_they_come_and_not_gathered(tmp_path: Path) -> None:
    drawn = 0

    def posts() -> Iterator[Post]:
        nonlocal drawn
        for drawn, post in enumerate(bulk_posts(30, size=4_000), start=1):
            written = len(list((tmp_path / "x").rglob("*.jpg")))
            assert written == drawn - 1
            yield post

    write_export(posts(), tmp_path / "x")
    assert drawn == 30
    with read(tmp_path / "x") as page:
        assert len(page.media) == 30
