"""The main job of `site` in local mode: push the example sites as zips and await their pipelines."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from everyday import site_wiring
from everyday.adapters.site_zip import pack
from everyday.ports import Progress, Silent
from everyday.site.pushing import Pushed, Pusher, PushState
from everyday_local.errors import LocalError
from everyday_local.folder import PROJECT
from everyday_local.site_visit import Seen, visit
from stacks.site_outputs import SiteOutput, sites
from stacks.site_table import EXAMPLES

if TYPE_CHECKING:
    import boto3

FOLDER = PROJECT / "examples" / "sites"


class SiteSummary(msgspec.Struct, frozen=True):
    """What visitors get of the example sites. `published`: those whose first page says a release; `files`:
    what was asked for, the pages and all that they name; `broken`: those of them that are not there."""

    sites: int
    published: int
    files: int
    broken: int


def summary(seen: Iterable[Seen]) -> SiteSummary:
    """Count what was seen."""
    known = list(seen)
    return SiteSummary(
        sites=len(known),
        published=sum(bool(each.release) for each in known),
        files=sum(each.files for each in known),
        broken=sum(len(each.broken) for each in known),
    )


class SiteJob:
    """Publishes the example sites, side by side. `outputs` are the stacks' outputs."""

    def __init__(
        self, session: "boto3.Session", outputs: Mapping[str, str], progress: Progress, *, edge_url: str
    ) -> None:
        self._session = session
        self._progress = progress
        self._edge_url = edge_url
        self._sites = [each for name, each in sites(outputs).items() if name in EXAMPLES]

    def run(self) -> SiteSummary:
        """Push what is not published yet, wait until all is, and look. Raises LocalError: why not."""
        self._progress.begin("Publishing the example sites", len(self._sites))
        with ThreadPoolExecutor(len(self._sites) or 1) as pool:
            return summary(pool.map(self._publish, self._sites))

    def _publish(self, place: SiteOutput) -> Seen:
        site = place.settings
        pusher = site_wiring.pusher(site, place.uploads, place.upload_key, place.pipeline, self._session)
        with TemporaryDirectory(prefix="everyday-push-") as scratch:
            archive = Path(scratch) / "site.zip"
            pack(FOLDER / site.site, archive)
            self._push(pusher, archive, place)
        seen = visit(site.site_url, self._edge_url)
        self._progress.step(site.site)
        return seen

    def _push(self, pusher: Pusher, archive: Path, place: SiteOutput) -> None:
        """Unless just this was pushed last, and visitors have it."""
        pushed = pusher.known(archive)
        if pushed and pushed.state is PushState.UNKNOWN:
            pushed = pusher.follow(pushed, Silent())
        shown = pushed and pushed.state is PushState.PUBLISHED
        if not (shown and visit(place.settings.site_url, self._edge_url).release):
            _demand(pusher.follow(pusher.push(archive), Silent()))


def _demand(pushed: Pushed) -> None:
    if pushed.state not in {PushState.PUBLISHED, PushState.FOLLOWED}:
        raise LocalError(
            f"the pipeline of the site {pushed.site} {_ended(pushed)}. Look at logs/pipeline.log and, "
            "for what the function said, logs/ministack.log in the folder of `everyday local status`, "
            "then run the command again"
        )


def _ended(pushed: Pushed) -> str:
    if pushed.state is PushState.UNKNOWN:
        return "has not come to an end"
    return f"failed: {pushed.said or 'it gave no reason'}"
