"""What `photos` needs from the outside. Adapters and fakes implement these."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from everyday.photos.catalog import Entry, RunState, Work
from everyday.photos.model import Item, Medium


class Page(NamedTuple):
    """One page of a listing, newest first. `cursor` reads the next page; None means the list ended.

    `unreadable` names what was listed and could not be understood: a media id where there is one.
    `pause_until`: a rate limit is near, so this page is good and the next call must wait until then.
    """

    media: Sequence[Medium]
    cursor: str | None
    unreadable: Sequence[str] = ()
    pause_until: datetime | None = None


class Body(NamedTuple):
    """Bytes on their way: `length` as declared (None: unknown), `chunks` to be read once."""

    chunks: Iterator[bytes]
    content_type: str
    length: int | None


class Source(Protocol):
    """Where media come from: Instagram's API or a data export."""

    def page(self, cursor: str | None) -> Page:
        """One page of the listing.

        Raises SourceUnavailable, SourceThrottled, OwnerActionNeeded, ExportUnreadable; CursorRefused when
        the source no longer knows the cursor, so the walk must begin again.
        """
        ...

    def count(self) -> int | None:
        """How many media the source says it has; None when it cannot say."""
        ...

    def fresh(self, medium_id: str) -> Medium:
        """The medium with new addresses. Raises MediumGone and what `page` raises."""
        ...

    def open(self, item: Item, *, thumbnail: bool = False) -> AbstractContextManager[Body]:
        """The item's bytes. Raises MediumMissing, MediumExpired, MediumRefused, SourceUnavailable."""
        ...


class Refreshed(NamedTuple):
    """A token that Instagram lengthened; `expires_in` in seconds."""

    access_token: str
    expires_in: int

    def __repr__(self) -> str:
        return f"Refreshed(expires_in={self.expires_in})"


class Refresher(Protocol):
    """Lengthens a long-lived token. The old one stays valid until its own expiry."""

    def refresh(self, access_token: str) -> Refreshed:
        """Raises OwnerActionNeeded, SourceThrottled, SourceUnavailable; no message holds the token."""
        ...


class Stored(NamedTuple):
    """What the archive holds under a key: SHA-256 as hex, size in bytes."""

    sha256: str
    size: int


class Listed(NamedTuple):
    """One object of a listing; size in bytes."""

    key: str
    size: int


class Archive(Protocol):
    """A versioned object store. Keys are `/`-separated; nothing in it is ever overwritten but documents."""

    def put(self, key: str, body: Body) -> Stored:
        """Store the bytes under a key that does not exist yet, whole or not at all.

        An object already there is adopted: its own hash and size are returned and `body` is dropped.
        Errors that `body.chunks` raises pass through, and nothing is stored.
        """
        ...

    def read(self, key: str) -> tuple[bytes, str] | None:
        """A document and its tag, or None."""
        ...

    def write(self, key: str, document: bytes, *, tag: str | None) -> None:
        """Store a document if it still has `tag` (None: does not exist). Raises ArchiveConflict."""
        ...

    def open(self, key: str) -> AbstractContextManager[Body]:
        """An object's bytes. Raises ArchiveUnavailable; MediumMissing when there is no such object."""
        ...

    def list(self, prefix: str) -> Iterator[Listed]:
        """Every object under the prefix, by key, in any number of pages."""
        ...


class Catalog(Protocol):
    """The durable record of every medium. Each method is atomic on its own."""

    def get_many(self, ids: Sequence[str]) -> Mapping[str, Entry]:
        """The known ones among at most 100 ids, in one request where the store allows it."""
        ...

    def put(self, entry: Entry) -> Entry:
        """Store the entry if the stored version is `entry.version` (0: not there), and return it with its
        new version. Raises CatalogConflict when somebody else wrote it first."""
        ...

    def due(self, work: Work, *, now: datetime) -> Iterator[Entry]:
        """Entries that wait for `work` and whose `retry_at` has come, oldest medium first."""
        ...

    def timeline(self, *, since: datetime | None = None, until: datetime | None = None) -> Iterator[Entry]:
        """Entries by the time they were taken, newest first; both bounds inclusive."""
        ...

    def run_state(self) -> RunState: ...

    def put_run_state(self, state: RunState) -> RunState:
        """As `put`: conditional on the version. Raises CatalogConflict."""
        ...


class FoundPost(NamedTuple):
    """A post as the blog has it now. `foot` is its code injection footer, where our marker stands.

    `content` is a hash of what a reader sees: it moves when somebody edits the post, and not when it is
    published or gets another date or address.
    """

    id: str
    url: str
    slug: str
    status: str
    updated_at: str
    created_at: str
    foot: str
    content: str


class Draft(NamedTuple):
    """What we want the blog to hold. `html` is Ghost's `source=html`; dates are ISO 8601 in UTC.

    A post of one picture may also set `feature_image`. `foot` holds the marker of identity and revision.
    """

    slug: str
    title: str
    html: str
    status: str
    published_at: str
    tags: Sequence[str]
    authors: Sequence[str]
    canonical_url: str | None
    foot: str
    custom_excerpt: str | None = None
    feature_image: str | None = None
    feature_image_alt: str | None = None


class Blog(Protocol):
    """The owner's Ghost blog. All raise BlogUnavailable (effect unknown) and BlogKeyRefused."""

    def find(self, *, slug: str, marker: str) -> Sequence[FoundPost]:
        """Posts whose slug is `slug` or `slug-<n>`, or whose footer holds `marker`; oldest first."""
        ...

    def get(self, post_id: str) -> FoundPost:
        """Raises BlogPostGone."""
        ...

    def create(self, draft: Draft) -> FoundPost:
        """Never retried inside. Raises BlogRejected."""
        ...

    def update(self, post_id: str, draft: Draft, *, updated_at: str) -> FoundPost:
        """Replace title, html, tags and footer. Raises BlogCollision, BlogRejected, BlogPostGone."""
        ...

    def delete(self, post_id: str) -> None:
        """Delete a post; one already gone is no error."""
        ...

    def uploaded(self, name: str, *, begun_at: datetime, video: bool) -> str | None:
        """The address of a file of this name, begun at that time, if it is already there: look before
        uploading again."""
        ...

    def upload(self, name: str, path: str, *, content_type: str) -> str:
        """Upload a file from the local file system, streamed, and return its address.

        Never retried inside. Raises BlogRejected.
        """
        ...
