"""What a backup run did, counted while its threads work."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from threading import Lock

from everyday.errors import OwnerActionNeeded, SourceThrottled, Unavailable
from everyday.photos.catalog import Entry, State, Work
from everyday.photos.job import Outcome
from everyday.photos.journal import earliest
from everyday.photos.walk import Find, Sight
from everyday.record import Record

_UNREADABLE = "what the source says of it cannot be understood"


class Waiting(Record, frozen=True, kw_only=True, omit_defaults=False):
    """A medium that is not whole yet, and when it is tried again (None: with the next export)."""

    id: str
    reason: str
    retry_at: datetime | None


class Failure(Record, frozen=True, kw_only=True):
    """A medium of which nothing could be noted: the next run meets it again."""

    id: str
    reason: str


class BackupReport(Record, frozen=True, kw_only=True, omit_defaults=False):
    """What a run did. `stored_bytes` in bytes; `unchanged` are listed media that called for nothing.

    `complete`: the whole listing was seen. `more`: the time ran out and the place is saved. `paused_until`:
    Instagram's rate limit forbids calls until then. `note` says why the run ended early.
    """

    listed: int = 0
    new: int = 0
    stored_files: int = 0
    stored_bytes: int = 0
    edited: int = 0
    returned: int = 0
    gone: int = 0
    unchanged: int = 0
    waiting: tuple[Waiting, ...] = ()
    failed: tuple[Failure, ...] = ()
    paused_until: datetime | None = None
    more: bool = False
    complete: bool = False
    note: str | None = None


class BackupPlan(Record, frozen=True, kw_only=True, omit_defaults=False):
    """What a run would do now, by media ids. `retry` have files that an earlier run could not get."""

    listed: int = 0
    new: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    retry: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    unchanged: int = 0
    complete: bool = False
    paused_until: datetime | None = None
    note: str | None = None


class Tally:
    """Counts outcomes as they come, from any thread.

    `in_a_row` counts media that failed because a service did not answer, since the last that did not.
    `stop` is what forbids further calls: a rate limit, or something only the owner can repair.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._stored: Counter[Find] = Counter()
        self._to_tell: list[str] = []
        self.listed = self.unchanged = self.gone = self.settled = self.files = self.size = self.in_a_row = 0
        self.waiting: dict[str, Waiting] = {}
        self.failed: dict[str, Failure] = {}
        self.retry_at: datetime | None = None
        self.stop: SourceThrottled | OwnerActionNeeded | None = None
        self.trouble: Unavailable | None = None

    def add(self, outcome: Outcome) -> None:
        with self._lock:
            self.files += outcome.files
            self.size += outcome.size
            self._note_errors(outcome)
            if outcome.reason is None and outcome.entry is not None:
                self._note_success(outcome, outcome.entry)
            else:
                self._note_failure(outcome)

    def see(self, sights: Sequence[Sight], unreadable: Sequence[str]) -> None:
        """Count a page of the listing."""
        with self._lock:
            self.listed += len(sights) + len(unreadable)
            for sight in sights:
                if sight.find is Find.WAITING and sight.entry is not None:
                    self._wait(sight.entry)
                elif not sight.find.calls_for_storing:
                    self.unchanged += 1
        for name in unreadable:
            self.fail(name, _UNREADABLE)

    def fail(self, medium_id: str, reason: str) -> None:
        with self._lock:
            self.failed[medium_id] = Failure(id=medium_id, reason=reason)

    def to_tell(self, *, at_least: int = 1) -> Sequence[str]:
        """Ids of media that the blog may have now and nobody was told of; each is given out once."""
        with self._lock:
            if len(self._to_tell) < at_least:
                return ()
            told, self._to_tell = self._to_tell, []
            return told

    def raise_trouble(self, *, failing: bool) -> None:
        """Raise what the owner must hear of, or what made the run give up."""
        if isinstance(self.stop, OwnerActionNeeded):
            raise self.stop
        if failing and self.trouble is not None:
            raise self.trouble

    def report(
        self, *, paused_until: datetime | None, more: bool, complete: bool, note: str | None
    ) -> BackupReport:
        return BackupReport(
            listed=self.listed,
            new=self._stored[Find.NEW],
            stored_files=self.files,
            stored_bytes=self.size,
            edited=self._stored[Find.EDITED],
            returned=self._stored[Find.RETURNED],
            gone=self.gone,
            unchanged=self.unchanged,
            waiting=tuple(self.waiting.values()),
            failed=tuple(self.failed.values()),
            paused_until=paused_until,
            more=more,
            complete=complete,
            note=note,
        )

    def _note_errors(self, outcome: Outcome) -> None:
        silent = [error for error in outcome.errors if isinstance(error, Unavailable)]
        self.in_a_row = self.in_a_row + 1 if silent else 0
        self.trouble = silent[0] if silent else self.trouble
        for error in outcome.errors:
            if isinstance(error, SourceThrottled | OwnerActionNeeded):
                self.stop = error

    def _note_success(self, outcome: Outcome, entry: Entry) -> None:
        if not outcome.find.calls_for_storing:
            return
        self.settled += 1
        self._stored[outcome.find] += 1
        self.waiting.pop(outcome.id, None)
        if entry.work is Work.POST:
            self._to_tell.append(outcome.id)

    def _note_failure(self, outcome: Outcome) -> None:
        if outcome.entry is not None and outcome.entry.state is State.LISTED:
            self.settled += 1
            self._wait(outcome.entry)
        else:
            reason = outcome.reason or "it vanished from the catalog"
            self.failed[outcome.id] = Failure(id=outcome.id, reason=reason)

    def _wait(self, entry: Entry) -> None:
        reason = entry.reason or "not stored yet"
        self.waiting[entry.id] = Waiting(id=entry.id, reason=reason, retry_at=entry.retry_at)
        self.retry_at = earliest(self.retry_at, entry.retry_at)
