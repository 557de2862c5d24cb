"""One run of a backup: leads the walk, hands media to the crew, and saves how far it came."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from everyday.errors import EverydayError, SourceThrottled
from everyday.photos.announcer import Announcer
from everyday.photos.catalog import Entry, Place
from everyday.photos.crew import Crew
from everyday.photos.frontier import Frontier, Mark
from everyday.photos.job import Job, Outcome
from everyday.photos.journal import Journal, earliest
from everyday.photos.listing import Listing, Turn
from everyday.photos.model import Origin
from everyday.photos.nearby import Near, nearby
from everyday.photos.options import BackupOptions
from everyday.photos.ports import Catalog, Source
from everyday.photos.report import BackupReport, Tally
from everyday.photos.second_look import SecondLook
from everyday.photos.storing import Storing
from everyday.photos.walk import Ending, Find, Sight, completed, may_continue, was_seen_whole
from everyday.ports import Clock, Events, Progress, TimeLeft

log = logging.getLogger(__name__)

_EVENTS_AT_ONCE = 10  # EventBridge takes ten in one request
_TOO_FEW = "Instagram lists fewer media than it counts, so none was marked as deleted"


class Run:
    """One run. Its methods are for one thread, but for `_settled`, which the crew's threads call."""

    def __init__(
        self,
        *,
        source: Source,
        catalog: Catalog,
        events: Events,
        clock: Clock,
        options: BackupOptions,
        storing: Storing,
        journal: Journal,
        time_left: TimeLeft,
        progress: Progress,
    ) -> None:
        self._source = source
        self._catalog = catalog
        self._clock = clock
        self._options = options
        self._journal = journal
        self._time_left = time_left
        self._progress = progress
        self._tally = Tally()
        self._crew = Crew(storing, self._settled, concurrency=options.concurrency)
        self._second_look = SecondLook(source, catalog, storing, self._tally)
        self._announcer = Announcer(events)
        self._frontier = Frontier()
        self._api = options.origin is Origin.API
        self._begun = journal.state.place
        self._opened = self._yielded = self._complete = False
        self._ending = Ending.END
        self._paused_until: datetime | None = None
        self._note: str | None = None

    def execute(self, places: Iterable[Place]) -> BackupReport:
        """Walk from each of the places, then try again what is due. See `Backup.run`."""
        self._progress.begin("Backing up", None)
        try:
            with self._crew:
                for place in places:
                    self._ending = self._walk(place)
                    if not self._ending.over:
                        break
                else:
                    self._retry()
        finally:
            self._announcer.stored(self._tally.to_tell())
        self._pause()
        self._tally.raise_trouble(failing=self._ending is Ending.FAILING)
        return self._report(more=self._continue())

    def _walk(self, place: Place) -> Ending:
        """One walk. Whatever ends it, the place where another run may go on is saved."""
        self._frontier = Frontier()
        self._opened = self._journal.holds(place)
        listing = Listing(self._source, self._catalog, self._clock, self._stop)
        after = resume = place
        try:
            for turn in listing.turns(place):
                after = turn.after
                resume = after if after.cursor else turn.before
                self._take(turn)
                self._save(resume)
            self._drain(self._stop() or listing.ending)
            ending = self._close(after, listing.ending)
            self._paused_until = listing.paused_until
        except SourceThrottled as error:
            self._paused_until, ending = error.retry_at, Ending.PAUSE
        except EverydayError:
            self._crew.drain()
            self._save(resume)
            raise
        if not ending.over:
            self._save(resume)
        return ending

    def _take(self, turn: Turn) -> None:
        """Hand over what calls for work, and count the rest."""
        self._tally.see(turn.sights, turn.unreadable)
        calling = [sight for sight in turn.sights if self._calls(sight, turn.before)]
        if calling and self._open(turn.before):
            self._take_all(calling, turn.before)
            self._announcer.stored(self._tally.to_tell(at_least=_EVENTS_AT_ONCE))

    def _take_all(self, sights: Sequence[Sight], place: Place) -> None:
        page = self._frontier.begin(place)
        near = self._nearby(sights)
        stopped = False
        for sight in sights:
            if stopped := self._stop() is not None:
                break
            self._take_one(sight, place.walk, page, near)
        self._frontier.settled(page, left_behind=stopped)

    def _take_one(self, sight: Sight, walk: str, page: Mark, near: Near) -> None:
        self._frontier.take(page)
        medium, entry, find = sight
        candidates = near.get(medium.id, ())
        job = Job(medium=medium, entry=entry, find=find, walk=walk, page=page, candidates=candidates)
        self._crew.take(job)

    def _calls(self, sight: Sight, place: Place) -> bool:
        """A complete walk notes each medium that it sees, so that those it does not see stand out."""
        unseen = sight.entry is not None and sight.entry.seen != place.walk
        return sight.find.calls_for_storing or (place.complete and self._api and unseen)

    def _nearby(self, sights: Sequence[Sight]) -> Near:
        if self._api and not self._journal.state.exports:
            return {}
        return nearby(self._catalog, [it.medium for it in sights if it.find in {Find.NEW, Find.RETRY}])

    def _open(self, place: Place) -> bool:
        """Note that this walk is under way, before its first effect; False when another run's is."""
        if not self._api:
            self._journal.exported()
            return True
        self._opened = self._opened or self._journal.open(place)
        self._yielded = not self._opened
        return self._opened

    def _save(self, resume: Place) -> None:
        if self._opened:
            self._journal.move(self._frontier.place() or resume, retry_at=self._tally.retry_at)

    def _drain(self, ending: Ending) -> None:
        if ending in {Ending.TIME, Ending.FAILING}:
            self._crew.stop()
        self._crew.drain()

    def _close(self, place: Place, ending: Ending) -> Ending:
        """Conclude what a walk's end allows, and note that it is over."""
        if not ending.over:
            return ending
        if self._frontier.place() is not None:
            return self._stop() or Ending.BEHIND
        complete_at = None
        complete = place.complete and ending is Ending.END
        if complete and self._api:
            whole = was_seen_whole(place, ending, count=self._source.count())
            if whole and not self._second_look.mark_gone(place, self._stop):
                return self._stop() or Ending.TIME
            self._note = None if whole else _TOO_FEW
            complete_at = completed(whole=whole, now=self._clock(), walk_days=self._options.walk_days)
        self._complete = self._complete or complete
        if self._opened or complete_at:
            self._journal.close(place.walk, retry_at=self._tally.retry_at, complete_at=complete_at)
        return ending

    def _retry(self) -> None:
        """Try again what is due and no walk has met."""
        now, due_at = self._clock(), self._journal.state.retry_at
        if not self._api or due_at is None or due_at > now:
            return
        due, later = self._second_look.waiting(now)
        self._frontier = Frontier()
        page = self._frontier.begin(Place(walk="", complete=False))
        self._frontier.settled(page, left_behind=not self._try_again(due, page))
        self._drain(self._stop() or Ending.END)
        at_once = now if self._frontier.place() else None
        self._journal.retried(earliest(later, self._tally.retry_at, at_once))

    def _try_again(self, entries: Sequence[Entry], page: Mark) -> bool:
        """False when the run must stop before all were tried."""
        for entry in entries:
            if self._stop() is not None:
                return False
            try:
                medium = self._second_look.ask(entry)
            except SourceThrottled as error:
                self._paused_until = error.retry_at
                return False
            if medium is not None:
                sight = Sight(medium, entry, Find.RETRY)
                self._take_one(sight, entry.seen or "", page, self._nearby([sight]))
        return True

    def _settled(self, job: Job, outcome: Outcome | None) -> None:
        if outcome is not None:
            self._tally.add(outcome)
            self._progress.step(job.medium.id, size=outcome.size)
        if job.page is not None:
            self._frontier.settled(job.page, left_behind=outcome is None or outcome.entry is None)

    def _stop(self) -> Ending | None:
        """Why the run must begin nothing more."""
        if self._yielded:
            return Ending.YIELDED
        if isinstance(self._tally.stop, SourceThrottled):
            return Ending.PAUSE
        if self._tally.stop is not None or self._tally.in_a_row >= self._options.give_up_after:
            return Ending.FAILING
        return Ending.TIME if self._time_left() < self._options.margin_seconds else None

    def _pause(self) -> None:
        """Note until when Instagram forbids further calls, if it does."""
        if isinstance(self._tally.stop, SourceThrottled):
            self._paused_until = self._tally.stop.retry_at
        if self._paused_until is not None and self._api:
            self._journal.pause(self._paused_until)

    def _continue(self) -> bool:
        """Ask for a run that goes on from the saved place; whether there is one."""
        place = self._journal.state.place
        if self._ending is not Ending.TIME or place is None or not self._opened:
            return False
        if may_continue(self._begun, place, settled=self._tally.settled):
            self._announcer.go_on(place.walk)
        return True

    def _report(self, *, more: bool) -> BackupReport:
        note = self._note or (None if self._ending in {Ending.END, Ending.ENOUGH} else self._ending.value)
        return self._tally.report(
            paused_until=self._paused_until, more=more, complete=self._complete, note=note
        )
