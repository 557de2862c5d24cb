"""The use case behind `photos backup`: everything the source has, in the archive and in the catalog."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from everyday.photos.catalog import Place, RunState, Work
from everyday.photos.journal import Journal
from everyday.photos.listing import Listing
from everyday.photos.model import Origin
from everyday.photos.options import BackupOptions
from everyday.photos.ports import Archive, Catalog, Source
from everyday.photos.records import Records
from everyday.photos.report import BackupPlan, BackupReport
from everyday.photos.run import Run
from everyday.photos.storing import Storing
from everyday.photos.walk import Ending, Find, is_walk_due
from everyday.ports import Clock, Events, Progress, Silent, TimeLeft, forever

__all__ = ["Backup", "BackupOptions", "BackupPlan", "BackupReport"]

_OVER = "another run has ended that walk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """Backs up a source. Runs may overlap or die at any point: every effect is conditional and repeatable.

    `new_id` returns a new random id at every call.
    """

    source: Source
    archive: Archive
    catalog: Catalog
    events: Events
    clock: Clock
    options: BackupOptions
    new_id: Callable[[], str]

    def run(
        self, *, time_left: TimeLeft = forever, progress: Progress | None = None, walk: str | None = None
    ) -> BackupReport:
        """Go on where the last run stopped, then look at the newest media, then try again what is due.

        Near the end of its time it saves its place, publishes `backup.continue` and reports `more`. `walk`:
        only go on with that walk, as `backup.continue` asks; nothing is done when it has ended.

        One medium's failure never ends a run. Raises, with the place saved: OwnerActionNeeded,
        SourceUnavailable and other SourceErrors; Unavailable when too many media in a row met one.
        """
        journal = Journal(self.catalog)
        if paused := self._paused(journal.state):
            return BackupReport(paused_until=paused, note=Ending.PAUSE.value)
        place = journal.state.place
        if walk is not None and (place is None or place.walk != walk):
            return BackupReport(note=_OVER)
        run = Run(
            source=self.source,
            catalog=self.catalog,
            events=self.events,
            clock=self.clock,
            options=self.options,
            storing=self._storing(),
            journal=journal,
            time_left=time_left,
            progress=progress or Silent(),
        )
        return run.execute(self._places(lambda: journal.state))

    def plan(self) -> BackupPlan:
        """What a run would do now. Reads the listing and the catalog, changes nothing. Raises as `run`."""
        state = self.catalog.run_state()
        if paused := self._paused(state):
            return BackupPlan(paused_until=paused, note=Ending.PAUSE.value)
        found: dict[Find, dict[str, None]] = defaultdict(dict)
        unreadable: dict[str, None] = {}
        for place in self._places(lambda: state):
            listing = Listing(self.source, self.catalog, self.clock, lambda: None)
            for turn in listing.turns(place):
                unreadable.update(dict.fromkeys(turn.unreadable))
                for sight in turn.sights:
                    found[sight.find][sight.medium.id] = None
        found[Find.RETRY].update(dict.fromkeys(self._due(state)))
        return BackupPlan(
            listed=len(unreadable) + sum(len(ids) for find, ids in found.items() if find is not Find.RETRY),
            new=tuple(found[Find.NEW]),
            edited=tuple(found[Find.EDITED]),
            returned=tuple(found[Find.RETURNED]),
            retry=tuple(found[Find.RETRY]),
            waiting=tuple(found[Find.WAITING]),
            unreadable=tuple(unreadable),
            unchanged=len(found[Find.KNOWN]) + len(found[Find.OURS]),
            complete=place.complete,
            paused_until=listing.paused_until,
            note=None if listing.ending.over else listing.ending.value,
        )

    def _paused(self, state: RunState) -> datetime | None:
        until = state.paused_until if self.options.origin is Origin.API else None
        return until if until is not None and until > self.clock() else None

    def _places(self, state: Callable[[], RunState]) -> Iterator[Place]:
        """Where to walk from: the saved place, if there is one, and then, on what that left, the top."""
        api = self.options.origin is Origin.API
        if api and (saved := state().place):
            yield saved
            if saved.cursor is None:
                return
        due = is_walk_due(state(), now=self.clock(), walk_days=self.options.walk_days)
        yield Place(walk=self.new_id(), complete=not api or self.options.complete or due)

    def _due(self, state: RunState) -> Iterator[str]:
        now = self.clock()
        if self.options.origin is Origin.API and state.retry_at is not None and state.retry_at <= now:
            yield from (it.id for it in self.catalog.due(Work.BACKUP, now=now) if it.origin is Origin.API)

    def _storing(self) -> Storing:
        return Storing(
            source=self.source,
            archive=self.archive,
            records=Records(self.archive, self.catalog),
            clock=self.clock,
            max_file_bytes=self.options.max_file_bytes,
            post_since=self.options.post_since,
        )
