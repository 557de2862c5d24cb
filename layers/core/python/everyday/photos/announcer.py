"""Publishes what a backup has to say. An event that is not taken is no loss: the sweep posts what waits, and
the next scheduled run goes on from the saved place."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from everyday.errors import EventsUnavailable
from everyday.photos.messages import CONTINUE, STORED, backup_continue, photo_stored
from everyday.ports import Events

log = logging.getLogger(__name__)


class Announcer:
    """Tells the rest of the application; never raises EventsUnavailable."""

    def __init__(self, events: Events) -> None:
        self._events = events

    def stored(self, ids: Sequence[str]) -> None:
        """These media may go to the blog."""
        if ids:
            self._publish(STORED, [photo_stored(it) for it in ids])

    def go_on(self, walk: str) -> None:
        """Another run shall go on with this walk."""
        self._publish(CONTINUE, [backup_continue(walk)])

    def _publish(self, kind: str, details: Sequence[Mapping[str, Any]]) -> None:
        try:
            self._events.publish(kind, details)
        except EventsUnavailable:
            log.warning("events were not taken", extra={"kind": kind, "count": len(details)})
