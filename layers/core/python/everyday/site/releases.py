"""What each publication makes of the manifest. Pure.

A release is kept while it is live, among the newest, or young; what no kept release uses is *retired*: gone
from the manifest's objects, so that whoever needs it again stores it again, and deleted later (`retention`).
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from everyday.site.edge import Items
from everyday.site.model import Manifest, Release, SiteRules, StoredObject
from everyday.site.plan import Wanted

YOUNGEST = timedelta(hours=1)
"""A release is kept so long in any case: somebody has a page of it open, which still asks for its assets."""


def released(
    old: Manifest,
    release: Release,
    goal: Mapping[str, Wanted],
    edge: Items,
    *,
    live: bool,
    rules: SiteRules,
) -> Manifest:
    """The manifest with one release more, whose number is the next; `live`: visitors shall get it."""
    number = release.number
    objects = {key: _not_used(it, old.last) for key, it in old.objects.items() if key not in goal}
    objects |= {key: _used(old.objects.get(key), it, number) for key, it in goal.items()}
    new = replace(
        old,
        changes=old.changes + 1,
        live=number if live else old.live,
        last=number,
        releases=(*old.releases, release),
        objects=objects,
        edge={**old.edge, **edge.items},
        retired={key: at for key, at in old.retired.items() if key not in goal},
        edge_retired={key: at for key, at in old.edge_retired.items() if key not in edge.items},
    )
    return tidied(new, rules, release.at)


def rolled_back(old: Manifest, release: Release, rules: SiteRules, now: datetime) -> Manifest:
    """The manifest with one of its releases live."""
    return tidied(replace(old, changes=old.changes + 1, live=release.number), rules, now)


def tidied(manifest: Manifest, rules: SiteRules, now: datetime) -> Manifest:
    """The manifest without the releases that are no longer kept; what only they used is retired."""
    releases = kept(manifest, rules, now)
    if len(releases) == len(manifest.releases):
        return manifest
    numbers = sorted(it.number for it in releases)
    objects = {key: _trimmed(it, numbers, manifest.last) for key, it in manifest.objects.items()}
    needed = {key for it in releases for key in it.edge_keys}
    return replace(
        manifest,
        releases=releases,
        objects={key: it for key, it in objects.items() if it.uses},
        retired={**manifest.retired, **{key: now for key, it in objects.items() if not it.uses}},
        edge={key: value for key, value in manifest.edge.items() if key in needed},
        edge_retired={**manifest.edge_retired, **{key: now for key in manifest.edge if key not in needed}},
    )


def kept(manifest: Manifest, rules: SiteRules, now: datetime) -> tuple[Release, ...]:
    """The releases that stay, oldest first."""
    newest = {it.number for it in manifest.releases[-max(1, rules.keep_releases) :]}
    since = now - max(timedelta(days=rules.keep_days), YOUNGEST)
    return tuple(
        it for it in manifest.releases if it.number == manifest.live or it.number in newest or it.at > since
    )


def forgotten(manifest: Manifest, keys: Iterable[str], edge_keys: Iterable[str]) -> Manifest:
    """The manifest after these were deleted. The edge need not hear of it."""
    gone, gone_edge = frozenset(keys), frozenset(edge_keys)
    return replace(
        manifest,
        retired={key: at for key, at in manifest.retired.items() if key not in gone},
        edge_retired={key: at for key, at in manifest.edge_retired.items() if key not in gone_edge},
    )


def _used(known: StoredObject | None, it: Wanted, number: int) -> StoredObject:
    uses = known.uses if known else ()
    if not uses or uses[-1][1]:
        uses = (*uses, (number, 0))
    return StoredObject(it.output.digest.hex(), it.output.size, it.headers, uses)


def _not_used(it: StoredObject, last: int) -> StoredObject:
    *earlier, (first, end) = it.uses
    return it if end else replace(it, uses=(*earlier, (first, last)))


def _trimmed(it: StoredObject, numbers: Sequence[int], last: int) -> StoredObject:
    uses = tuple(pair for pair in it.uses if _any_between(numbers, pair[0], pair[1] or last))
    return it if len(uses) == len(it.uses) else replace(it, uses=uses)


def _any_between(numbers: Sequence[int], first: int, last: int) -> bool:
    at = bisect_left(numbers, first)
    return at < len(numbers) and numbers[at] <= last
