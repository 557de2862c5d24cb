"""The catalog: one entry a medium, and the pure transitions between its states.

LISTED ──▶ STORED ──▶ POSTING ──▶ POSTED ──▶ EDITED ──▶ POSTING …
   │          └▶ KEPT (never posted)   └▶ PARKED (cannot be posted; says why)
   └▶ (files missing or failed: stays LISTED, tried again at `retry_at`)

Entries carry a `version`; the store writes one only if the stored version is the one that was read.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from everyday.photos.model import BlogPost, MediaType, Origin, Section
from everyday.record import Record


class State(StrEnum):
    """Where a medium stands on its way from Instagram to the blog."""

    LISTED = "listed"
    STORED = "stored"
    POSTING = "posting"
    POSTED = "posted"
    EDITED = "edited"
    PARKED = "parked"
    KEPT = "kept"


class Work(StrEnum):
    """What is still to be done for an entry; the catalog's sparse index is by this word."""

    BACKUP = "backup"
    POST = "post"


_WORK = {
    State.LISTED: Work.BACKUP,
    State.STORED: Work.POST,
    State.POSTING: Work.POST,
    State.EDITED: Work.POST,
}


class Claim(Record, frozen=True, kw_only=True):
    """Who is posting this medium, and until when nobody else may."""

    owner: str
    until: datetime


class Upload(Record, frozen=True, kw_only=True):
    """One file on its way to the blog. Written before the upload (`url` None) and after it (`url` set),
    so a crash between leaves a trace of what may already be there. Sizes in pixels, as shown."""

    name: str
    begun_at: datetime
    url: str | None = None
    width: int | None = None
    height: int | None = None
    seconds: int | None = None


class Entry(Record, frozen=True, kw_only=True):
    """One medium in the catalog.

    `fingerprint` changes when the owner edits the medium on Instagram. `seen` is the id of the last complete
    walk that listed it. `same_as` names the entry that stands for this one on the blog. `size` is in bytes.
    `reason` says why it is parked, kept, or not yet stored. `caption_hash` and `hint` are for joining an
    export's media with the API's (see `photos.joining`).
    """

    id: str
    origin: Origin
    section: Section
    media_type: MediaType
    taken_at: datetime
    state: State
    fingerprint: str
    title: str = ""
    permalink: str | None = None
    files: int = 0
    size: int = 0
    attempts: int = 0
    retry_at: datetime | None = None
    reason: str | None = None
    claim: Claim | None = None
    uploads: dict[str, Upload] = msgspec.field(default_factory=dict)
    post: BlogPost | None = None
    put_at: datetime | None = None
    same_as: str | None = None
    gone_at: datetime | None = None
    seen: str | None = None
    caption_hash: str | None = None
    hint: str | None = None
    version: int = 0

    @property
    def work(self) -> Work | None:
        """What is still to be done; None keeps the entry out of the index."""
        return _WORK.get(self.state)


class Place(Record, frozen=True, kw_only=True):
    """Where a walk through the listing stopped: `cursor` None is the beginning, `walk` names the walk.

    `listed` counts what the walk has seen so far; `oldest` is the earliest medium it has seen.
    """

    walk: str
    complete: bool
    cursor: str | None = None
    listed: int = 0
    oldest: datetime | None = None


class RunState(Record, frozen=True, kw_only=True):
    """What one backup run leaves for the next.

    `paused_until`: a rate limit forbids calls until then. `retry_at`: the earliest entry that waits for
    another try (None: none waits). `complete_at`: when the last complete walk ended.
    `exports`: a data export was imported, so new API media are compared with its entries.
    """

    place: Place | None = None
    paused_until: datetime | None = None
    retry_at: datetime | None = None
    complete_at: datetime | None = None
    exports: bool = False
    version: int = 0
