"""What shall become of a medium on the blog: decisions, all pure.

Times on Ghost's side are compared with times on Ghost's side wherever that is possible. Where ours must be
compared with somebody else's, clocks that differ by up to `SKEW` change nothing.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from everyday.photos import captions
from everyday.photos.catalog import Claim, Entry, State
from everyday.photos.model import BlogPost
from everyday.photos.ports import FoundPost
from everyday.photos.render import revision_in
from everyday.record import Record

SKEW = timedelta(hours=1)
WORK = timedelta(minutes=16)  # longer than a Lambda may run
CALL = timedelta(minutes=1)
_INSTANT = timedelta(seconds=5)
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=6)


class Done(StrEnum):
    """What became of a medium in one try to post it."""

    CREATED = "created"
    ADOPTED = "adopted"  # the blog already had it: an earlier try was cut off
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    LEFT = "left"  # the owner edited or deleted the post on the blog; so it stays
    KEPT = "kept"  # never to be posted
    PARKED = "parked"  # cannot be posted as it is
    BUSY = "busy"  # somebody else is posting it
    LATER = "later"  # waits for `retry_at`, or for its files
    UNKNOWN = "unknown"  # no such medium
    FAILED = "failed"  # a service did not answer; it stays due


class Outcome(Record, frozen=True, kw_only=True):
    """What became of one medium; `reason` is for the owner, `url` the post's address."""

    id: str
    done: Done
    reason: str | None = None
    url: str | None = None


class Verdict(NamedTuple):
    """`done` None: go on and post it."""

    done: Done | None
    reason: str | None = None


def verdict(
    entry: Entry | None, *, now: datetime, owner: str, since: datetime | None, force: bool
) -> Verdict:
    """Whether a medium is to be posted now by `owner`. `force` also posts what is parked, what waits for its
    next try and what is older than `since`, and looks again at what is posted."""
    if entry is None:
        return Verdict(Done.UNKNOWN, "the catalog has no such medium")
    if entry.state is State.LISTED:
        return Verdict(Done.LATER, entry.reason or "its files are not stored yet")
    if entry.claim and entry.claim.owner != owner and entry.claim.until > now:
        return Verdict(Done.BUSY, f"it is being posted, until {entry.claim.until.isoformat()} at the latest")
    if reason := _never(entry) or (None if force or entry.post else _too_old(entry, since)):
        return Verdict(Done.KEPT, reason)
    return Verdict(None) if force else _unforced(entry, now)


def _never(entry: Entry) -> str | None:
    if not entry.section.postable:
        return f"{entry.section.value}: backed up, never posted"
    if entry.same_as:
        return f"{entry.same_as} stands for it on the blog"
    if entry.gone_at and not entry.post:
        return "the owner deleted it on Instagram before it was posted"
    return None


def _too_old(entry: Entry, since: datetime | None) -> str | None:
    if since is None or entry.taken_at >= since:
        return None
    return f"it was taken before {since.date().isoformat()}, the day from which media are posted"


def _unforced(entry: Entry, now: datetime) -> Verdict:
    if entry.state is State.POSTED:
        return Verdict(Done.UNCHANGED, entry.reason)
    if entry.state is State.KEPT:
        return Verdict(Done.KEPT, entry.reason)
    if entry.state is State.PARKED:
        return Verdict(Done.PARKED, entry.reason)
    if entry.retry_at and entry.retry_at > now:
        return Verdict(Done.LATER, entry.reason)
    return Verdict(None)


def claim(owner: str, now: datetime) -> Claim:
    """A claim that no clock up to `SKEW` ahead sees end before `WORK` is over."""
    return Claim(owner=owner, until=now + WORK + SKEW)


def runs_short(held: Claim | None, now: datetime) -> bool:
    """Whether a call could outlive the claim, as seen by a clock that is `SKEW` ahead."""
    return held is None or now + CALL > held.until - SKEW


def next_try(attempts: int, now: datetime) -> datetime:
    """One minute after the first failure, then twice as long each time, at most six hours."""
    return now + min(_FIRST_WAIT * (1 << min(attempts, 20)), _LONGEST_WAIT)


def ours(found: Sequence[FoundPost], medium_id: str) -> FoundPost | None:
    """The medium's post: one that says so before one that only has the slug, the oldest first."""
    slug = captions.slug(medium_id)
    return min(
        found,
        key=lambda it: (revision_in(it.foot, medium_id) is None, it.slug != slug, it.created_at, it.id),
        default=None,
    )


def leftovers(found: Sequence[FoundPost], kept: FoundPost, entry: Entry) -> Iterator[FoundPost]:
    """Second posts that a try of ours made and could not take back: they carry our marker and a numbered
    slug, were made when that try was about to, and nobody has touched them since."""
    numbered = re.compile(rf"{re.escape(captions.slug(entry.id))}-\d+")
    for post in found:
        made_by_us = revision_in(post.foot, entry.id) and numbered.fullmatch(post.slug) and _untouched(post)
        if post.id != kept.id and made_by_us and _near(entry.put_at, post.created_at):
            yield post


def adopted(found: FoundPost, medium_id: str) -> BlogPost:
    """What to record of a post that is already there. If the owner has edited it, the recorded
    `updated_at` is the one from before, so that it is left alone from now on."""
    if not _untouched(found):
        found = found._replace(updated_at=found.created_at, content="")
    return recorded(found, revision_in(found.foot, medium_id) or "")


def recorded(found: FoundPost, rev: str) -> BlogPost:
    """What to record of a post that we have just written."""
    return BlogPost(
        id=found.id,
        url=found.url,
        slug=found.slug,
        status=found.status,
        updated_at=found.updated_at,
        rev=rev,
        content=found.content,
    )


def edited_by_owner(found: FoundPost, entry: Entry) -> bool:
    """Whether somebody changed what the post says since we last wrote it.

    Publishing it is no edit: that is what a draft is for. Our own update whose answer was lost also
    changed it; it is known by its marker, which only we move, and by its time.
    """
    if entry.post is None or _same(found, entry.post):
        return False
    rev = revision_in(found.foot, entry.id)
    return rev in {None, entry.post.rev} or not _near(entry.put_at, found.updated_at)


def _same(found: FoundPost, post: BlogPost) -> bool:
    # Ghost 6.65: an edit of the tags alone does not move `updated_at`.
    return found.content == post.content if post.content else found.updated_at == post.updated_at


def _untouched(found: FoundPost) -> bool:
    return abs(_time(found.updated_at) - _time(found.created_at)) <= _INSTANT


def _near(put_at: datetime | None, ghosts: str) -> bool:
    return put_at is not None and abs(_time(ghosts) - put_at) <= SKEW + 5 * CALL


def _time(ghosts: str) -> datetime:
    return datetime.fromisoformat(ghosts)
