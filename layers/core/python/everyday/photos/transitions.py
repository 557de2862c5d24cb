"""How backup changes an entry of the catalog. All functions here are pure; storing and states are

LISTED ──▶ STORED or KEPT or PARKED        all its files are in the archive
LISTED ──▶ LISTED, later `retry_at`        some are not
POSTED ──▶ EDITED                          Instagram says something else than before
any    ──▶ the same, marked gone           a whole listing lacks it, and Instagram confirms
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from everyday.photos.captions import title
from everyday.photos.catalog import Entry, State
from everyday.photos.fingerprint import fingerprint
from everyday.photos.joining import Match, Verdict, caption_hash
from everyday.photos.model import Medium, Sidecar

_FIRST_WAIT = timedelta(hours=1)
_LONGEST_WAIT = timedelta(days=7)
_LOST = "deleted on Instagram before all of it was saved"
_UNPOSTED = "deleted on Instagram before it was posted"


class Holding(NamedTuple):
    """How a medium is held once all its files are stored."""

    state: State
    reason: str | None = None
    same_as: str | None = None


def holding(
    medium: Medium, verdict: Verdict, known: Sidecar | None, *, post_since: datetime | None
) -> Holding:
    """Whether the medium may go on to the blog. What an earlier run wrote in the sidecar stands, even after
    the catalog was lost."""
    if verdict.match is Match.SAME:
        return Holding(State.KEPT, f"the same post: {verdict.reason}", verdict.entry_id)
    if known is not None and known.same_as:
        return Holding(State.KEPT, f"the same post as {known.same_as}", known.same_as)
    if known is not None and known.doubt:
        return Holding(State.PARKED, known.doubt)
    if not medium.section.postable:
        return Holding(State.KEPT, f"{medium.section.value}: backed up, never posted")
    if verdict.match is Match.WEAK:
        return Holding(State.PARKED, f"perhaps the same post as another: {verdict.reason}")
    if post_since is not None and medium.taken_at < post_since:
        return Holding(State.KEPT, f"taken before {post_since:%Y-%m-%d}, from when posts are made")
    return Holding(State.STORED)


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failures: an hour, doubled each time, a week at most."""
    return min(_FIRST_WAIT * (1 << min(max(attempts - 1, 0), 10)), _LONGEST_WAIT)


def described(entry: Entry | None, medium: Medium, *, walk: str) -> Entry:
    """The entry with what the source says now; an unknown medium begins as LISTED."""
    known = entry or Entry(
        id=medium.id,
        origin=medium.origin,
        section=medium.section,
        media_type=medium.media_type,
        taken_at=medium.taken_at,
        state=State.LISTED,
        fingerprint="",
    )
    return replace(
        known,
        section=medium.section,
        media_type=medium.media_type,
        taken_at=medium.taken_at,
        fingerprint=fingerprint(medium),
        title=title(medium.caption, medium),
        permalink=medium.permalink,
        caption_hash=caption_hash(medium.caption),
        hint=medium.hint,
        gone_at=None,
        seen=walk,
    )


def stored(entry: Entry | None, medium: Medium, held: Holding, *, files: int, size: int, walk: str) -> Entry:
    """The entry after the archive holds all of the medium. `size` in bytes."""
    new = replace(described(entry, medium, walk=walk), files=files, size=size)
    # A medium that was gone may be kept for that reason alone; now that it is back, it is judged anew.
    back = entry is not None and entry.state is State.KEPT and entry.gone_at is not None
    if entry is None or entry.state is State.LISTED or back:
        return replace(
            new, state=held.state, reason=held.reason, same_as=held.same_as, attempts=0, retry_at=None
        )
    if entry.state is State.POSTED and entry.fingerprint != new.fingerprint:
        return replace(new, state=State.EDITED)
    return new


def failed(entry: Entry | None, medium: Medium, reason: str, *, now: datetime, walk: str) -> Entry:
    """The entry after some of its files could not be stored.

    What was stored once keeps its state and its fingerprint, so that the next listing tries again.
    """
    if entry is not None and entry.state is not State.LISTED:
        return entry
    return postponed(described(entry, medium, walk=walk), reason, now=now)


def postponed(entry: Entry, reason: str, *, now: datetime) -> Entry:
    """A LISTED entry after one more failure; any other stays as it is."""
    if entry.state is not State.LISTED:
        return entry
    attempts = entry.attempts + 1
    return replace(entry, attempts=attempts, reason=reason, retry_at=now + wait_after(attempts))


def gone(entry: Entry, *, at: datetime, sidecar: Sidecar | None = None) -> Entry:
    """The entry of a medium found deleted on Instagram; what is not yet stored never will be.

    `sidecar`: what the archive holds of it, which a run that died may not have noted.
    """
    if entry.gone_at is not None:
        return entry
    marked = replace(entry, gone_at=at)
    if entry.state is not State.LISTED:
        return marked
    files = sidecar.files if sidecar else ()
    reason = _UNPOSTED if sidecar and files and not sidecar.missing else _LOST
    size = sum(file.size for file in files)
    return replace(marked, state=State.KEPT, reason=reason, retry_at=None, files=len(files), size=size)


def seen(entry: Entry, *, walk: str) -> Entry:
    """The entry after a complete walk listed it, unchanged."""
    return replace(entry, seen=walk)
