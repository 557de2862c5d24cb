"""What a publication would do: the revved folder against the manifest. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from everyday.errors import SiteRefused
from everyday.record import Record
from everyday.site.headers import headers_of
from everyday.site.manifest import objects_of
from everyday.site.model import Headers, Manifest, Output, Revision, SiteRules, StoredObject
from everyday.site.names import ASSETS, PAGES, asset_key, page_key, source_of

_KEY_BYTES = 1024  # S3's limit
_ALWAYS = 2  # to read the manifest, to write it
_UNQUOTED = "/!$&'()+,;=:@~"  # RFC 3986's path, without `*`: an invalidation means many by it


class PlannedFile(Record, frozen=True):
    """A file of the site by its name in the owner's folder, and where the bucket keeps it."""

    path: str
    key: str
    size: int


class Plan(Record, frozen=True, kw_only=True, omit_defaults=False):
    """What would change for visitors, and what that takes.

    `new`, `changed`, `retired` (no longer in the folder): against the live release. `header_only`: the same
    content gets other headers. `uploads`: keys of what the bucket does not have; `headers`: what it has with
    other headers. `bytes`, `requests`: sent to the bucket.
    """

    new: tuple[PlannedFile, ...] = ()
    changed: tuple[PlannedFile, ...] = ()
    header_only: tuple[PlannedFile, ...] = ()
    unchanged: tuple[PlannedFile, ...] = ()
    retired: tuple[PlannedFile, ...] = ()
    uploads: tuple[str, ...] = ()
    headers: Mapping[str, Headers] = msgspec.field(default_factory=dict)
    bytes: int = 0
    requests: int = 1


class Wanted(NamedTuple):
    """What the bucket must hold of an output."""

    output: Output
    headers: Headers


def wanted(revision: Revision, rules: SiteRules) -> dict[str, Wanted]:
    """Everything that the bucket must hold for a release, by key. Raises SiteRefused for a name that is too
    long for S3."""
    made = {key_of(it): Wanted(it, headers_of(it, rules)) for it in revision.outputs}
    for key, (output, _) in made.items():
        if len(key.encode()) > _KEY_BYTES:
            raise SiteRefused(
                f"{output.source}: S3 takes names of 1,024 bytes, with {PAGES} and a hash in them"
            )
    return made


def key_of(output: Output) -> str:
    return asset_key(output.path) if output.renamed else page_key(output.path, output.digest)


def plan(revision: Revision, manifest: Manifest, rules: SiteRules) -> Plan:
    """Compare; what the manifest does not list counts as not there.

    Raises SiteRefused for a name that S3 cannot have, or that is taken by other content.
    """
    goal = wanted(revision, rules)
    uploads = tuple(key for key, it in goal.items() if _is_missing(key, it, manifest.objects))
    missing = frozenset(uploads)
    headers = {
        key: it.headers
        for key, it in goal.items()
        if key not in missing and manifest.objects[key].headers != it.headers
    }
    live = {source_of(key): (key, it.size) for key, it in objects_of(manifest, manifest.live)}
    return Plan(
        **_categories(goal, live, headers),
        uploads=uploads,
        headers=headers,
        bytes=sum(goal[key].output.size for key in uploads),
        requests=len(uploads) + len(headers) + _ALWAYS,
    )


def _is_missing(key: str, it: Wanted, objects: Mapping[str, StoredObject]) -> bool:
    known = objects.get(key)
    if known and known.digest != it.output.digest.hex():
        raise SiteRefused(
            f"{it.output.source}: its new name is taken by other content ({key}): two hashes of 50 bits are "
            "the same. Change anything in the file"
        )
    return known is None


def _categories(
    goal: Mapping[str, Wanted], live: Mapping[str, tuple[str, int]], headers: Mapping[str, Headers]
) -> dict[str, tuple[PlannedFile, ...]]:
    found: dict[str, list[PlannedFile]] = {
        name: [] for name in ("new", "changed", "header_only", "unchanged", "retired")
    }
    for key, (output, _) in goal.items():
        before = live.get(output.source)
        found[_category(key, before, headers)].append(PlannedFile(output.source, key, output.size))
    now = {it.output.source for it in goal.values()}
    found["retired"] = [PlannedFile(path, *it) for path, it in live.items() if path not in now]
    return {name: tuple(sorted(files, key=lambda it: it.path)) for name, files in found.items()}


def _category(key: str, before: tuple[str, int] | None, headers: Mapping[str, Headers]) -> str:
    if before is None:
        return "new"
    if before[0] != key:
        return "changed"
    return "header_only" if key in headers else "unchanged"


def invalidation(headers: Mapping[str, Headers], limit: int) -> Sequence[str]:
    """The paths whose cached copies have old headers, %-encoded: as visitors ask, and as the cache knows
    them. More than `limit` files: everything."""
    if len(headers) > limit:
        return ["/*"]
    seen = [key.removeprefix(ASSETS) if key.startswith(ASSETS) else source_of(key) for key in headers]
    return ["/" + quoted(path) for path in sorted({*seen, *headers})]


def invalidation_reference(headers: Mapping[str, Headers], changes: int) -> str:
    """The same for every attempt to make the same change."""
    document = msgspec.json.encode([changes, headers], order="deterministic")
    return hashlib.sha256(document).hexdigest()[:32]


def quoted(path: str) -> str:
    """A path of the site as an address has it."""
    return quote(path, safe=_UNQUOTED)
