"""A catalog for dry runs: it reads what is there and keeps what is written to itself."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from everyday.adapters.memory import MemoryCatalog
from everyday.photos.catalog import Entry, RunState, Work
from everyday.photos.ports import Catalog


class DryCatalog:
    """Implements Catalog over another one, which is never written to."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._written = MemoryCatalog()

    def get_many(self, ids: Sequence[str]) -> Mapping[str, Entry]:
        return {**self._catalog.get_many(ids), **self._written.get_many(ids)}

    def put(self, entry: Entry) -> Entry:
        return self._written.put(entry)

    def due(self, work: Work, *, now: datetime) -> Iterator[Entry]:
        return self._catalog.due(work, now=now)

    def timeline(self, *, since: datetime | None = None, until: datetime | None = None) -> Iterator[Entry]:
        return self._catalog.timeline(since=since, until=until)

    def run_state(self) -> RunState:
        return self._catalog.run_state()

    def put_run_state(self, state: RunState) -> RunState:
        return state
