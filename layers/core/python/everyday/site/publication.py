"""One folder on its way to become a release: what is known of it, whatever the manifest says."""

from datetime import datetime
from functools import cached_property

from msgspec.structs import replace

from everyday.errors import SiteBroken
from everyday.ports import Progress
from everyday.site.edge import Edge, Items, items
from everyday.site.inputs import digests, inputs
from everyday.site.keeping import RULES
from everyday.site.model import Manifest, Release, Revision, SiteRules
from everyday.site.names import short_hash
from everyday.site.plan import Wanted, wanted
from everyday.site.ports import Tree
from everyday.site.reports import Notes

_SHOWN = 10
_USUAL = SiteRules()
_NOT_OF_A_RELEASE = {
    name: getattr(_USUAL, name)
    for name in ("keep_releases", "keep_days", "invalidation_limit", "confirm_seconds")
}


class Publication:
    """Each thing is worked out when it is first asked for, and once."""

    def __init__(self, tree: Tree, rules: SiteRules, progress: Progress) -> None:
        self._tree, self._rules, self._progress = tree, rules, progress

    @cached_property
    def inputs(self) -> str:
        """The digest of everything that the release is made of. How long it is kept is no part of it."""
        return inputs(self._digests, replace(self._rules, **_NOT_OF_A_RELEASE))

    @cached_property
    def revision(self) -> Revision:
        from everyday.site import rev  # the parsers; when nothing changed nobody needs them

        return rev.rev(self._tree, self._rules.rev, digests=self._digests, progress=self._progress)

    @cached_property
    def goal(self) -> dict[str, Wanted]:
        """What the bucket must hold, by key. Raises SiteRefused."""
        return wanted(self.revision, self._rules)

    def refuse_broken(self) -> None:
        """Raises SiteBroken when pages name assets that are not there."""
        from everyday.site import rev

        broken = rev.broken(self.revision, self._rules.rev)
        if not broken:
            return
        lines = [f"{it.file}:{it.line}: {it.reference}" for it in broken[:_SHOWN]]
        more = f" and {len(broken) - _SHOWN} more" if len(broken) > _SHOWN else ""
        raise SiteBroken(
            f"{len(broken)} assets are missing: {'; '.join(lines)}{more}. Put them into the folder, or allow "
            "them by allow_missing"
        )

    def edge(self, release_id: str) -> Items:
        """What the edge is told of it under this id. Raises SiteRefused."""
        outputs = self.revision.outputs
        redirects, headers = (self._text(name) for name in RULES)
        return items(
            Edge(
                release=release_id,
                pages={it.path: short_hash(it.digest) for it in outputs if not it.renamed},
                renamed={it.source: it.path for it in outputs if it.renamed},
                redirects=redirects,
                headers=headers,
                spa=self._rules.spa,
                pretty=self._rules.pretty,
            )
        )

    def release(self, old: Manifest, told: Items, release_id: str, *, by: str, at: datetime) -> Release:
        """The next release."""
        outputs = self.revision.outputs
        return Release(
            id=release_id,
            number=old.last + 1,
            at=at,
            by=by,
            inputs=self.inputs,
            files=len(outputs),
            size=sum(it.size for it in outputs),
            edge_value=told.value,
            edge_keys=tuple(sorted(told.items)),
        )

    def notes(self, told: Items) -> Notes:
        it = self.revision
        return Notes(unresolved=it.unresolved, doubtful=it.doubtful, problems=(*it.problems, *told.problems))

    @cached_property
    def _digests(self) -> dict[str, bytes]:
        return digests(self._tree, progress=self._progress)

    def _text(self, name: str) -> str:
        return self._tree.read(name).decode("utf-8", "replace") if name in self._digests else ""
