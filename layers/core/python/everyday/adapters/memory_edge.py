"""A site's edge in memory, for tests and dry runs: the key-value store, a CDN and a visitor, as strict as the
real ones. Every call passes a gate (see `memory_site`)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from hashlib import sha256
from threading import Lock
from typing import NamedTuple

from everyday.adapters.memory_site import Gate, MemoryBucket, open_gate
from everyday.errors import EdgeUnavailable, SiteConflict
from everyday.site.edge import LIVE, PREVIEW, changes_of
from everyday.site.edge_tree import FAN_OUT, NAME, fingerprint, slot, spread
from everyday.site.names import ASSETS, HASH_LENGTH, PAGES, is_hashed
from everyday.site.ports import Answer

_STEP_KEYS = 50
_ATTEMPTS = 6
_FINGERPRINT = 5


class MemoryPointer:
    """A Pointer in a dictionary. Each change has a tag, and each step names the one it saw."""

    def __init__(self, gate: Gate = open_gate, step_keys: int = _STEP_KEYS) -> None:
        self.values: dict[str, str] = {}
        self._tags = [0]
        self._gate, self._step_keys, self._lock = gate, step_keys, Lock()

    def by_way_of(self, gate: Gate) -> "MemoryPointer":
        """The same store for somebody whose calls pass another gate."""
        other = copy(self)
        other._gate = gate
        return other

    def get(self, key: str) -> str | None:
        return self._gate("get", key, lambda: self.values.get(key))

    def change(
        self,
        puts: Mapping[str, str],
        deletes: Sequence[str],
        *,
        pointer: tuple[str, int] | None,
        base: int = 0,
    ) -> bool:
        for _ in range(_ATTEMPTS):
            tag, live = self._gate("look", LIVE, lambda: (self._tags[-1], self.values.get(LIVE)))
            if pointer and live != pointer[0] and changes_of(live) >= pointer[1]:
                return False
            if changes_of(live) < base:
                raise SiteConflict("an earlier change of the edge's store never came to its end")
            if self._all(tag, _steps(puts, deletes, pointer, self._step_keys)):
                return True
        raise EdgeUnavailable("the edge's store is changed by others all the time")

    def _all(self, tag: int, steps: Iterable["_Step"]) -> bool:
        return all(
            self._gate("update", step.name, lambda step=step, at=tag + done: self._update(at, step))  # type: ignore[misc]
            for done, step in enumerate(steps)
        )

    def _update(self, tag: int, step: "_Step") -> bool:
        with self._lock:
            if self._tags[-1] != tag:
                return False
            self._tags.append(tag + 1)
            self.values.update(step.puts)
            for key in step.deletes:
                self.values.pop(key, None)
            return True


class _Step(NamedTuple):
    name: str
    puts: Mapping[str, str]
    deletes: Sequence[str]


def _steps(
    puts: Mapping[str, str], deletes: Sequence[str], pointer: tuple[str, int] | None, size: int
) -> Iterator[_Step]:
    for some in _parts(sorted(puts), size):
        yield _Step("puts", {key: puts[key] for key in some}, ())
    if pointer:
        yield _Step(LIVE, {LIVE: pointer[0]}, ())
    for some in _parts(deletes, size):
        yield _Step("deletes", {}, some)


def _parts(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (keys[at : at + size] for at in range(0, len(keys), size))


class MemoryCdn:
    """A Cdn that remembers; invalidations are done when `done` says so."""

    def __init__(self, gate: Gate = open_gate) -> None:
        self.invalidations: dict[str, tuple[str, ...]] = {}
        self.done = True
        self._gate = gate

    def invalidate(self, paths: Sequence[str], *, reference: str) -> str:
        def effect() -> str:
            if self.invalidations.setdefault(reference, tuple(paths)) != tuple(paths):
                raise EdgeUnavailable("InvalidArgument: the reference was used for other paths")
            return reference

        return self._gate("invalidate", reference, effect)

    def invalidated(self, invalidation_id: str) -> bool:
        return self._gate("invalidated", invalidation_id, lambda: self.done)


class MemoryVisitor:
    """A Visitor of exact addresses, folders and hashed names, at an edge that hears of all changes at once.
    It knows no rules of the owner: the edge's functions do."""

    def __init__(self, bucket: MemoryBucket, pointer: MemoryPointer, gate: Gate = open_gate) -> None:
        self._bucket, self._values, self._gate = bucket, pointer.values, gate

    def visit(self, path: str, *, release: str | None = None) -> Answer | None:
        return self._gate("visit", path, lambda: self._answer(path.removeprefix("/"), release))

    def body(self, path: str, release: str | None = None) -> tuple[str | None, bytes | None]:
        """The release that answers, and what it says; None: it has no such file. Without a call."""
        value = self._value(release)
        if value is None:
            return None, None
        return value.partition(" ")[0], self._data(path, value)

    def _answer(self, path: str, release: str | None) -> Answer | None:
        id_, data = self.body(path, release)
        return Answer(404 if data is None else 200, id_, sha256(data or b"").digest())

    def _data(self, path: str, value: str) -> bytes | None:
        key = ASSETS + path if is_hashed(path) else self._page(path, value)
        found = self._bucket.current(key) if key else None
        return found.data if found else None

    def _value(self, release: str | None) -> str | None:
        if release:
            return self._values.get(PREVIEW + release)
        live = self._values.get(LIVE)
        return live.partition(" ")[2] if live else None

    def _page(self, path: str, value: str) -> str | None:
        """The key of a page. A leaf that is missing is a KeyError: the edge must never be told of one."""
        file = path + "index.html" if path.endswith("/") or not path else path
        _, _, seed, leaves, _, _, _, names = value.split(" ")
        at, name = spread(slot(file), 2 * int(seed)) % int(leaves), names
        if int(leaves) > FAN_OUT:
            name = self._values[_at(names, at // FAN_OUT)]
        pages = self._values[_at(name, at % FAN_OUT)].partition("\n")[0]
        size = _FINGERPRINT + HASH_LENGTH
        entries = (pages[start : start + size] for start in range(0, len(pages), size))
        mark = fingerprint(file, int(seed))
        return next((f"{PAGES}{file}/{it[_FINGERPRINT:]}" for it in entries if it.startswith(mark)), None)


def _at(names: str, place: int) -> str:
    return names[place * NAME : (place + 1) * NAME]
