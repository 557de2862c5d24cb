"""Reads a source's listing page by page, beside what the catalog knows, and says when to stop."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from everyday.errors import CursorRefused, SourceThrottled
from everyday.photos.catalog import Place
from everyday.photos.fingerprint import fingerprint
from everyday.photos.model import Medium
from everyday.photos.ports import Catalog, Page, Source
from everyday.photos.records import known
from everyday.photos.walk import EMPTY_PAGES, ENOUGH, Ending, Sight, advanced, find, known_in_a_row
from everyday.ports import Clock


class Turn(NamedTuple):
    """One page: the places before and after it, its media, and the names of those that cannot be read."""

    before: Place
    after: Place
    sights: Sequence[Sight]
    unreadable: Sequence[str]


class Listing:
    """One walk through the listing. `turns` gives each medium once; `ending` then says why it ended.

    `paused_until` is set when Instagram asked for a pause. `stop` is asked before each page.
    """

    def __init__(
        self, source: Source, catalog: Catalog, clock: Clock, stop: Callable[[], Ending | None]
    ) -> None:
        self._source = source
        self._catalog = catalog
        self._clock = clock
        self._stop = stop
        self._seen: set[str] = set()
        self._cursors: set[str | None] = set()
        self._row = 0
        self._empty = 0
        self.ending = Ending.END
        self.paused_until: datetime | None = None

    def turns(self, place: Place) -> Iterator[Turn]:
        """Walk on from a place. Raises what `Source.page` and the catalog raise, but for a throttle."""
        while True:
            if stop := self._stop():
                self.ending = stop
                return
            try:
                page, place = self._page(place)
            except SourceThrottled as error:
                self.ending, self.paused_until = Ending.PAUSE, error.retry_at
                return
            turn = self._turn(page, place)
            yield turn
            if ending := self._ended(page, turn):
                self.ending = ending
                return
            place = turn.after

    def _page(self, place: Place) -> tuple[Page, Place]:
        """The page, and its place: the beginning, when Instagram no longer knows the cursor."""
        try:
            return self._source.page(place.cursor), place
        except CursorRefused:
            if place.cursor is None:
                raise
        self._seen.clear()
        self._cursors.clear()
        place = replace(place, cursor=None, listed=0, oldest=None)
        return self._source.page(None), place

    def _turn(self, page: Page, place: Place) -> Turn:
        media = [it for it in _each_once(page.media) if it.id not in self._seen]
        unreadable = [name for name in dict.fromkeys(page.unreadable) if name not in self._seen]
        self._seen.update(unreadable, (it.id for it in media))
        self._cursors.add(place.cursor)
        self._empty = 0 if media or unreadable else self._empty + 1
        sights = self._sights(media, place.walk)
        self._row = known_in_a_row(self._row, sights)
        after = advanced(place, sights, unreadable=len(unreadable), cursor=page.cursor)
        return Turn(place, after, sights, unreadable)

    def _sights(self, media: Sequence[Medium], walk: str) -> Sequence[Sight]:
        entries = known(self._catalog, [it.id for it in media])
        now = self._clock()
        pairs = ((it, entries.get(it.id)) for it in media)
        return [
            Sight(it, entry, find(it, entry, fingerprint=fingerprint(it), walk=walk, now=now))
            for it, entry in pairs
        ]

    def _ended(self, page: Page, turn: Turn) -> Ending | None:
        if page.cursor is None:
            return Ending.END
        if page.cursor in self._cursors or self._empty >= EMPTY_PAGES:
            return Ending.CIRCLE
        if not turn.after.complete and self._row >= ENOUGH:
            return Ending.ENOUGH
        if page.pause_until is not None and page.pause_until > self._clock():
            self.paused_until = page.pause_until
            return Ending.PAUSE
        return None


def _each_once(media: Sequence[Medium]) -> list[Medium]:
    return list({it.id: it for it in media}.values())
