"""A site's bucket in memory, for tests and dry runs: with versions, and as strict as S3.

Every call passes a *gate*, which may let it fail before or after its effect, end the process, or let somebody
else go on first. What it holds can be looked at: `versions`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from datetime import datetime
from hashlib import sha256
from threading import Lock
from typing import NamedTuple, Protocol, TypeVar

from everyday.errors import BucketUnavailable, SiteConflict
from everyday.ports import Clock
from everyday.site.model import Headers
from everyday.site.ports import ListedObject, Upload

_Result = TypeVar("_Result")


class Gate(Protocol):
    """What a call passes: `name` of the call, the key it is about, and its effect."""

    def __call__(self, name: str, key: str, effect: Callable[[], _Result]) -> _Result: ...


def open_gate(name: str, key: str, effect: Callable[[], _Result]) -> _Result:  # noqa: ARG001 - a Gate
    """Lets every call through."""
    return effect()


class Version(NamedTuple):
    """One version of an object."""

    data: bytes
    headers: Headers | None
    at: datetime


class MemoryBucket:
    """A Bucket in a dictionary: all versions of each object, the last one is what a reader gets. `clock` is
    the bucket's own."""

    def __init__(self, clock: Clock, gate: Gate = open_gate) -> None:
        self.versions: dict[str, list[Version]] = {}
        self._clock, self._gate, self._lock = clock, gate, Lock()

    def by_way_of(self, gate: Gate) -> "MemoryBucket":
        """The same bucket for somebody whose calls pass another gate."""
        other = copy(self)
        other._gate = gate
        return other

    def read(self, key: str) -> tuple[bytes, str] | None:
        def effect() -> tuple[bytes, str] | None:
            found = self.current(key)
            return (found.data, _tag(found)) if found else None

        return self._gate("read", key, effect)

    def write(self, key: str, document: bytes, *, tag: str | None) -> str:
        def effect() -> str:
            with self._lock:
                found = self.current(key)
                if (_tag(found) if found else None) != tag:
                    raise SiteConflict(f"{key} changed since it was read")
                return _tag(self._put(key, document, None))

        return self._gate("write", key, effect)

    def upload(self, uploads: Iterable[Upload], done: Callable[[Upload], None]) -> None:
        for it in uploads:
            self._gate("upload", it.key, lambda it=it: self._store(it))  # type: ignore[misc]
            done(it)

    def change_headers(self, keys: Mapping[str, Headers], done: Callable[[str], None]) -> None:
        for key, headers in keys.items():
            self._gate("change_headers", key, lambda key=key, headers=headers: self._copy(key, headers))  # type: ignore[misc]
            done(key)

    def delete_older(self, keys: Mapping[str, datetime]) -> int:
        return sum(
            self._gate("delete_older", key, lambda key=key, before=before: self._delete(key, before))  # type: ignore[misc]
            for key, before in keys.items()
        )

    def listing(self, prefix: str) -> Iterator[ListedObject]:
        def effect() -> list[ListedObject]:
            with self._lock:
                found = [(key, self.current(key)) for key in sorted(self.versions) if key.startswith(prefix)]
            return [ListedObject(key, len(it.data), _tag(it)) for key, it in found if it]

        return iter(self._gate("listing", prefix, effect))

    def current(self, key: str) -> Version | None:
        """What a reader gets, without a call."""
        versions = self.versions.get(key)
        return versions[-1] if versions else None

    def _store(self, it: Upload) -> None:
        data = it.body() if callable(it.body) else it.body.read_bytes()
        if sha256(data).digest() != it.digest or len(data) != it.size:
            raise BucketUnavailable(f"storing {it.key}: BadDigest")
        with self._lock:
            self._put(it.key, data, it.headers)

    def _copy(self, key: str, headers: Headers) -> None:
        with self._lock:
            found = self.current(key)
            if found is None:
                raise BucketUnavailable(f"changing the headers of {key}: NoSuchKey")
            self._put(key, found.data, headers)

    def _delete(self, key: str, before: datetime) -> int:
        with self._lock:
            versions = self.versions.pop(key, [])
            left = [it for it in versions if it.at >= before]
            if left:
                self.versions[key] = left
            return bool(versions) and not left

    def _put(self, key: str, data: bytes, headers: Headers | None) -> Version:
        version = Version(data, headers, self._clock())
        self.versions.setdefault(key, []).append(version)
        return version


def _tag(version: Version) -> str:
    return sha256(version.data).hexdigest()
