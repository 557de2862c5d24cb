from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from everyday.photos.catalog import Place, RunState, State
from everyday.photos.model import Origin, Section
from everyday.photos.walk import (
    LISTING_LIMIT,
    Ending,
    Find,
    Sight,
    advanced,
    completed,
    find,
    is_walk_due,
    known_in_a_row,
    may_be_gone,
    may_continue,
    pinned,
    was_seen_whole,
    windows,
)
from tests.builders import NOW, TAKEN, a_medium, an_entry

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        (None, Find.NEW),
        ({"state": State.STORED}, Find.KNOWN),
        ({"state": State.PARKED}, Find.KNOWN),
        ({"state": State.STORED, "seen": "w"}, Find.OURS),
        ({"state": State.STORED, "seen": "w", "fingerprint": "f2"}, Find.EDITED),
        ({"state": State.KEPT, "fingerprint": "f2"}, Find.EDITED),
        ({"state": State.POSTED, "gone_at": NOW}, Find.RETURNED),
        ({"state": State.LISTED}, Find.RETRY),
        ({"state": State.LISTED, "retry_at": NOW}, Find.RETRY),
        ({"state": State.LISTED, "retry_at": NOW + HOUR}, Find.WAITING),
    ],
)
def test_each_listed_medium_calls_for_one_thing(changes: dict | None, found: Find) -> None:
    entry = None if changes is None else an_entry(**changes)
    assert find(a_medium(), entry, fingerprint="f1", walk="w", now=NOW) is found


def test_a_new_export_is_always_a_reason_to_try_again() -> None:
    entry = an_entry(state=State.LISTED, retry_at=NOW + HOUR)
    medium = a_medium(origin=Origin.EXPORT)
    assert find(medium, entry, fingerprint="f1", walk="w", now=NOW) is Find.RETRY


@pytest.mark.parametrize(
    ("hours", "marks"),
    [
        ([], []),
        ([9, 8, 7], [False, False, False]),
        ([1, 9, 8], [True, False, False]),
        ([9, 1, 8, 7], [False, True, False, False]),
        ([5, 5, 5], [False, False, False]),
    ],
)
def test_a_medium_above_a_newer_one_is_pinned(hours: list[int], marks: list[bool]) -> None:
    assert pinned([a_medium(taken_at=TAKEN + hour * HOUR) for hour in hours]) == marks


def sights(finds: str) -> list[Sight]:
    """A page from letters: k known, n new, w waiting, o ours, p pinned and known."""
    kinds = {"k": Find.KNOWN, "n": Find.NEW, "w": Find.WAITING, "o": Find.OURS, "p": Find.KNOWN}
    return [
        Sight(a_medium(taken_at=TAKEN - timedelta(hours=n, days=99 * (it == "p"))), None, kinds[it])
        for n, it in enumerate(finds)
    ]


@pytest.mark.parametrize(
    ("before", "page", "after"),
    [
        (0, "kkk", 3),
        (7, "kk", 9),
        (7, "nkk", 2),
        (7, "kkn", 0),
        (7, "", 7),
        (7, "wok", 8),
        (0, "pppk", 1),
        (3, "pnpk", 1),
    ],
)
def test_only_known_unpinned_media_count_and_only_work_interrupts(before: int, page: str, after: int) -> None:
    assert known_in_a_row(before, sights(page)) == after


def test_the_place_behind_a_page_counts_what_was_listed_and_knows_the_oldest() -> None:
    place = Place(walk="w", complete=True, listed=3, oldest=TAKEN - 9 * HOUR)
    after = advanced(place, sights("kk"), unreadable=1, cursor="c")
    assert after == replace(place, cursor="c", listed=6)
    assert (
        advanced(replace(place, oldest=None), sights("kk"), unreadable=0, cursor=None).oldest == TAKEN - HOUR
    )
    assert advanced(place, [], unreadable=0, cursor=None).oldest == place.oldest


@pytest.mark.parametrize(
    ("ended", "due"),
    [(None, True), (NOW, False), (NOW - timedelta(days=6, hours=23), False), (NOW - timedelta(days=7), True)],
)
def test_a_complete_walk_is_due_when_none_ended_within_the_days(ended: datetime | None, due: bool) -> None:
    assert is_walk_due(RunState(complete_at=ended), now=NOW, walk_days=7) is due


def test_a_walk_that_missed_media_is_repeated_after_a_day() -> None:
    state = RunState(complete_at=completed(whole=False, now=NOW, walk_days=7))
    assert not is_walk_due(state, now=NOW, walk_days=7)
    assert is_walk_due(state, now=NOW + timedelta(days=1), walk_days=7)
    assert completed(whole=True, now=NOW, walk_days=7) == NOW


@pytest.mark.parametrize(
    ("listed", "count", "ending", "complete", "whole"),
    [
        (10, 10, Ending.END, True, True),
        (11, 10, Ending.END, True, True),
        (9, 10, Ending.END, True, False),
        (10, 10, Ending.END, False, False),
        (10, None, Ending.END, True, False),
        (LISTING_LIMIT, 12_000, Ending.END, True, True),
        (LISTING_LIMIT - 1, 12_000, Ending.END, True, False),
        *((10, 10, ending, True, False) for ending in Ending if ending is not Ending.END),
    ],
)
def test_only_a_complete_listing_to_its_end_is_whole(
    listed: int, count: int | None, ending: Ending, complete: bool, whole: bool
) -> None:
    assert was_seen_whole(Place(walk="w", complete=complete, listed=listed), ending, count=count) is whole


@pytest.mark.parametrize(
    ("changes", "place", "gone"),
    [
        ({}, {}, True),
        ({"seen": "earlier"}, {}, True),
        ({"seen": "w"}, {}, False),
        ({"gone_at": NOW}, {}, False),
        ({"origin": Origin.EXPORT}, {}, False),
        ({"section": Section.STORY}, {}, False),
        ({}, {"listed": LISTING_LIMIT, "oldest": TAKEN}, True),
        ({}, {"listed": LISTING_LIMIT, "oldest": TAKEN + HOUR}, False),
        ({}, {"listed": LISTING_LIMIT - 1, "oldest": TAKEN + HOUR}, True),
        ({}, {"listed": LISTING_LIMIT}, False),
    ],
)
def test_absence_means_deletion_only_where_the_listing_reaches(
    changes: dict, place: dict, gone: bool
) -> None:
    assert may_be_gone(an_entry(**changes), Place(walk="w", complete=True, **place)) is gone


@pytest.mark.parametrize(
    ("begun", "listed", "settled", "may"),
    [
        (None, 0, 0, True),
        (50, 50, 0, False),
        (50, 50, 1, True),
        (50, 100, 0, True),
        (50, 2 * LISTING_LIMIT + 1, 5, False),
    ],
)
def test_a_run_asks_for_another_only_if_it_got_anywhere(
    begun: int | None, listed: int, settled: int, may: bool
) -> None:
    before = None if begun is None else Place(walk="w", complete=True, listed=begun)
    assert may_continue(before, Place(walk="w", complete=True, listed=listed), settled=settled) is may


moments = st.datetimes(datetime(2015, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.lists(moments, max_size=30))
def test_windows_cover_every_moment_and_are_apart(times: list[datetime]) -> None:
    reach, gap = timedelta(minutes=2), timedelta(days=30)
    spans = list(windows(times, reach=reach, gap=gap))
    assert all(any(a <= it - reach and it + reach <= b for a, b in spans) for it in times)
    assert all(b < c for (_, b), (c, _) in pairwise(spans))
    assert len(spans) <= len(times)


def test_near_moments_share_a_window() -> None:
    assert len(list(windows([NOW, NOW + HOUR], reach=HOUR, gap=timedelta(days=30)))) == 1
