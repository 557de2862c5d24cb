"""How a backup walks through a listing: what each medium calls for, when to stop, what may be marked gone.

All functions here are pure. The listing shows neither edits nor deletions: an edit shows by comparing, a
deletion only by its absence from a listing that was seen whole.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import NamedTuple

from msgspec.structs import replace

from everyday.photos.catalog import Entry, Place, RunState, State
from everyday.photos.model import Medium, Origin, Section

LISTING_LIMIT = 10_000
"""Instagram API with Instagram Login: `/me/media` shows at most the 10,000 newest media."""

ENOUGH = 25
"""A short walk ends after so many known media in a row, counted at the end of a page."""

EMPTY_PAGES = 3
"""So many pages in a row without a medium that is new to the walk: the listing goes in circles."""


class Find(StrEnum):
    """What a listed medium calls for."""

    NEW = "new"
    EDITED = "edited"
    RETRY = "retry"
    RETURNED = "returned"
    KNOWN = "known"
    WAITING = "waiting"
    OURS = "ours"

    @property
    def calls_for_storing(self) -> bool:
        return self in {Find.NEW, Find.EDITED, Find.RETRY, Find.RETURNED}


class Ending(StrEnum):
    """Why a walk read no further page."""

    END = "the listing ended"
    ENOUGH = "enough known media in a row"
    CIRCLE = "the listing repeats itself"
    TIME = "the time is up"
    PAUSE = "a rate limit is near"
    FAILING = "it cannot go on now"
    BEHIND = "some media could not be recorded; the next run begins with them"
    YIELDED = "another run is under way"

    @property
    def over(self) -> bool:
        """Whether the walk has come to its end, so that the next one begins at the top."""
        return self in {Ending.END, Ending.ENOUGH, Ending.CIRCLE}


class Sight(NamedTuple):
    """One medium of a page, the entry that the catalog has for it, and what it calls for."""

    medium: Medium
    entry: Entry | None
    find: Find


def find(medium: Medium, entry: Entry | None, *, fingerprint: str, walk: str, now: datetime) -> Find:
    """What a listed medium calls for. OURS: recorded by this very walk, before an interruption."""
    if entry is None:
        return Find.NEW
    if entry.gone_at is not None:
        return Find.RETURNED
    if entry.state is State.LISTED:
        # A new export may hold what an earlier one lacked; Instagram is asked again when the time has come.
        due = entry.retry_at is None or entry.retry_at <= now or medium.origin is Origin.EXPORT
        return Find.RETRY if due else Find.WAITING
    if entry.fingerprint != fingerprint:
        return Find.EDITED
    return Find.OURS if entry.seen == walk else Find.KNOWN


def pinned(media: Sequence[Medium]) -> list[bool]:
    """Which media of a page stand above a newer one: pinned by the owner, or dated back."""
    times = [medium.taken_at for medium in media]
    newest_below = list(accumulate(reversed(times), max))[::-1]
    return [taken < newest for taken, newest in zip(times, newest_below, strict=True)]


def known_in_a_row(row: int, sights: Sequence[Sight]) -> int:
    """How many known media stand in a row at the end of this page, `row` being the count before it.

    Pinned media and those that this walk recorded or that wait for another try neither count nor interrupt.
    """
    for sight, is_pinned in zip(sights, pinned([sight.medium for sight in sights]), strict=True):
        if sight.find.calls_for_storing:
            row = 0
        elif sight.find is Find.KNOWN and not is_pinned:
            row += 1
    return row


def advanced(place: Place, sights: Sequence[Sight], *, unreadable: int, cursor: str | None) -> Place:
    """The place behind a page of media that are new to this walk."""
    taken = [sight.medium.taken_at for sight in sights]
    oldest = min([*taken, *([place.oldest] if place.oldest else [])], default=None)
    return replace(place, cursor=cursor, listed=place.listed + len(sights) + unreadable, oldest=oldest)


def is_walk_due(state: RunState, *, now: datetime, walk_days: int) -> bool:
    """Whether the next walk must be a complete one."""
    return state.complete_at is None or now - state.complete_at >= timedelta(days=walk_days)


def was_seen_whole(place: Place, ending: Ending, *, count: int | None) -> bool:
    """Whether the walk saw all there is: it reached the end, and saw as many media as the source counts."""
    if ending is not Ending.END or not place.complete or count is None:
        return False
    return place.listed >= min(count, LISTING_LIMIT)


def completed(*, whole: bool, now: datetime, walk_days: int) -> datetime:
    """When the complete walk counts as ended. One that did not see all there is must be repeated tomorrow:
    not at once, because Instagram may count media that it does not list."""
    return now if whole else now - timedelta(days=walk_days) + timedelta(days=1)


def may_be_gone(entry: Entry, place: Place) -> bool:
    """Whether a medium's absence from a listing that was seen whole can mean that it was deleted.

    Stories leave by themselves, exports list the past, and a full listing does not reach further back than
    its oldest medium.
    """
    if entry.origin is not Origin.API or entry.section is Section.STORY:
        return False
    if entry.gone_at is not None or entry.seen == place.walk:
        return False
    return place.listed < LISTING_LIMIT or (place.oldest is not None and entry.taken_at >= place.oldest)


def may_continue(begun: Place | None, place: Place, *, settled: int) -> bool:
    """Whether a run that was cut short may ask for its own continuation: only if it got anywhere, and never
    in a listing longer than Instagram's can be, so that no chain of runs is endless."""
    moved = begun is None or place.listed > begun.listed
    return (settled > 0 or moved) and place.listed <= 2 * LISTING_LIMIT


def windows(
    times: Iterable[datetime], *, reach: timedelta, gap: timedelta
) -> Iterator[tuple[datetime, datetime]]:
    """Spans that cover `reach` around each of the times; spans nearer than `gap` become one."""
    ordered = sorted(times)
    if not ordered:
        return
    first = last = ordered[0]
    for moment in ordered[1:]:
        if moment - last > gap:
            yield first - reach, last + reach
            first = moment
        last = moment
    yield first - reach, last + reach
