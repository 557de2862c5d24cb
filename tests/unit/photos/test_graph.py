import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.errors import (
    EverydayError,
    MediumGone,
    OwnerActionNeeded,
    SourceError,
    SourceThrottled,
    SourceUnavailable,
)
from everyday.photos.graph import FIELD_LISTS, Answer, failure, read_medium, read_page, refuses_fields
from everyday.photos.model import MediaType, Origin, Section
from tests.builders import NOW

ADDRESS = "https://scontent-fra3-1.cdninstagram.com/v/t51/1.jpg?oh=00_Af&oe=65920080"
IMAGE = {
    "id": "17900000000000001",
    "caption": "Morning light 🌅",
    "media_type": "IMAGE",
    "media_product_type": "FEED",
    "media_url": ADDRESS,
    "permalink": "https://www.instagram.com/p/AbC1x/",
    "timestamp": "2024-05-01T08:25:28+0000",
    "username": "sample",
    "alt_text": "A lake",
    "comments_count": 3,
}
REEL = IMAGE | {"media_type": "VIDEO", "media_product_type": "REELS", "thumbnail_url": ADDRESS + "&t=1"}
ALBUM = IMAGE | {
    "media_type": "CAROUSEL_ALBUM",
    "children": {
        "data": [
            {"id": "1", "media_type": "VIDEO", "media_url": ADDRESS, "thumbnail_url": ADDRESS},
            {"id": "2", "media_type": "IMAGE", "media_url": ADDRESS, "alt_text": "A tree"},
        ],
        "paging": {"next": "https://graph.instagram.com/x?access_token=SECRET"},
    },
}


def page(*media: Any, **paging: Any) -> Answer:
    return Answer(200, {}, {"data": list(media), "paging": paging})


def refused(code: int, subcode: int | None = None, *, status: int = 400, **more: Any) -> Answer:
    error = {"message": "why", "type": "OAuthException", "code": code, "fbtrace_id": "A1b", **more}
    return Answer(status, {}, {"error": error | ({"error_subcode": subcode} if subcode else {})})


def test_an_image_is_read_whole() -> None:
    medium = read_medium(IMAGE)
    assert (medium.id, medium.origin, medium.section) == (IMAGE["id"], Origin.API, Section.POST)
    assert medium.taken_at == datetime(2024, 5, 1, 8, 25, 28, tzinfo=UTC)
    assert medium.caption == IMAGE["caption"]
    (item,) = medium.items
    assert (item.position, item.video, item.url, item.alt_text) == (1, False, ADDRESS, "A lake")


def test_an_album_keeps_the_order_ids_and_texts_of_its_children() -> None:
    medium = read_medium(ALBUM)
    assert medium.media_type is MediaType.CAROUSEL_ALBUM
    told = [(item.position, item.source_id, item.video, item.alt_text) for item in medium.items]
    assert told == [(1, "1", True, None), (2, "2", False, "A tree")]


def test_what_the_source_said_is_kept_without_addresses_or_tokens() -> None:
    kept = json.dumps(read_medium(ALBUM).said)
    assert '"comments_count": 3' in kept
    assert "cdninstagram" not in kept
    assert "SECRET" not in kept


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"media_url": None}, lambda medium: medium.items[0].url is None),
        ({"media_url": ""}, lambda medium: medium.items[0].url is None),
        ({"caption": None}, lambda medium: medium.caption == ""),
        ({"media_product_type": "REELS"}, lambda medium: medium.section is Section.REEL),
        ({"media_product_type": "STORY"}, lambda medium: medium.section is Section.STORY),
        ({"media_product_type": "AD"}, lambda medium: medium.section is Section.POST),
        ({"media_product_type": None}, lambda medium: medium.section is Section.POST),
        ({"timestamp": "2024-05-01T10:25:28+02:00"}, lambda medium: medium.taken_at.hour == 8),
        ({"media_type": "CAROUSEL_ALBUM"}, lambda medium: len(medium.items) == 1),
        ({"unknown_field": [1]}, lambda medium: medium.said["unknown_field"] == [1]),
    ],
)
def test_what_may_be_absent_may_be_absent(change: dict[str, Any], what: Any) -> None:
    assert what(read_medium(IMAGE | change))


@pytest.mark.parametrize(
    "odd",
    [
        {"id": None},
        {"id": 5},
        {"id": "../../etc"},
        {"id": "1\n"},
        {"id": "١٢٣"},
        {"media_type": "HOLOGRAM"},
        {"timestamp": "yesterday"},
        {"timestamp": "0001-01-01T00:00:00+14:00"},
        {"caption": ["a"]},
        {"media_type": "CAROUSEL_ALBUM", "children": {"data": ["x"]}},
    ],
)
def test_one_unreadable_medium_does_not_stop_its_page(odd: dict[str, Any]) -> None:
    other = IMAGE | {"id": "2"}
    found = read_page(page(IMAGE | odd, other), asked=None, now=NOW)
    assert [medium.id for medium in found.media] == ["2"]
    assert len(found.unreadable) == 1


def test_an_unreadable_medium_is_named_where_it_has_a_name() -> None:
    found = read_page(page(IMAGE | {"timestamp": 5}, "nonsense"), asked=None, now=NOW)
    assert found.unreadable == [IMAGE["id"], "?"]


@pytest.mark.parametrize(
    ("paging", "cursor"),
    [
        ({}, None),
        ({"cursors": {"after": "QVF"}}, None),
        ({"cursors": {"after": "QVF"}, "next": "https://x?access_token=SECRET"}, "QVF"),
    ],
)
def test_only_next_says_that_there_is_more(paging: dict[str, Any], cursor: str | None) -> None:
    found = read_page(page(IMAGE, **paging), asked=None, now=NOW)
    assert found.cursor == cursor
    assert "SECRET" not in repr(found)


@pytest.mark.parametrize(
    "paging",
    [
        {"next": "https://x"},
        {"next": "https://x", "cursors": {"after": "SAME"}},
        {"next": 5},
        {"next": "x", "cursors": 1},
    ],
)
def test_a_listing_that_leads_nowhere_is_no_end(paging: dict[str, Any]) -> None:
    with pytest.raises(SourceUnavailable):
        read_page(page(IMAGE, **paging), asked="SAME", now=NOW)


def test_an_empty_page_is_the_end() -> None:
    found = read_page(Answer(200, {}, {"data": []}), asked="x", now=NOW)
    assert (list(found.media), found.cursor) == ([], None)


def test_a_page_near_the_limit_is_good_and_asks_for_a_pause() -> None:
    found = read_page(
        page(IMAGE)._replace(headers={"X-App-Usage": '{"call_count": 95}'}), asked=None, now=NOW
    )
    assert len(found.media) == 1
    assert found.pause_until == NOW + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (refused(190, 463), OwnerActionNeeded, "expired"),
        (refused(190, 460), OwnerActionNeeded, "password"),
        (refused(190, 458), OwnerActionNeeded, "removed"),
        (refused(190, 467), OwnerActionNeeded, "login"),
        (refused(190, 459), OwnerActionNeeded, "instagram.com"),
        (refused(190), OwnerActionNeeded, "login"),
        (refused(102), OwnerActionNeeded, "login"),
        (refused(10), OwnerActionNeeded, "permission"),
        (refused(200), OwnerActionNeeded, "permission"),
        (refused(299), OwnerActionNeeded, "permission"),
        (refused(3), OwnerActionNeeded, "permission"),
        (refused(368), OwnerActionNeeded, "blocks"),
        (refused(100, 33), OwnerActionNeeded, "permission"),
        (refused(4), SourceThrottled, "limit"),
        (refused(17, 2446079), SourceThrottled, "limit"),
        (refused(32), SourceThrottled, "limit"),
        (refused(613), SourceThrottled, "limit"),
        (refused(80002), SourceThrottled, "limit"),
        (refused(341), SourceThrottled, "limit"),
        (Answer(429, {}, None), SourceThrottled, "429"),
        (refused(1, 99), SourceUnavailable, "passing"),
        (refused(2), SourceUnavailable, "passing"),
        (refused(12345, is_transient=True), SourceUnavailable, "passing"),
        (Answer(503, {}, None), SourceUnavailable, "503"),
        (refused(0, status=500), SourceUnavailable, "500"),
        (Answer(200, {}, None), SourceUnavailable, "no JSON"),
        (Answer(200, {}, []), SourceUnavailable, "no JSON"),
        (refused(100), SourceError, "100/0"),
        (refused(2500, type="IGApiException"), SourceError, "IGApiException"),
        (Answer(404, {}, {"error": "text"}), SourceError, "404"),
        (Answer(302, {}, None), SourceError, "302"),
    ],
)
def test_each_error_becomes_ours(answer: Answer, kind: type[EverydayError], says: str) -> None:
    error = failure(answer, now=NOW)
    assert type(error) is kind
    assert says in str(error)


def test_an_error_is_seen_in_an_answer_with_status_200() -> None:
    assert isinstance(failure(refused(190, 463, status=200), now=NOW), OwnerActionNeeded)


def test_a_good_answer_is_no_failure() -> None:
    assert failure(page(IMAGE), now=NOW) is None
    assert not refuses_fields(page(IMAGE))


def test_a_medium_that_is_gone_is_told_from_a_refused_field() -> None:
    assert isinstance(failure(refused(100, 33), now=NOW, medium_id="17"), MediumGone)
    assert not refuses_fields(refused(100, 33))
    assert refuses_fields(refused(100))


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (refused(4), timedelta(hours=1)),
        (refused(341), timedelta(hours=24)),
        (
            refused(80002)._replace(
                headers={
                    "X-Business-Use-Case-Usage": '{"1": [{"estimated_time_to_regain_access": 28}]}',
                }
            ),
            timedelta(minutes=28),
        ),
    ],
)
def test_a_throttle_says_when_to_come_back(answer: Answer, wait: timedelta) -> None:
    error = failure(answer, now=NOW)
    assert isinstance(error, SourceThrottled)
    assert error.retry_at == NOW + wait


def test_shorter_field_lists_ask_for_less_and_keep_what_identifies() -> None:
    lengths = [len(fields) for fields in FIELD_LISTS]
    assert lengths == sorted(lengths, reverse=True)
    for fields in FIELD_LISTS:
        assert {"id", "caption", "media_product_type", "timestamp", "permalink"} < set(fields.split(","))
        assert "children{id,media_type,media_url,thumbnail_url" in fields


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
shaped = st.fixed_dictionaries(
    {},
    optional={
        name: json_values | st.sampled_from([IMAGE[key] for key in ("id", "timestamp", "media_type")])
        for name in ("id", "media_type", "timestamp", "caption", "children", "media_url", "permalink")
    },
)


@given(st.integers(100, 599), json_values | st.fixed_dictionaries({"error": json_values | shaped}))
def test_any_answer_is_judged_without_another_failure(status: int, payload: Any) -> None:
    error = failure(Answer(status, {}, payload), now=NOW)
    assert error is None or isinstance(error, EverydayError)


@given(st.lists(json_values | shaped), json_values)
def test_any_page_is_read_or_refused_with_our_error(media: list[Any], paging: Any) -> None:
    try:
        found = read_page(Answer(200, {}, {"data": media, "paging": paging}), asked=None, now=NOW)
    except SourceUnavailable:
        return
    assert len(found.media) + len(found.unreadable) == len(media)
