"""Faults on demand: which call of a stand-in goes wrong. What then happens to it is each stand-in's own."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

import msgspec


class Planted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Strikes the `nth` call that it is meant for, counted from when it was planted, and the next ones until
    it struck `times` calls; None: every one from then on.
    """

    nth: int = 1
    times: int | None = 1

    def due(self, seen: int) -> bool:
        """Whether it strikes the call that is the `seen`th, counted from 1."""
        return seen >= self.nth and (self.times is None or seen < self.nth + self.times)


_Fault = TypeVar("_Fault", bound=Planted)


class PlantedFaults(Generic[_Fault]):
    """The planted faults of one stand-in. Safe to use from several threads."""

    def __init__(self, *planted: _Fault) -> None:
        self._lock = Lock()
        self._seen: list[tuple[_Fault, int]] = [(fault, 0) for fault in planted]

    def plant(self, *faults: _Fault) -> None:
        """Add these; their calls are counted from now on."""
        with self._lock:
            self._seen += [(fault, 0) for fault in faults]

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._seen = []

    def struck(self, meant: Callable[[_Fault], bool]) -> list[_Fault]:
        """Count a call for the faults that are `meant` for it; those that strike it, as they were planted."""
        with self._lock:
            self._seen = [(fault, seen + meant(fault)) for fault, seen in self._seen]
            return [fault for fault, seen in self._seen if meant(fault) and fault.due(seen)]
