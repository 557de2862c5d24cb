import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.errors import ExportUnreadable
from everyday.photos.export import merged, read_element, read_list
from everyday.photos.export_lists import Listing, listing
from everyday.photos.model import MediaType, Medium, Origin, Section
from everyday.photos.mojibake import mangled

NAME = "media/posts/202405/441234567_123_n_18000000000000001.jpg"
OTHER = "media/posts/202405/441234568_124_n_18000000000000002.jpg"
STAMP = 1714551928
TAKEN = datetime(2024, 5, 1, 8, 25, 28, tzinfo=UTC)
CAPTION = "Café 🌅 «said»"
POSTS = Listing("", Section.POST)


def file(uri: str = NAME, **more: Any) -> dict[str, Any]:
    return {"uri": uri, "creation_timestamp": STAMP, "title": "", **more}


def read(*elements: Any, of: Listing = POSTS, found: bool = True) -> list[Medium]:
    media = list(read_list(json.dumps(elements).encode(), of, lambda uri: uri if found else None))
    assert all(isinstance(medium, Medium) for medium in media), media
    return media  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("media.json", Listing("", None)),
        ("me_20200101/media.json", Listing("me_20200101/", None)),
        ("content/posts_1.json", Listing("", Section.POST)),
        ("your_instagram_activity/content/posts_12.json", Listing("", Section.POST)),
        ("your_instagram_activity/media/posts_1.json", Listing("", Section.POST)),
        ("your_instagram_activity/media/posts.json", Listing("", Section.POST)),
        ("instagram-me/your_instagram_activity/media/reels.json", Listing("instagram-me/", Section.REEL)),
        ("your_instagram_activity/media/igtv_videos.json", Listing("", Section.POST)),
        ("your_instagram_activity/media/stories.json", Listing("", Section.STORY)),
        ("your_instagram_activity/media/archived_posts.json", Listing("", Section.ARCHIVED)),
        ("your_instagram_activity/media/profile_photos.json", Listing("", Section.PROFILE)),
        ("posts_1.json", None),
        ("your_instagram_activity/saved/saved_posts.json", None),
        ("your_instagram_activity/likes/posts.json", None),
        ("ads_information/media/posts_viewed.json", None),
        ("your_instagram_activity/media/posts_1.html", None),
        ("your_instagram_activity/media/recently_deleted_content.json", None),
    ],
)
def test_lists_are_told_by_their_names(name: str, expected: Listing | None) -> None:
    assert listing(name) == expected


LAYOUTS = {
    "2021 to now": {"media": [file(title=mangled(CAPTION))]},
    "media is an object": {"media": file(title=mangled(CAPTION))},
    "outer title only": {"media": [file()], "title": mangled(CAPTION), "creation_timestamp": STAMP},
    "flat": file(title=mangled(CAPTION)),
    "label_values": {
        "timestamp": STAMP,
        "label_values": [{"label": "Medien", "media": [file(title=mangled(CAPTION))]}],
    },
    "label_values, labelled caption": {
        "timestamp": STAMP,
        "label_values": [
            {"label": "Media", "media": [file()]},
            {"label": "Caption", "value": mangled(CAPTION)},
        ],
    },
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_medium(layout: str) -> None:
    (medium,) = read(LAYOUTS[layout])
    assert medium.id == read(LAYOUTS["flat"])[0].id
    assert (medium.origin, medium.section, medium.media_type) == (
        Origin.EXPORT,
        Section.POST,
        MediaType.IMAGE,
    )
    assert (medium.caption, medium.taken_at) == (CAPTION, TAKEN)
    assert [item.url for item in medium.items] == [NAME]
    assert medium.hint == "18000000000000001"


def test_the_oldest_layout_names_its_sections_inside() -> None:
    def old(path: str) -> dict[str, str]:
        return {
            "caption": mangled(CAPTION),
            "taken_at": "2018-03-04T12:34:56",
            "path": path,
            "location": "Ulm",
        }

    names = {
        key: f"{key}/201803/{index:032x}.jpg" for index, key in enumerate(("photos", "stories", "profile"))
    }
    document = {key: [old(path)] for key, path in names.items()} | {
        "videos": [old("videos/201803/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.mp4") | {"caption": "another"}],
        "direct": [old("direct/201803/x.jpg")],
        "unknown": {"a": 1},
    }
    media = list(read_list(json.dumps(document).encode(), Listing("", None), lambda uri: uri))
    told = [(medium.section, medium.media_type) for medium in media if isinstance(medium, Medium)]
    assert told == [
        (Section.POST, MediaType.IMAGE),
        (Section.STORY, MediaType.IMAGE),
        (Section.PROFILE, MediaType.IMAGE),
        (Section.POST, MediaType.VIDEO),
    ]
    first = media[0]
    assert isinstance(first, Medium)
    assert (first.caption, first.taken_at) == (CAPTION, datetime(2018, 3, 4, 12, 34, 56, tzinfo=UTC))
    assert first.said["location"] == "Ulm"


@pytest.mark.parametrize(
    "carousel",
    [
        {"media": [file(NAME), file(OTHER)], "title": mangled(CAPTION), "creation_timestamp": STAMP + 1},
        {
            "timestamp": STAMP + 1,
            "label_values": [
                {"label": "Media", "media": [file(NAME, title=mangled(CAPTION))]},
                {"title": "Media", "dict": [{"dict": [{"label": "Media", "media": [file(OTHER)]}]}]},
            ],
        },
    ],
)
def test_a_carousel_keeps_its_order_its_caption_and_the_posts_time(carousel: dict[str, Any]) -> None:
    (medium,) = read(carousel)
    assert medium.media_type is MediaType.CAROUSEL_ALBUM
    assert [(item.position, item.url) for item in medium.items] == [(1, NAME), (2, OTHER)]
    assert medium.caption == CAPTION
    assert medium.taken_at.second == TAKEN.second + 1
    assert medium.hint is None, "each name holds its own picture's id"


def test_the_caption_of_a_single_medium_is_its_own_and_that_of_a_carousel_the_posts() -> None:
    single, carousel = read(
        {"media": [file(NAME, title="own")], "title": "the post's"},
        {"media": [file(NAME, title="own"), file(OTHER)], "title": "the post's"},
    )
    assert (single.caption, carousel.caption) == ("own", "the post's")


def test_wrapped_lists_are_found_whatever_their_key() -> None:
    document = json.dumps(
        {"ig_reels_media": [{"media": [file("media/reels/a_18000000000000009.mp4")]}]}, indent=1
    )
    (medium,) = read_list(document.encode(), Listing("", Section.REEL), lambda uri: uri)
    assert isinstance(medium, Medium)
    assert (medium.section, medium.media_type) == (Section.REEL, MediaType.VIDEO)


def test_subtitles_are_no_picture_and_metadata_is_kept() -> None:
    metadata = {
        "video_metadata": {
            "subtitles": {"uri": "media/other/1.srt"},
            "exif_data": [{"latitude": 48.4, "longitude": 9.98}],
        }
    }
    labelled = {"timestamp": STAMP, "label_values": [{"media": [file(media_metadata=metadata)]}]}
    for element in ({"media": [file(media_metadata=metadata)]}, labelled):
        (medium,) = read(element)
        assert len(medium.items) == 1
        assert "48.4" in json.dumps(medium.said)


def old_element(path: str, *, taken_at: str = "2018-03-04T12:34:56", caption: str = "") -> dict[str, str]:
    return {"path": path, "taken_at": taken_at, "caption": caption}


def old_media(**lists: Any) -> list[Medium]:
    found = read_list(json.dumps(lists).encode(), Listing("", None), str)
    return [medium for medium in found if isinstance(medium, Medium)]


def test_the_oldest_layouts_carousels_are_put_together_again() -> None:
    first, second, film = (f"{it * 32}.{kind}" for it, kind in (("a", "jpg"), ("b", "jpg"), ("c", "mp4")))
    album, other, single = old_media(
        photos=[
            old_element(first, caption="one"),
            old_element(second, caption="one"),
            old_element("d" * 32 + ".jpg", caption="two"),
        ],
        videos=[
            old_element(film, caption="one"),
            old_element("e" * 32 + ".mp4", caption="one", taken_at="2018-03-04T12:34:57"),
        ],
    )
    assert [item.url for item in album.items] == [first, second, film]
    assert (album.media_type, album.caption) == (MediaType.CAROUSEL_ALBUM, "one")
    assert (len(other.items), len(single.items)) == (1, 1)


def test_stories_of_one_second_stay_apart() -> None:
    stories = old_media(stories=[old_element("a" * 32 + ".jpg"), old_element("b" * 32 + ".jpg")])
    assert [len(story.items) for story in stories] == [1, 1]


def test_a_carousel_has_one_id_in_whatever_order_its_files_are_listed() -> None:
    (there,) = read({"media": [file(NAME), file(OTHER)]})
    (back,) = read({"media": [file(OTHER), file(NAME)]})
    assert there.id == back.id


def test_a_file_that_is_not_in_the_export_is_an_item_without_address() -> None:
    (medium,) = read({"media": [file()]}, found=False)
    assert medium.items[0].url is None


def test_one_file_named_twice_is_one_item() -> None:
    (medium,) = read({"media": [file(NAME), file(OTHER), file(NAME)]})
    assert [item.url for item in medium.items] == [NAME, OTHER]


def test_ids_do_not_depend_on_folder_time_or_list_but_tell_stories_apart() -> None:
    here = read_element({"media": [file()]}, Section.POST, str)
    moved = {"media": [file("elsewhere/" + NAME.rsplit("/")[-1])], "creation_timestamp": STAMP + 1}
    assert read_element(moved, Section.ARCHIVED, str).id == here.id
    assert read_element({"media": [file()]}, Section.STORY, str).id != here.id
    assert read_element({"media": [file(OTHER)]}, Section.POST, str).id != here.id
    assert here.id.startswith("export-")
    assert len(here.id) == len("export-") + 16


def test_short_names_are_told_apart_by_time() -> None:
    one = read_element({"media": [file("a/1.jpg")]}, Section.POST, str)
    other = read_element({"media": [file("b/1.jpg", creation_timestamp=STAMP + 60)]}, Section.POST, str)
    assert one.id != other.id


def test_what_is_archived_stays_archived_and_the_fuller_description_wins() -> None:
    full = read_element({"media": [file(title="long caption"), file(OTHER)]}, Section.POST, str)
    bare = read_element({"media": [file()]}, Section.ARCHIVED, lambda _: None)
    for both in (merged(full, bare), merged(bare, full)):
        assert both.section is Section.ARCHIVED
        assert len(both.items) == 2
        assert both.caption == "long caption"


@pytest.mark.parametrize(
    "odd",
    [
        {},
        [],
        5,
        "text",
        {"media": []},
        {"media": [{"uri": ""}]},
        {"media": [{"uri": 5}]},
        {"media": [{"uri": NAME}]},
        {"media": [file(creation_timestamp="soon")]},
        {"media": [file(creation_timestamp=10**20)]},
        {"media": [file(creation_timestamp=-5)]},
        {"media": [file(creation_timestamp=0)]},
        {"path": NAME, "taken_at": "long ago"},
        {"label_values": [[[["deep"]]]]},
    ],
)
def test_one_odd_element_is_reported_and_the_rest_goes_on(odd: Any) -> None:
    document = json.dumps([odd, {"media": [file()]}]).encode()
    found = list(read_list(document, POSTS, str))
    assert isinstance(found[0], ValueError)
    assert isinstance(found[1], Medium)


@pytest.mark.parametrize(
    "document", [b"", b"{", b"[1,", b"<html>", b"5", b"null", b"\xff\xfe\x00", b"[" * 10_000]
)
def test_what_is_no_list_is_unreadable(document: bytes) -> None:
    with pytest.raises(ExportUnreadable):
        list(read_list(document, POSTS, str))


@pytest.mark.parametrize("caption", ["\ud800 alone", "\ud83c\udf05"])
def test_surrogates_do_not_stop_a_list(caption: str) -> None:
    document = json.dumps([{"media": [file(title=caption)]}]).encode()
    (medium,) = read_list(b"\xef\xbb\xbf" + document, POSTS, str)
    assert isinstance(medium, Medium)
    medium.caption.encode()


KEYS = (
    "media",
    "uri",
    "title",
    "creation_timestamp",
    "timestamp",
    "label_values",
    "dict",
    "path",
    "taken_at",
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(file()),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(values, st.sampled_from([POSTS, Listing("", None)]))
def test_any_json_is_read_or_refused_with_our_error(value: Any, of: Listing) -> None:
    try:
        found = list(read_list(json.dumps(value).encode(), of, str))
    except ExportUnreadable:
        return
    assert all(isinstance(medium, Medium | ValueError) for medium in found)


@given(st.binary())
def test_any_bytes_are_read_or_refused_with_our_error(document: bytes) -> None:
    try:
        list(read_list(document, POSTS, str))
    except ExportUnreadable:
        return
