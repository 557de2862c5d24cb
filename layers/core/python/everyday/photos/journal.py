"""The state that one backup run leaves for the next, kept in the catalog."""

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from everyday.errors import CatalogConflict, CatalogUnavailable
from everyday.photos.catalog import Place, RunState
from everyday.photos.ports import Catalog

_TRIES = 8


def earliest(*times: datetime | None) -> datetime | None:
    """The first of the times that are known."""
    return min((time for time in times if time is not None), default=None)


class Journal:
    """Reads the run's state once, and writes it only against the version that was read.

    When another run wrote in between, the change is decided again on what that run left; a walk that it
    finished is never opened again. All methods raise CatalogUnavailable.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.state = catalog.run_state()

    def holds(self, place: Place) -> bool:
        """Whether this walk is the one that is noted as under way."""
        return self.state.place is not None and self.state.place.walk == place.walk

    def open(self, place: Place) -> bool:
        """Note that a walk is under way; False when another run already has one under way."""
        self._change(lambda state: state if state.place else replace(state, place=place))
        return self.holds(place)

    def move(self, place: Place, *, retry_at: datetime | None) -> None:
        """Note how far the walk came, and the earliest medium that waits for another try."""

        def moved(state: RunState) -> RunState:
            if state.place is None or state.place.walk != place.walk:
                return replace(state, retry_at=earliest(state.retry_at, retry_at))
            return replace(state, place=place, retry_at=earliest(state.retry_at, retry_at))

        self._change(moved)

    def close(self, walk: str, *, retry_at: datetime | None, complete_at: datetime | None) -> None:
        """Note that the walk is over; `complete_at` when it saw the whole listing."""

        def closed(state: RunState) -> RunState:
            ours = state.place is not None and state.place.walk == walk
            return replace(
                state,
                place=None if ours else state.place,
                retry_at=earliest(state.retry_at, retry_at),
                complete_at=complete_at or state.complete_at,
            )

        self._change(closed)

    def pause(self, until: datetime) -> None:
        """Note that a rate limit forbids calls until then."""
        self._change(lambda state: replace(state, paused_until=until))

    def retried(self, retry_at: datetime | None) -> None:
        """Note the earliest medium that still waits, after all that were due have been tried."""
        self._change(lambda state: replace(state, retry_at=retry_at))

    def exported(self) -> None:
        """Note that a data export is in the catalog, so that new media are compared with it."""
        self._change(lambda state: replace(state, exports=True))

    def _change(self, change: Callable[[RunState], RunState]) -> None:
        for _ in range(_TRIES):
            wanted = change(self.state)
            if wanted == self.state:
                return
            try:
                self.state = self._catalog.put_run_state(wanted)
            except CatalogConflict:
                self.state = self._catalog.run_state()
            else:
                return
        raise CatalogUnavailable("other runs keep changing the run's state; try again when they have ended")
