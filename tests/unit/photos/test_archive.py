"""How the archive holds a medium."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from everyday.errors import MediumRefused, MediumUnreadable, SourceUnavailable
from everyday.photos import archive
from everyday.photos.archive import PostRecord, edited, marked_gone, merged, steady
from everyday.photos.catalog import Upload
from everyday.photos.model import BlogPost, MissingFile, Origin, Sidecar, StoredFile
from everyday.photos.ports import Body
from tests.builders import NOW, a_medium, an_item

LATER = NOW + timedelta(days=1)
POST = BlogPost(id="p", url="u", slug="ig-1", status="draft", updated_at="2026-05-01T12:00:00.000Z", rev="r")


def a_file(name: str = "1.jpg", **changes: Any) -> StoredFile:
    whole: dict[str, Any] = {
        "position": int(name[0]),
        "sha256": "0" * 64,
        "size": 5,
        "content_type": "image/jpeg",
    }
    return StoredFile(**{"name": name, "thumbnail": ".thumbnail." in name, **whole, **changes})


def a_carousel(*source_ids: str, **changes: Any) -> Any:
    items = tuple(an_item(number, source_id=it) for number, it in enumerate(source_ids, 1))
    return a_medium(items=items, **changes)


def positions(medium: Any) -> dict[str, int]:
    return {item.source_id: item.position for item in medium.items}


def test_keys_are_the_mediums_folder_and_a_name() -> None:
    assert archive.sidecar_key("17") == "instagram/17/media.json"
    assert archive.post_key("export-0a") == "instagram/export-0a/post.json"
    assert archive.file_key("17", "1.jpg") == "instagram/17/1.jpg"


@pytest.mark.parametrize("id_", ["", "..", "a/b", "1\n", "a\0", "x" * 65, "1.2", "ä", "../17"])
def test_an_id_that_could_leave_its_folder_is_refused(id_: str) -> None:
    with pytest.raises(MediumRefused, match="cannot be a medium's id"):
        archive.folder(id_)


@pytest.mark.parametrize(
    ("content_type", "thumbnail", "name"),
    [
        ("image/jpeg", False, "2.jpg"),
        ("IMAGE/WEBP; q=1", False, "2.webp"),
        ("image/heic", False, "2.heic"),
        ("video/mp4", False, "2.mp4"),
        ("image/jpeg", True, "2.thumbnail.jpg"),
        ("text/html", False, "2.bin"),
        ("", False, "2.bin"),
    ],
)
def test_a_files_name_is_its_position_and_type(content_type: str, thumbnail: bool, name: str) -> None:
    assert archive.file_name(2, content_type, thumbnail=thumbnail) == name


def test_a_name_tells_the_type_back() -> None:
    for kind in ("image/jpeg", "image/heic", "video/mp4", "video/quicktime"):
        assert archive.content_type(archive.file_name(1, kind)) == kind
    assert archive.content_type("media.json") == "application/json"
    assert archive.content_type("1.bin") == "application/octet-stream"


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("instagram/17/1.jpg", ("17", "1.jpg")),
        ("instagram/17/a/b", ("17", "a/b")),
        ("instagram/17/", None),
        ("instagram/17", None),
        ("instagram//x", None),
        ("instagram/a b/x", None),
        ("catalog.sqlite", None),
    ],
)
def test_a_key_is_taken_apart_or_has_no_place(key: str, parts: tuple[str, str] | None) -> None:
    assert archive.split_key(key) == parts


@given(
    caption=st.text(), alt=st.none() | st.text(), said=st.dictionaries(st.text(), st.text() | st.integers())
)
def test_a_sidecar_comes_back_as_it_was_written(caption: str, alt: str | None, said: dict[str, Any]) -> None:
    medium = a_medium(caption=caption, items=(an_item(url=None, alt_text=alt),), said=said)
    sidecar = Sidecar(medium=medium, archived_at=NOW, files=(a_file(),), gone_at=LATER)
    assert archive.decode_sidecar(archive.encode(sidecar)) == sidecar


def test_the_same_sidecar_gives_the_same_bytes_that_a_person_can_read() -> None:
    first, second = ({"b": 1, "a": 2}, {"a": 2, "b": 1})
    one, two = (archive.encode(Sidecar(medium=a_medium(said=it), archived_at=NOW)) for it in (first, second))
    assert one == two
    assert b'\n  "medium": {\n' in one
    assert one.endswith(b"}\n")


def test_a_post_record_comes_back_as_it_was_written() -> None:
    record = PostRecord(post=POST, uploads={"1": Upload(name="n", begun_at=NOW, url="u")})
    assert archive.decode_post(archive.encode(record)) == record


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b"\xff\xfe",
        archive.encode(Sidecar(medium=a_medium(), archived_at=NOW))[:-20],
        archive.encode(Sidecar(medium=a_medium(), archived_at=NOW, version=2)),
        *(
            archive.encode(Sidecar(medium=a_medium(), archived_at=NOW, files=(replace(a_file(), name=name),)))
            for name in ("../1.jpg", "/1.jpg", "1", "", ".jpg", "1.jpg/", "1.j\0", "a" * 99 + ".jpg")
        ),
    ],
)
def test_a_damaged_or_hostile_sidecar_is_unreadable(document: bytes) -> None:
    with pytest.raises(MediumUnreadable, match=r"media\.json"):
        archive.decode_sidecar(document)


def test_a_newer_everydays_document_says_to_update_this_one() -> None:
    with pytest.raises(MediumUnreadable, match="newer everyday"):
        archive.decode_post(archive.encode(PostRecord(post=POST, version=2)))


@pytest.mark.parametrize(("length", "fine"), [(None, True), (5, True), (4, False), (6, False), (0, False)])
def test_a_body_must_be_as_long_as_declared(length: int | None, fine: bool) -> None:
    body = Body(iter([b"ab", b"", b"cde"]), "image/jpeg", length)
    if fine:
        assert b"".join(archive.whole(body)) == b"abcde"
        return
    with pytest.raises(SourceUnavailable):
        list(archive.whole(body))


def test_a_first_description_is_stored_without_addresses() -> None:
    sidecar = merged(None, a_medium(), files=[a_file()], now=NOW)
    assert sidecar == Sidecar(medium=a_medium(items=(an_item(url=None),)), archived_at=NOW, files=(a_file(),))


def test_the_same_description_changes_nothing() -> None:
    first = merged(None, a_medium(), files=[a_file()], now=NOW)
    again = a_medium(items=(an_item(url="https://other"),), said={"like_count": 2}, hint="18")
    assert merged(first, again, now=LATER) == first


def test_an_edit_keeps_what_was_said_before() -> None:
    first = merged(None, a_medium(caption="one"), now=NOW)
    second = merged(first, a_medium(caption="two"), now=LATER)
    third = merged(second, a_medium(caption="three"), now=LATER + timedelta(days=1))
    assert third.medium.caption == "three"
    assert third.archived_at == NOW
    assert [(it.medium.caption, it.until) for it in third.revisions] == [
        ("one", LATER),
        ("two", LATER + timedelta(days=1)),
    ]


@pytest.mark.parametrize(
    ("changes", "is_edit"),
    [
        ({"caption": "other"}, True),
        ({"permalink": None}, True),
        ({"items": (an_item(alt_text="a cat"),)}, True),
        ({"items": (an_item(url=None),)}, False),
        ({"said": {"like_count": 3}}, False),
        ({"hint": "17"}, False),
    ],
)
def test_only_what_the_owner_changed_is_an_edit(changes: dict[str, Any], is_edit: bool) -> None:
    assert edited(a_medium(), a_medium(**changes)) is is_edit


def test_a_later_run_completes_the_files() -> None:
    lacks = [MissingFile(position=2, reason="no address")]
    first = merged(None, a_carousel("x", "y"), files=[a_file("1.jpg")], missing=lacks, now=NOW)
    assert first.missing == tuple(lacks)
    files = [a_file("2.thumbnail.jpg"), a_file("2.mp4")]
    second = merged(first, a_carousel("x", "y"), files=files, missing=lacks, now=LATER)
    assert [file.name for file in second.files] == ["1.jpg", "2.mp4", "2.thumbnail.jpg"]
    assert second.missing == ()


def test_a_preview_does_not_stand_for_the_video() -> None:
    lacks = [MissingFile(position=1, reason="licensed sound")]
    sidecar = merged(None, a_medium(), files=[a_file("1.thumbnail.jpg")], missing=lacks, now=NOW)
    assert sidecar.missing == tuple(lacks)


def test_the_past_of_an_export_does_not_overwrite_what_instagram_says() -> None:
    first = merged(None, a_medium(caption="new"), now=NOW)
    assert merged(first, a_medium(caption="old", origin=Origin.EXPORT), now=LATER) == first


def test_what_was_gone_and_is_listed_again_is_not_gone() -> None:
    sidecar = marked_gone(merged(None, a_medium(), now=NOW), at=NOW)
    assert marked_gone(sidecar, at=LATER).gone_at == NOW
    assert merged(sidecar, a_medium(), now=LATER).gone_at is None


def test_items_keep_their_names_when_the_owner_takes_one_out() -> None:
    known = merged(None, a_carousel("x", "y", "z"), files=[a_file(f"{n}.jpg") for n in (1, 2, 3)], now=NOW)
    assert positions(steady(known, a_carousel("x", "z"))) == {"x": 1, "z": 3}
    assert positions(steady(known, a_carousel("z", "y", "x"))) == {"z": 3, "y": 2, "x": 1}


def test_a_removed_items_name_is_never_given_to_another() -> None:
    files = [a_file(f"{number}.jpg") for number in (1, 2, 3)]
    known = merged(None, a_carousel("x", "y", "z"), files=files, now=NOW)
    known = merged(known, a_carousel("x", "y"), now=LATER)
    assert positions(steady(known, a_carousel("x", "new", "y"))) == {"x": 1, "new": 4, "y": 2}
    assert positions(steady(known, a_carousel("x", "y", "z"))) == {"x": 1, "y": 2, "z": 3}


def test_the_name_of_an_item_without_an_id_is_taken_too() -> None:
    known = a_medium(items=(an_item(1, source_id="x"), an_item(2)))
    sidecar = merged(None, known, files=[a_file("1.jpg"), a_file("2.jpg")], now=NOW)
    assert positions(steady(sidecar, a_carousel("x", "new"))) == {"x": 1, "new": 3}


def test_items_without_ids_stay_as_they_are() -> None:
    known = merged(None, a_medium(), files=[a_file()], now=NOW)
    medium = a_medium(items=(an_item(1), an_item(2)))
    assert steady(known, medium) == medium


def test_keys_nobody_knows_are_ignored_in_a_sidecar() -> None:
    document = msgspec.json.decode(archive.encode(Sidecar(medium=a_medium(), archived_at=NOW)))
    document["medium"]["items"][0]["new_in_2030"] = 1
    assert archive.decode_sidecar(msgspec.json.encode(document)).medium == a_medium()


def test_a_sidecar_as_it_was_written_in_2026_can_still_be_read() -> None:
    document = b"""{"medium": {"id": "17", "origin": "api", "section": "post", "media_type": "IMAGE",
        "taken_at": "2024-05-01T08:25:28Z", "items": [{"position": 1}], "caption": "Morning light"},
        "archived_at": "2026-05-01T12:00:00Z", "files": [{"name": "1.jpg", "position": 1, "sha256": "00",
        "size": 5, "content_type": "image/jpeg"}]}"""
    sidecar = archive.decode_sidecar(document)
    assert (sidecar.medium.caption, sidecar.files[0].name, sidecar.version) == ("Morning light", "1.jpg", 1)
    assert replace(sidecar, version=1) == sidecar
