from datetime import timedelta
from typing import Any

import pytest

from everyday.photos.catalog import Entry, State
from everyday.photos.joining import Match, caption_hash, match
from everyday.photos.model import BlogPost, MediaType, Medium, Origin, Section
from tests.builders import TAKEN, a_medium, an_entry

API_ID, EXPORT_ID = "18000000000000001", "export-00000000000000aa"
CAPTION = "Morning light\n#sunrise"


def from_export(**changes: Any) -> Medium:
    return a_medium(EXPORT_ID, **{"origin": Origin.EXPORT, "caption": CAPTION, **changes})


def in_api(entry_id: str = API_ID, *, seconds: float = 0, caption: str = CAPTION, **changes: Any) -> Entry:
    taken_at = TAKEN + timedelta(seconds=seconds)
    return an_entry(entry_id, taken_at=taken_at, caption_hash=caption_hash(caption), **changes)


@pytest.mark.parametrize(
    ("medium", "entry", "expected"),
    [
        (from_export(), in_api(seconds=1), Match.SAME),
        (from_export(), in_api(seconds=-120), Match.SAME),
        (from_export(), in_api(seconds=121), Match.NONE),
        (from_export(), in_api(seconds=30, caption="something else"), Match.WEAK),
        (from_export(), in_api(seconds=30, caption=""), Match.WEAK),
        (from_export(), in_api(caption=" Morning   light #sunrise "), Match.SAME),
        (from_export(caption="cafe\u0301 with @ann"), in_api(caption="caf\u00e9 with ann"), Match.SAME),
        # without captions only the time speaks
        (from_export(caption=""), in_api(seconds=2, caption=""), Match.SAME),
        (from_export(caption=""), in_api(seconds=60, caption=""), Match.WEAK),
        (from_export(caption="", media_type=MediaType.VIDEO), in_api(caption=""), Match.WEAK),
        (from_export(caption=""), an_entry(API_ID), Match.WEAK),
        # the file name's hint
        (from_export(hint=API_ID), in_api(seconds=90, caption="edited since"), Match.SAME),
        (from_export(hint=API_ID), in_api(seconds=86400), Match.SAME),
        (from_export(hint=API_ID), in_api(seconds=86400, caption="something else"), Match.WEAK),
        (from_export(hint=API_ID, caption=""), in_api(seconds=86400, caption=""), Match.WEAK),
        (from_export(hint="18000000000000099"), in_api(seconds=1), Match.SAME),
        # only what may be posted is compared
        (from_export(section=Section.STORY), in_api(), Match.NONE),
        (from_export(section=Section.ARCHIVED), in_api(), Match.NONE),
        (from_export(), in_api(section=Section.STORY), Match.NONE),
        # never within one origin
        (a_medium(caption=CAPTION), in_api(), Match.NONE),
    ],
)
def test_the_verdict_follows_the_evidence(medium: Medium, entry: Entry, expected: Match) -> None:
    verdict = match(medium, [entry])
    assert verdict.match is expected
    assert verdict.entry_id == (entry.id if expected else None)
    assert (entry.id in verdict.reason) is bool(expected)


def test_it_works_the_other_way_round() -> None:
    exported = in_api(EXPORT_ID, origin=Origin.EXPORT, seconds=100, caption="edited since", hint=API_ID)
    assert match(a_medium(API_ID, caption=CAPTION), [exported]).match is Match.SAME


def test_an_archived_export_never_stands_for_a_post_that_is_back() -> None:
    archived = in_api(EXPORT_ID, origin=Origin.EXPORT, section=Section.ARCHIVED)
    assert match(a_medium(API_ID, caption=CAPTION), [archived]).match is Match.NONE


def test_an_entry_that_is_parked_unposted_keeps_no_other_off_the_blog() -> None:
    post = BlogPost(id="1", url="u", slug="s", status="published", updated_at="t", rev="r")
    assert match(from_export(), [in_api(state=State.PARKED)]).match is Match.NONE
    assert match(from_export(), [in_api(state=State.PARKED, post=post)]).match is Match.SAME


@pytest.mark.parametrize("order", [1, -1])
def test_the_strongest_then_the_nearest_candidate_wins(order: int) -> None:
    weak = in_api("1", caption="something else")
    far, near = in_api("2", seconds=90), in_api("3", seconds=-30)
    candidates = [weak, far, near][::order]
    assert match(from_export(), candidates).entry_id == "3"
    assert match(from_export(), [weak, far][::order]).entry_id == "2"


def test_nothing_matches_nothing() -> None:
    assert match(from_export(), []).match is Match.NONE


def test_an_empty_caption_has_an_empty_hash() -> None:
    assert caption_hash(" \n") == ""
    assert caption_hash("a") != caption_hash("b")
