"""What `photos` knows: a medium as the source describes it, and as the archive holds it.

Words are Instagram's: a *medium* is one post, reel or story; a carousel has several *items*
(one picture or video each), any other medium has one.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from everyday.record import Record


class MediaType(StrEnum):
    """Instagram's `media_type`."""

    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    CAROUSEL_ALBUM = "CAROUSEL_ALBUM"


class Section(StrEnum):
    """Where the owner put the medium. Only posts and reels may ever be posted on the blog."""

    POST = "post"
    REEL = "reel"
    STORY = "story"
    ARCHIVED = "archived"
    PROFILE = "profile"

    @property
    def postable(self) -> bool:
        """Stories, archived posts and profile pictures are backed up and never posted."""
        return self in {Section.POST, Section.REEL}


class Origin(StrEnum):
    """Which source described the medium."""

    API = "api"
    EXPORT = "export"


class Item(Record, frozen=True, kw_only=True):
    """One picture or video of a medium. `position` counts from 1 in display order.

    `url` is where its bytes are now: a signed https address (API) or a member path (export); None when
    the source has none. Addresses expire, so they are never stored (see `Medium.without_addresses`).
    """

    position: int
    video: bool = False
    url: str | None = None
    thumbnail_url: str | None = None
    source_id: str | None = None
    alt_text: str | None = None


class Medium(Record, frozen=True, kw_only=True):
    """One Instagram post, reel or story.

    `id` is Instagram's numeric media id, or `export-<16 hex>` when only the data export knows the medium.
    `taken_at` is aware and in UTC. `caption` is plain text, "" when there is none.
    `said` is everything the source said, as it said it.
    `hint` is the media id that the export's file name suggests: a hint for joining, never an identity.
    """

    id: str
    origin: Origin
    section: Section
    media_type: MediaType
    taken_at: datetime
    items: tuple[Item, ...]
    caption: str = ""
    permalink: str | None = None
    username: str | None = None
    hint: str | None = None
    said: dict[str, Any] = msgspec.field(default_factory=dict)

    def without_addresses(self) -> "Medium":
        """The medium as it may be stored: item addresses expire and are left out."""
        bare = tuple(msgspec.structs.replace(item, url=None, thumbnail_url=None) for item in self.items)
        return msgspec.structs.replace(self, items=bare)


_WEB_PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"})


class StoredFile(Record, frozen=True, kw_only=True):
    """One file in the medium's archive folder: `name` such as `1.jpg` or `1.thumbnail.jpg`; size in bytes."""

    name: str
    position: int
    sha256: str
    size: int
    content_type: str
    thumbnail: bool = False

    @property
    def is_web_picture(self) -> bool:
        """Whether browsers show it in an `<img>`: HEIC, for one, they do not."""
        return self.content_type in _WEB_PICTURES


class MissingFile(Record, frozen=True, kw_only=True):
    """An item whose bytes the source did not give, and why."""

    position: int
    reason: str


class Revision(Record, frozen=True, kw_only=True):
    """What the source said before it said something else."""

    until: datetime
    medium: Medium


class Sidecar(Record, frozen=True, kw_only=True):
    """`media.json`: everything the archive knows of one medium. Its files are listed, with hashes.

    `revisions` holds earlier descriptions, oldest first. `gone_at` is when the medium was found deleted
    on Instagram; nothing is ever deleted here. `same_as` names the medium that stands for this one on the
    blog, and `doubt` says why it may not be posted without the owner: both keep a rebuilt catalog from
    posting one picture twice.
    """

    medium: Medium
    archived_at: datetime
    files: tuple[StoredFile, ...] = ()
    missing: tuple[MissingFile, ...] = ()
    revisions: tuple[Revision, ...] = ()
    gone_at: datetime | None = None
    same_as: str | None = None
    doubt: str | None = None
    version: int = 1


class BlogPost(Record, frozen=True, kw_only=True):
    """The blog's post of one medium. `updated_at` is Ghost's, verbatim; `rev` is what we last wrote.

    `content` is the hash of what the blog made of it (see FoundPost); "" when nobody knows.
    """

    id: str
    url: str
    slug: str
    status: str
    updated_at: str
    rev: str
    content: str = ""
