"""What follows when a release is published: see that visitors get it, and delete what nobody needs."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from everyday.errors import SiteConflict, SiteUnconfirmed, Unavailable
from everyday.ports import Progress, TimeLeft, forever
from everyday.site.confirming import Patience, answers_with, is_invalidated, probe_of
from everyday.site.documents import Held, Manifests
from everyday.site.model import Release
from everyday.site.ports import Bucket, Cdn, Pointer, Visitor
from everyday.site.retention import delete_retired

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class World:
    """The outside of one site. `new_id` gives the random part of a release's id: lower-case letters and
    digits, hard to guess, for it opens a preview."""

    bucket: Bucket
    pointer: Pointer
    cdn: Cdn
    visitor: Visitor
    patience: Patience
    new_id: Callable[[], str]


class Afterwards:
    """Of one site. `limit_seconds`: how long to wait for visitors."""

    def __init__(self, world: World, manifests: Manifests, limit_seconds: float, progress: Progress) -> None:
        self._world, self._manifests = world, manifests
        self._limit_seconds, self._progress = limit_seconds, progress

    def confirm(
        self,
        held: Held,
        release: Release,
        *,
        invalidation: str | None = None,
        seconds: float | None = None,
        time_left: TimeLeft = forever,
    ) -> None:
        """See `Publishing.confirm`. Raises SiteUnconfirmed."""
        world, probe = self._world, probe_of(held.manifest, release)
        preview = release.number != held.manifest.live
        limit = self._limit_seconds if seconds is None else seconds
        self._progress.begin(f"waiting for {probe.path}", None)
        for _ in world.patience.turns(limit, time_left):
            there = answers_with(world.visitor, probe, release, preview=preview)
            if there and is_invalidated(world.cdn, invalidation):
                return self._delete_retired(held)
            self._progress.step(probe.path)
        if self._manifests.read().manifest.live not in {release.number, held.manifest.live}:
            return None  # another release went live meanwhile, and visitors get that
        raise SiteUnconfirmed(
            f"release {release.id} is published, but {probe.path} did not answer with it in time. Nothing "
            "has to be done again; look at the site in a few minutes"
        )

    def _delete_retired(self, held: Held) -> None:
        """What fails here is done after the next publication."""
        world = self._world
        try:
            new = delete_retired(world.bucket, world.pointer, held.manifest, world.patience.clock())
            if new:
                self._manifests.write(new, held)
        except (Unavailable, SiteConflict):
            log.warning(
                "what was retired is not deleted yet", extra={"site": held.manifest.site}, exc_info=True
            )
