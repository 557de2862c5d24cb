"""The use cases of a site: plan, publish, roll back, confirm, verify, list.

A publication stores what is missing (nothing that is there changes but for headers), writes the manifest on
condition that nobody else did since it was read, and then turns the edge's pointer. Cut off anywhere, it
leaves the old site whole; the next publication, of the same folder or of another one, finishes the work.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec.structs import replace

from everyday.errors import SiteConflict
from everyday.ports import Progress, Silent, TimeLeft, forever
from everyday.site import retention
from everyday.site.afterwards import Afterwards, World
from everyday.site.documents import Held, Manifests
from everyday.site.edge import LIVE, changes_of
from everyday.site.manifest import pointer_value, release_named
from everyday.site.model import Manifest, Release, SiteRules
from everyday.site.plan import Plan, invalidation, invalidation_reference, plan
from everyday.site.ports import Tree
from everyday.site.publication import Publication
from everyday.site.releases import released, rolled_back
from everyday.site.reports import Listed, Planned, Published
from everyday.site.storing import Storing
from everyday.site.verify import Verified, damaged, sizes_in, verify

__all__ = ["Publishing", "World"]


class Publishing:
    """One site's use cases. All raise BucketUnavailable and EdgeUnavailable; every call may be made again."""

    def __init__(self, site: str, rules: SiteRules, world: World, progress: Progress | None = None) -> None:
        self._site, self._rules, self._world = site, rules, world
        self._progress = progress or Silent()
        self._manifests = Manifests(site, world.bucket)
        self._afterwards = Afterwards(world, self._manifests, rules.confirm_seconds, self._progress)

    def plan(self, tree: Tree) -> Planned:
        """What `publish` would do. Raises SiteRefused."""
        manifest = self._manifests.read().manifest
        publication = self._publication(tree)
        if _same(manifest, publication.inputs, live=True):
            return Planned(site=self._site, same=True)
        planned = plan(publication.revision, manifest, self._rules)
        notes = publication.notes(publication.edge(self._new_id()))
        return Planned(site=self._site, plan=planned, notes=notes)

    def publish(
        self,
        tree: Tree,
        *,
        by: str,
        live: bool = True,
        repair: bool = False,
        wait: bool = True,
        time_left: TimeLeft = forever,
    ) -> Published:
        """Make the folder the live release; `live` False: a release that only its preview shows. `repair`:
        look into the bucket for what the manifest only believes to be there. `wait`: until visitors get it.

        Raises SiteBroken, SiteRefused; SiteConflict when other publishers are faster again and again;
        SiteUnconfirmed when it is published, and visitors do not get it in time.
        """
        publication, release_id = self._publication(tree), self._new_id()
        order = _Order(release_id, publication.inputs, by, live, repair)
        storing = Storing(self._world.bucket, tree, self._clock, self._progress, time_left)

        def attempt() -> _Done:
            old = self._manifests.read()
            same = None if repair else _same(old.manifest, order.inputs, live=live)
            if same:
                return self._pointed_again(old, same)
            storing.begin()
            return self._release(publication, storing, old, order)

        return self._finished(self._manifests.tried(attempt), wait, time_left)

    def rollback(self, release_id: str, *, wait: bool = True, time_left: TimeLeft = forever) -> Published:
        """Make a release live that is kept. Raises ReleaseUnknown, SiteConflict, SiteUnconfirmed."""

        def attempt() -> _Done:
            old = self._manifests.read()
            release = release_named(old.manifest, release_id)
            if release.number == old.manifest.live:
                return self._pointed_again(old, release)
            new = rolled_back(old.manifest, release, self._rules, self._clock())
            held = self._manifests.write(new, old)
            return self._done(held, release, told=self._told(old.manifest, new))

        return self._finished(self._manifests.tried(attempt), wait, time_left)

    def confirm(
        self,
        release_id: str,
        *,
        invalidation: str | None = None,
        seconds: float | None = None,
        time_left: TimeLeft = forever,
    ) -> None:
        """Wait until visitors get this release, or those of its preview when it is not live (any more), and
        caches have no old headers; then delete what has been retired for long enough. `seconds` None: as the
        rules say.

        Raises ReleaseUnknown; SiteUnconfirmed when the time is over.
        """
        held = self._manifests.read()
        release = release_named(held.manifest, release_id)
        self._afterwards.confirm(
            held, release, invalidation=invalidation, seconds=seconds, time_left=time_left
        )

    def releases(self) -> Sequence[Listed]:
        """What is kept, newest first."""
        manifest = self._manifests.read().manifest
        return [_listed(it, manifest.live) for it in reversed(manifest.releases)]

    def verify(self) -> Verified:
        """Compare the bucket and the edge with the manifest; changes nothing."""
        return verify(self._manifests.read().manifest, self._world.bucket, self._world.pointer)

    # One attempt

    def _release(self, publication: Publication, storing: Storing, old: Held, order: "_Order") -> "_Done":
        publication.refuse_broken()
        believed = self._believed(old.manifest, repair=order.repair)
        planned = plan(publication.revision, believed, self._rules)
        told = publication.edge(order.release_id)
        storing.store(planned, publication.goal)
        invalidation_id = self._invalidate(planned, old.manifest)
        release = publication.release(old.manifest, told, order.release_id, by=order.by, at=self._clock())
        new = released(old.manifest, release, publication.goal, told, live=order.live, rules=self._rules)
        held = self._manifests.write(new, old)
        return self._done(
            held,
            release,
            told=self._told(old.manifest, new),
            invalidation=invalidation_id,
            plan=planned,
            notes=publication.notes(told),
        )

    def _believed(self, manifest: Manifest, *, repair: bool) -> Manifest:
        """The manifest, when asked for without what the bucket does not really have."""
        if not repair:
            return manifest
        lost = damaged(manifest, sizes_in(self._world.bucket))
        return replace(manifest, objects={key: it for key, it in manifest.objects.items() if key not in lost})

    def _invalidate(self, planned: Plan, old: Manifest) -> str | None:
        """Before the manifest says that headers are changed: a run that is cut off here does both again."""
        if not planned.headers:
            return None
        paths = invalidation(planned.headers, self._rules.invalidation_limit)
        reference = invalidation_reference(planned.headers, old.changes)
        return self._world.cdn.invalidate(paths, reference=reference)

    def _pointed_again(self, held: Held, release: Release) -> "_Done":
        """Nothing is to be published; but a run that was cut off may not have told the edge."""
        manifest = held.manifest
        found = self._world.pointer.get(LIVE)
        if manifest.live and found == pointer_value(manifest):
            return self._done(held, release, same=True)
        if changes_of(found) > manifest.changes:
            raise SiteConflict("another publisher was faster")
        return self._done(held, release, told=self._told(None, manifest))

    def _told(self, old: Manifest | None, new: Manifest) -> bool:
        """Tell the edge. False: visitors get another release all the same, by a later publication."""
        if retention.point(self._world.pointer, old, new):
            return True
        return self._manifests.read().manifest.live == new.live

    # Afterwards

    def _finished(self, done: "_Done", wait: bool, time_left: TimeLeft) -> Published:
        published = done.published
        if wait and not published.same and not published.superseded:
            self._afterwards.confirm(
                done.held, done.release, invalidation=published.invalidation, time_left=time_left
            )
        return published

    def _publication(self, tree: Tree) -> Publication:
        return Publication(tree, self._rules, self._progress)

    def _new_id(self) -> str:
        return f"{self._clock():%Y%m%d-%H%M%S}-{self._world.new_id()}"

    def _clock(self) -> datetime:
        return self._world.patience.clock()

    def _done(self, held: Held, release: Release, *, told: bool = True, **more: Any) -> "_Done":
        live = release.number == held.manifest.live
        published = Published(
            site=self._site,
            release=release.id,
            number=release.number,
            live=live,
            superseded=live and not told,
            **more,
        )
        return _Done(published, held, release)


class _Done(NamedTuple):
    published: Published
    held: Held
    release: Release


class _Order(NamedTuple):
    release_id: str
    inputs: str
    by: str
    live: bool
    repair: bool


def _same(manifest: Manifest, inputs: str, *, live: bool) -> Release | None:
    """The release that is what would be published: the live one, for a preview any."""
    wanted = {manifest.live} if live else {it.number for it in manifest.releases}
    return next(
        (it for it in reversed(manifest.releases) if it.number in wanted and it.inputs == inputs), None
    )


def _listed(release: Release, live: int) -> Listed:
    return Listed(
        id=release.id,
        number=release.number,
        at=release.at,
        by=release.by,
        files=release.files,
        size=release.size,
        live=release.number == live,
    )
