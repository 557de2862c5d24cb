"""What `site` knows: the files of a folder, what revving makes of them, what is published.

An *asset* is renamed after its content and never changes; a *page* is every file that keeps its address
(HTML, robots.txt, favicon.ico, a service worker, what the owner keeps). Paths are relative to the site's
root, with `/`, as they stand in the file system (not %-encoded). Digests are SHA-256. Sizes are bytes; times
are aware and in UTC.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from everyday.record import Record


class RevRules(Record, frozen=True, kw_only=True):
    """The owner's rules for revving.

    `keep`: patterns of files that keep their names, besides the usual ones (see `keeping`). `rename_html`:
    pages are renamed too, but for those that a folder's address or an error shows (`index.html`, `404.html`).
    `allow_missing`: patterns of assets that may be missing; `*` for all. `origin`: the site's own address,
    such as `https://example.com`: absolute addresses under it are the site's own files.
    """

    keep: tuple[str, ...] = ()
    rename_html: bool = False
    allow_missing: tuple[str, ...] = ()
    origin: str | None = None


class SiteRules(Record, frozen=True, kw_only=True):
    """The owner's rules for one site.

    `spa`: a navigation to an unknown path shows `/index.html`. `pretty`: `/about` and `/about/` show
    `about.html` or `about/index.html`. `cache_control`: patterns of paths with the header that they get, the
    first that fits, before the usual ones. A release is kept while it is among the `keep_releases` newest or
    younger than `keep_days`, and always while it is live. `invalidation_limit`: more changed paths than these
    become one `/*`.
    """

    rev: RevRules = RevRules()
    spa: bool = False
    pretty: bool = True
    cache_control: tuple[tuple[str, str], ...] = ()
    keep_releases: int = 10
    keep_days: int = 30
    invalidation_limit: int = 15
    confirm_seconds: int = 300


class Edit(msgspec.Struct, frozen=True, array_like=True):
    """Put `text` in the place of the bytes from `start` to `end`; a name's hash goes where both are one."""

    start: int
    end: int
    text: bytes


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the revved site: `path` is its new name, `source` its old one, `digest` that of its content
    after the edits. `renamed` False: a page, `path` is `source`."""

    path: str
    source: str
    size: int
    digest: bytes
    renamed: bool
    edits: tuple[Edit, ...] = ()


class Unresolved(msgspec.Struct, frozen=True, order=True):
    """A reference to a file of the site that is not there. `asset`: a page fetches it, so the page is broken;
    else it is a link. `line` counts from 1."""

    file: str
    line: int
    reference: str
    asset: bool


class Doubtful(msgspec.Struct, frozen=True, order=True):
    """A script's string that begins the names of renamed files, such as `"img/"`: if the script makes
    addresses of it when it runs, those files must keep their names. `files` counts them."""

    file: str
    line: int
    text: str
    files: int


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """A revved site: outputs by path. `problems` are mistakes in the site that revving cannot follow, such as
    an `integrity` of a file in its own cycle: said to the owner, never silently wrong."""

    outputs: tuple[Output, ...]
    unresolved: tuple[Unresolved, ...] = ()
    doubtful: tuple[Doubtful, ...] = ()
    problems: tuple[str, ...] = ()


class Headers(Record, frozen=True):
    """What the bucket says of an object, and CloudFront passes on."""

    content_type: str
    cache_control: str


class StoredObject(Record, frozen=True, array_like=True):
    """An object of the bucket. `digest` is hexadecimal. `uses`: the numbers of the releases that need it, as
    pairs of first and last; the last pair's end is 0 while the newest release (live or not) needs it."""

    digest: str
    size: int
    headers: Headers
    uses: tuple[tuple[int, int], ...]


class Release(Record, frozen=True, kw_only=True):
    """One publication. `number` counts up from 1 and never twice; `id` is its name for people, and hard to
    guess. `inputs` is the digest of everything it was made of: the same inputs make the same release.
    `size`, `files`: of the whole site. `edge_keys`: what the edge keeps for it. `by`: who published.
    """

    id: str
    number: int
    at: datetime
    by: str
    inputs: str
    files: int
    size: int
    edge_value: str
    edge_keys: tuple[str, ...] = ()


class Manifest(Record, frozen=True, kw_only=True):
    """What a site's bucket holds, and which release is live: the one document that publishers agree on.

    `live` is a release's number, 0: nothing yet. `changes` counts the writes of this document that the edge
    must hear of; its pointer carries the number, so that a slower publisher never points it back. `last`: the
    highest number given. `edge`: what the edge keeps for all these releases, values by key; it can be told
    anew from here at any time. `retired`, `edge_retired`: objects and keys that no kept release uses, with
    the time since when; they count as not there, and are deleted later (see `retention`).
    """

    site: str
    version: int = 1
    changes: int = 0
    live: int = 0
    last: int = 0
    releases: tuple[Release, ...] = ()
    objects: Mapping[str, StoredObject] = {}
    edge: Mapping[str, str] = {}
    retired: Mapping[str, datetime] = {}
    edge_retired: Mapping[str, datetime] = {}
