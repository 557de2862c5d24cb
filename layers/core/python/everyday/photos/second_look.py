"""Asks Instagram about single media: those that a whole listing lacks, those that wait for their files."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from everyday.errors import MediumError, MediumGone, MediumUnreadable, SourceUnavailable
from everyday.photos.catalog import Entry, Place, Work
from everyday.photos.model import Medium, Origin
from everyday.photos.ports import Catalog, Source
from everyday.photos.report import Tally
from everyday.photos.storing import Storing
from everyday.photos.walk import Ending, may_be_gone

_FAR = datetime.max.replace(tzinfo=UTC)

log = logging.getLogger(__name__)


class SecondLook:
    """One request a medium. Raises SourceThrottled, OwnerActionNeeded, and what stops the stores."""

    def __init__(self, source: Source, catalog: Catalog, storing: Storing, tally: Tally) -> None:
        self._source = source
        self._catalog = catalog
        self._storing = storing
        self._tally = tally

    def mark_gone(self, place: Place, stop: Callable[[], Ending | None]) -> bool:
        """Mark what the whole listing lacks and Instagram confirms as gone; False when `stop` said so first.

        Raises SourceUnavailable too: a deletion is never concluded from silence.
        """
        for entry in self._catalog.timeline():
            if not may_be_gone(entry, place):
                continue
            if stop() is not None:
                return False
            self._confirm(entry, place)
        return True

    def waiting(self, now: datetime) -> tuple[list[Entry], datetime | None]:
        """Entries whose time has come, and when the next one's will."""
        listed = [it for it in self._catalog.due(Work.BACKUP, now=_FAR) if it.origin is Origin.API]
        due = [it for it in listed if it.retry_at is None or it.retry_at <= now]
        later = (it.retry_at for it in listed if it.retry_at and it.retry_at > now)
        return due, min(later, default=None)

    def ask(self, entry: Entry) -> Medium | None:
        """The medium with fresh addresses; None when it is gone, or waits on."""
        try:
            return self._source.fresh(entry.id)
        except MediumGone:
            self._mark(entry)
        except (MediumError, SourceUnavailable) as error:
            self._tally.add(self._storing.postpone(entry, error))
        return None

    def _confirm(self, listed: Entry, place: Place) -> None:
        # The catalog's index may lag behind its entries, and a medium may have come back meanwhile.
        entry = self._catalog.get_many([listed.id]).get(listed.id)
        if entry is None or not may_be_gone(entry, place):
            return
        try:
            self._source.fresh(entry.id)
        except MediumGone:
            self._mark(entry)
        except MediumError:
            log.warning("a medium is not listed, yet Instagram has it", extra={"medium": entry.id})

    def _mark(self, entry: Entry) -> None:
        try:
            self._storing.mark_gone(entry)
        except MediumUnreadable as error:
            self._tally.fail(entry.id, str(error))
        else:
            self._tally.gone += 1
