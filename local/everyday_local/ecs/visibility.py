"""Eventual consistency: what List and Describe see is the world of a moment ago."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from everyday_local.ecs.views import View

_EVER = datetime.min.replace(tzinfo=UTC)


class Visible:
    """The views of one kind of resource, each change seen `delay` after it was made."""

    def __init__(self) -> None:
        self.delay = timedelta(0)
        self._changes: dict[str, list[tuple[datetime, View]]] = {}

    def put(self, arn: str, view: View, now: datetime) -> None:
        changes = self._changes.setdefault(arn, [])
        changes.append((now, view))
        seen = sum(since <= now - self.delay for since, _ in changes)
        if seen > 1:
            # What was seen first has been replaced; that it was there already must not be forgotten.
            del changes[: seen - 1]
            changes[0] = (_EVER, changes[0][1])

    def forget(self, arn: str) -> None:
        self._changes.pop(arn, None)

    def get(self, arn: str, now: datetime) -> View | None:
        """The newest view old enough to be seen; None when there is none yet."""
        for since, view in reversed(self._changes.get(arn, [])):
            if since <= now - self.delay:
                return view
        return None

    def all(self, now: datetime) -> Iterator[View]:
        for arn in list(self._changes):
            view = self.get(arn, now)
            if view is not None:
                yield view
