import json
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everyday.adapters import export_parts
from everyday.adapters.export import ExportSource
from everyday.errors import ExportUnreadable, MediumError, MediumGone, MediumMissing, MediumRefused
from everyday.photos.model import Section
from everyday.photos.sniff import checked
from everyday_local.instagram.account import Post
from everyday_local.instagram.export_writer import Layout, write_export
from everyday_local.instagram.sample import sample
from tests.builders import an_item
from tests.files import picture

LIST = "your_instagram_activity/media/posts_1.json"
JPEG = picture("JPEG")
STAMP = 1714551928
Files = dict[str, bytes]


def name(number: int) -> str:
    return f"media/posts/202405/4412345670000_{number}_n_{18000000000000000 + number}.jpg"


def posts(*numbers: int) -> bytes:
    return json.dumps(
        [
            {"media": [{"uri": name(it), "creation_timestamp": STAMP + 60 * it, "title": f"no {it}"}]}
            for it in numbers
        ]
    ).encode()


def zipped(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for inner, content in files.items():
            archive.writestr(inner, content)
    return path


def folder(path: Path, files: Files) -> Path:
    for inner, content in files.items():
        (path / inner).parent.mkdir(parents=True, exist_ok=True)
        (path / inner).write_bytes(content)
    return path


@pytest.fixture(params=[zipped, folder])
def packed(request: pytest.FixtureRequest) -> Callable[[Path, Files], Path]:
    packer: Callable[[Path, Files], Path] = request.param
    return packer


def content_of(source: ExportSource, medium_id: str) -> bytes:
    with source.open(source.fresh(medium_id).items[0]) as body:
        return b"".join(checked(body, 10**6).chunks)


def test_media_come_newest_first_in_pages_with_their_bytes(
    packed: Callable[[Path, Files], Path], tmp_path: Path
) -> None:
    path = packed(tmp_path / "export", {LIST: posts(2, 5, 1, 4, 3), name(5): JPEG})
    with ExportSource([path], page_size=2) as source:
        pages = [source.page(None)]
        while pages[-1].cursor:
            pages.append(source.page(pages[-1].cursor))
        captions = [medium.caption for page in pages for medium in page.media]
        assert captions == ["no 5", "no 4", "no 3", "no 2", "no 1"]
        assert [len(page.media) for page in pages] == [2, 2, 1]
        assert source.count() == 5
        newest = pages[0].media[0]
        assert content_of(source, newest.id) == JPEG
        assert pages[0].media[1].items[0].url is None, "its file is not in the export"


def test_parts_and_overlapping_layouts_are_one_export(tmp_path: Path) -> None:
    first = zipped(tmp_path / "part1.zip", {LIST: posts(1, 2), name(3): JPEG})
    label_values = [{"timestamp": STAMP + 121, "label_values": [{"media": [{"uri": name(2)}]}]}]
    second = folder(
        tmp_path / "part2",
        {
            LIST: posts(3),
            "your_instagram_activity/media/posts.json": json.dumps(label_values).encode(),
            "content/posts_1.json": posts(1),
            name(1): JPEG,
        },
    )
    with ExportSource([first, second]) as source:
        media = source.page(None).media
        assert [medium.caption for medium in media] == ["no 3", "no 2", "no 1"]
        assert [medium.items[0].url is not None for medium in media] == [True, False, True]
        assert content_of(source, media[0].id) == content_of(source, media[2].id) == JPEG
    with ExportSource([second, first]) as turned:
        assert [medium.id for medium in turned.page(None).media] == [medium.id for medium in media]


def test_zips_inside_a_folder_are_its_parts(tmp_path: Path) -> None:
    zipped(tmp_path / "part1.zip", {LIST: posts(1)})
    zipped(tmp_path / "part2.zip", {name(1): JPEG})
    with ExportSource([tmp_path]) as source:
        assert content_of(source, source.page(None).media[0].id) == JPEG


def test_a_folder_around_the_export_is_looked_through(tmp_path: Path) -> None:
    path = zipped(tmp_path / "e.zip", {f"instagram-me/{LIST}": posts(1), f"instagram-me/{name(1)}": JPEG})
    with ExportSource([path]) as source:
        assert content_of(source, source.page(None).media[0].id) == JPEG


def test_sections_are_kept_apart_and_archived_wins(tmp_path: Path) -> None:
    above = "your_instagram_activity/media/"
    story = {"ig_stories": [{"uri": "media/stories/4412345670000_9.mp4", "creation_timestamp": STAMP}]}
    archived = {"ig_archived_post_media": json.loads(posts(1))}
    path = zipped(
        tmp_path / "e.zip",
        {
            LIST: posts(1, 2),
            f"{above}archived_posts.json": json.dumps(archived).encode(),
            f"{above}stories.json": json.dumps(story).encode(),
        },
    )
    with ExportSource([path]) as source:
        sections = {medium.caption: medium.section for medium in source.page(None).media}
    assert sections == {"no 1": Section.ARCHIVED, "no 2": Section.POST, "": Section.STORY}


def test_one_broken_list_among_good_ones_is_reported_once(tmp_path: Path) -> None:
    broken = "your_instagram_activity/media/reels.json"
    odd = json.dumps([{"media": []}]).encode()
    path = zipped(tmp_path / "e.zip", {LIST: posts(1, 2), broken: b"{oops", "content/posts_1.json": odd})
    with ExportSource([path], page_size=1) as source:
        first = source.page(None)
        assert len(first.media) == 1
        assert any(broken in problem for problem in first.unreadable)
        assert any("content/posts_1.json, item 1" in problem for problem in first.unreadable)
        assert list(source.page(first.cursor).unreadable) == []


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "posts_1.json"),
        ({"photos/a.jpg": JPEG}, "give every part"),
        ({"your_instagram_activity/media/posts_1.html": b"<html>", "start_here.html": b""}, "JSON"),
        ({LIST: b"not json"}, LIST),
    ],
)
def test_an_export_without_a_list_says_what_to_do(
    files: Files, says: str, packed: Callable[[Path, Files], Path], tmp_path: Path
) -> None:
    (tmp_path / "export").mkdir() if packed is folder else None
    with pytest.raises(ExportUnreadable, match=says):
        ExportSource([packed(tmp_path / "export", files)])


def test_no_such_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportUnreadable, match=r"nowhere\.zip"):
        ExportSource([tmp_path / "nowhere.zip"])


@pytest.mark.parametrize(
    "hostile",
    ["../outside.json", "/etc/passwd", "a/../../b", "C:/windows/x", "C:x", "..\\x", "a\\b", "./a", "a//b"],
)
def test_an_entry_whose_name_leads_out_is_left_out(hostile: str, tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    uri = [{"uri": hostile, "creation_timestamp": STAMP}]
    listed = json.dumps([*json.loads(posts(1)), {"media": uri}]).encode()
    zipped(path, {LIST: listed, hostile: JPEG})
    with ExportSource([path]) as source:
        assert any("leads out" in problem for problem in source.problems)
        assert [item.url for medium in source.page(None).media for item in medium.items] == [None, None]


def test_a_uri_never_leads_out_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(JPEG)
    uris = [
        "../secret.jpg",
        str(tmp_path / "secret.jpg"),
        "media/../../secret.jpg",
        "linked.jpg",
        "way/secret.jpg",
    ]
    listed = [{"media": [{"uri": uri, "creation_timestamp": STAMP}]} for uri in uris]
    path = folder(tmp_path / "export", {LIST: json.dumps(listed).encode()})
    (path / "linked.jpg").symlink_to(tmp_path / "secret.jpg")
    (path / "way").symlink_to(tmp_path)
    os.mkfifo(path / "pipe")
    with ExportSource([path]) as source:
        assert {item.url for medium in source.page(None).media for item in medium.items} == {None}
        assert sorted(problem.split(":")[0] for problem in source.problems) == ["linked.jpg", "pipe", "way"]


def entry(inner: str, *, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(inner)
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def test_links_in_a_zip_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(LIST, posts(1))
        archive.writestr(entry(name(1), mode=stat.S_IFLNK | 0o777), "/etc/passwd")
    with ExportSource([path]) as source:
        assert source.page(None).media[0].items[0].url is None
        assert any("link" in problem for problem in source.problems)


def test_one_name_for_two_files_is_told(tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(LIST, posts(1))
        archive.writestr(name(1), JPEG)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr(name(1), b"something else")
    with ExportSource([path]) as source:
        assert any("two different files" in problem for problem in source.problems)
        assert content_of(source, source.page(None).media[0].id) == JPEG


def test_a_bomb_is_never_unpacked(tmp_path: Path) -> None:
    path = zipped(tmp_path / "e.zip", {LIST: posts(1), "content/posts_1.json": bytes(20_000_000)})
    with ExportSource([path]) as source:
        assert any("unpacks to far more" in problem for problem in source.problems)
        assert source.count() == 1


def test_overlapping_entries_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "e.zip", {LIST: posts(1), name(1): os.urandom(5000)})
    raw = bytearray(path.read_bytes())
    at = raw.rindex(b"PK\x01\x02")
    raw[at + 20 : at + 24] = struct.pack("<L", 50_000_000)
    path.write_bytes(raw)
    with pytest.raises(ExportUnreadable, match="claims more"):
        ExportSource([path])


def test_an_encrypted_export_is_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "e.zip", {LIST: posts(1)})
    raw = bytearray(path.read_bytes())
    raw[raw.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    with pytest.raises(ExportUnreadable, match="encrypted"):
        ExportSource([path])


def test_too_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_parts, "_MOST_ENTRIES", 3)
    path = zipped(tmp_path / "e.zip", {LIST: posts(1), **{f"{it}.jpg": b"" for it in range(3)}})
    with pytest.raises(ExportUnreadable, match="more than 3"):
        ExportSource([path])


def test_a_list_that_is_too_long_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("everyday.adapters.export._MOST_JSON_BYTES", 600)
    path = zipped(tmp_path / "e.zip", {LIST: posts(1), "content/posts_1.json": posts(*range(2, 30))})
    with ExportSource([path]) as source:
        assert source.count() == 1
        assert any("longer than 600" in problem for problem in source.problems)


def test_a_damaged_file_is_refused_and_stops_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for inner, content in {LIST: posts(1, 2), name(1): JPEG, name(2): JPEG}.items():
            archive.writestr(inner, content)
    raw = bytearray(path.read_bytes())
    raw[raw.index(JPEG) + 700] ^= 0xFF
    path.write_bytes(raw)
    with ExportSource([path]) as source:
        newest, oldest = source.page(None).media
        assert content_of(source, newest.id) == JPEG
        with pytest.raises(MediumRefused, match="damaged"):
            content_of(source, oldest.id)


def test_what_the_export_does_not_hold_is_told(tmp_path: Path) -> None:
    with ExportSource([zipped(tmp_path / "e.zip", {LIST: posts(1), name(1): JPEG})]) as source:
        with pytest.raises(MediumGone):
            source.fresh("17900000000000001")
        for item, thumbnail in ((an_item(url=None), False), (source.page(None).media[0].items[0], True)):
            with pytest.raises(MediumMissing), source.open(item, thumbnail=thumbnail):
                pass


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    damage=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4),
    cut=st.booleans(),
)
def test_no_damage_to_a_zip_leads_to_another_error(damage: Any, cut: bool, tmp_path: Path) -> None:
    path = zipped(tmp_path / "e.zip", {LIST: posts(1, 2), name(1): JPEG})
    raw = bytearray(path.read_bytes())
    for where, value in damage:
        raw[where % len(raw)] = value
    path.write_bytes(raw[: damage[0][0] % len(raw)] if cut else raw)
    try:
        with ExportSource([path]) as source:
            for medium in source.page(None).media:
                with source.open(medium.items[0]) as body:
                    list(body.chunks)
    except (ExportUnreadable, MediumError):
        return


def all_files(account: list[Post]) -> set[str]:
    """All files are left out: painting them would take most of the test's time."""
    return {file.id for post in account for file in post.files}


@pytest.mark.parametrize("layouts", [[layout] for layout in Layout] + [list(Layout)])
def test_every_layout_of_the_sample_account_gives_its_posts_once(
    layouts: list[Layout], tmp_path: Path
) -> None:
    account = [post for post in sample().posts if post.section.postable]
    parts = write_export(account, tmp_path / "e.zip", layouts=layouts, parts=3, missing=all_files(account))
    with ExportSource(parts) as source:
        media = source.page(None).media
    assert source.problems == []
    assert sorted(it.caption for it in media) == sorted(it.caption or "" for it in account)
    assert sum(len(it.items) for it in media) == sum(len(it.files) for it in account)


def test_the_order_in_a_carousel_is_not_the_oldest_layouts(tmp_path: Path) -> None:
    account = [post for post in sample().posts if len(post.files) > 1]
    layouts, missing = [Layout.OLD, Layout.CONTENT], all_files(account)
    with ExportSource(write_export(account, tmp_path / "e.zip", layouts=layouts, missing=missing)) as source:
        media = {it.caption: it for it in source.page(None).media}
    for post in account:
        videos = [item.video for item in media[post.caption or ""].items]
        assert videos == [file.video for file in post.files]
