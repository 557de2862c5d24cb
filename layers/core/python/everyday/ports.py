"""What every capability may need from the outside. Each capability's own ports stand in its folder."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from math import inf
from typing import Any, Protocol

Clock = Callable[[], datetime]
"""Returns now, aware, in UTC."""

TimeLeft = Callable[[], float]
"""Returns the seconds until this process is stopped."""


def forever() -> float:
    """The TimeLeft of a process that nobody stops."""
    return inf


class Progress(Protocol):
    """Somebody who watches long work. Called from several threads."""

    def begin(self, what: str, total: int | None) -> None:
        """New work starts: `total` steps, None when nobody knows yet."""
        ...

    def step(self, label: str, *, size: int = 0) -> None:
        """One step is done; `size` in bytes."""
        ...


class Silent:
    """Progress for nobody."""

    def begin(self, what: str, total: int | None) -> None: ...

    def step(self, label: str, *, size: int = 0) -> None: ...


class Secrets(Protocol):
    """Named secrets, each a JSON object."""

    def get(self, name: str) -> Mapping[str, Any]:
        """Raises SecretsUnavailable; SettingsError when the secret was never filled."""
        ...

    def put(self, name: str, value: Mapping[str, Any]) -> None: ...


class Events(Protocol):
    """The application's event bus."""

    def publish(self, kind: str, details: Iterable[Mapping[str, Any]]) -> None:
        """Publish one event per detail. Raises EventsUnavailable if any was not taken."""
        ...
