"""An Instagram account in memory, as a Source: posts come, go, change and are pinned; calls can fail."""

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from msgspec.structs import replace

from everyday.errors import EverydayError, MediumExpired, MediumGone, MediumMissing
from everyday.photos.model import Item, MediaType, Medium, Origin
from everyday.photos.ports import Body, Page
from tests.builders import TAKEN, a_medium

Fault = Callable[[str, str], EverydayError | None]


def a_png(text: str) -> bytes:
    """A whole picture of one pixel, different for each text."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"tEXt", b"Comment\0" + text.encode()), (b"IDAT", zlib.compress(b"\0\0"))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in [*parts, (b"IEND", b"")])


class Account:
    """`calls` logs every request. `fault` may give an error for (operation, argument).

    Addresses carry a generation: `expire` makes all that were given out so far useless.
    """

    def __init__(self, *, page_size: int = 5, origin: Origin = Origin.API) -> None:
        self.page_size = page_size
        self.origin = origin
        self.media: dict[str, tuple[int, Medium]] = {}
        self.pinned: set[str] = set()
        self.unreadable: set[str] = set()
        self.calls: list[tuple[str, str]] = []
        self.fault: Fault = lambda operation, argument: None
        self.counted: int | None = None
        self.body = a_png
        self.generation = 1
        self._expired = 0
        self._made = 0
        self._lock = Lock()

    # What the owner does

    def post(
        self, caption: str = "", *, items: int = 1, taken_at: datetime | None = None, **changes: Any
    ) -> str:
        """A new medium on top of the listing; its id."""
        self._made += 1
        id_ = (
            f"{17900000000000000 + self._made}" if self.origin is Origin.API else f"export-{self._made:016x}"
        )
        kind = MediaType.IMAGE if items == 1 else MediaType.CAROUSEL_ALBUM
        whole: dict[str, Any] = {
            "origin": self.origin,
            "media_type": kind,
            "taken_at": taken_at or TAKEN + timedelta(hours=self._made),
            "items": tuple(Item(position=n, url="", source_id=f"{id_}-{n}") for n in range(1, items + 1)),
            "caption": caption or f"Number {self._made}",
            "permalink": f"https://www.instagram.com/p/{self._made}/",
        }
        self.media[id_] = (self._made, a_medium(id_, **{**whole, **changes}))
        return id_

    def edit(self, id_: str, **changes: Any) -> None:
        order, medium = self.media[id_]
        self.media[id_] = (order, replace(medium, **changes))

    def delete(self, id_: str) -> tuple[int, Medium]:
        self.pinned.discard(id_)
        return self.media.pop(id_)

    def restore(self, id_: str, there: tuple[int, Medium]) -> None:
        self.media[id_] = there

    def expire(self) -> None:
        self._expired, self.generation = self.generation, self.generation + 1

    # What the source answers

    def page(self, cursor: str | None) -> Page:
        self._ask("page", cursor or "")
        with self._lock:
            listed = sorted(
                ((id_ in self.pinned, order, id_) for id_, (order, _) in self.media.items()), reverse=True
            )
        rest = [it for it in listed if cursor is None or it < _place(cursor)]
        shown, more = rest[: self.page_size], rest[self.page_size :]
        ids = [id_ for *_, id_ in shown]
        readable = [self._addressed(id_) for id_ in ids if id_ not in self.unreadable]
        after = f"{int(shown[-1][0])}|{shown[-1][1]}|{shown[-1][2]}" if more else None
        return Page(readable, after, [id_ for id_ in ids if id_ in self.unreadable])

    def count(self) -> int | None:
        self._ask("count", "")
        return len(self.media) if self.counted is None else self.counted

    def fresh(self, medium_id: str) -> Medium:
        self._ask("fresh", medium_id)
        if medium_id not in self.media:
            raise MediumGone(f"{medium_id} is gone")
        return self._addressed(medium_id)

    @contextmanager
    def open(self, item: Item, *, thumbnail: bool = False) -> Iterator[Body]:
        address = (item.thumbnail_url if thumbnail else item.url) or ""
        self._ask("open", address)
        if not address:
            raise MediumMissing("no address")
        name, _, generation = address.partition("?")
        if int(generation) <= self._expired:
            raise MediumExpired("the address ran out")
        picture = self.body(name)
        yield Body(iter([picture[:10], picture[10:]]), "text/plain", len(picture))

    def _addressed(self, id_: str) -> Medium:
        medium = self.media[id_][1]
        return replace(medium, items=tuple(self._address(item) for item in medium.items))

    def _address(self, item: Item) -> Item:
        def signed(url: str | None, suffix: str = "") -> str | None:
            return None if url is None else f"cdn/{item.source_id}{suffix}?{self.generation}"

        return replace(item, url=signed(item.url), thumbnail_url=signed(item.thumbnail_url, ".thumbnail"))

    def _ask(self, operation: str, argument: str) -> None:
        with self._lock:
            self.calls.append((operation, argument))
        if error := self.fault(operation, argument):
            raise error


def _place(cursor: str) -> tuple[bool, int, str]:
    pinned, order, id_ = cursor.split("|")
    return pinned == "1", int(order), id_


class Counted:
    """Passes calls on to a store and logs their names."""

    def __init__(self, target: Any) -> None:
        self._target = target
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def call(*values: Any, **named: Any) -> Any:
            self.calls.append(name)
            return getattr(self._target, name)(*values, **named)

        return call


class Died(BaseException):
    """The process was killed."""


class Cuts:
    """Counts the calls of all that it wraps, and does at call number n what `plan[n]` says.

    `before`: the call fails without effect. `after`: it fails though it had its effect. `die`: the process
    ends there, so that no later call has any effect.
    """

    def __init__(self, plan: dict[int, str] | None = None) -> None:
        self.plan = plan or {}
        self.count = 0
        self.dead = False
        self._lock = Lock()

    def wrap(self, target: Any, error: type[EverydayError]) -> Any:
        return _Cut(self, target, error)

    def mode(self) -> str | None:
        with self._lock:
            self.count += 1
            mode = "die" if self.dead else self.plan.get(self.count)
            self.dead = mode == "die"
            return mode


class _Cut:
    def __init__(self, cuts: Cuts, target: Any, error: type[EverydayError]) -> None:
        self._cuts = cuts
        self._target = target
        self._error = error

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)

        def call(*values: Any, **named: Any) -> Any:
            mode = self._cuts.mode()
            if mode == "die":
                raise Died(name)
            if mode == "before":
                raise self._error(f"{name} failed")
            answer = found(*values, **named)
            if mode == "after":
                raise self._error(f"the answer of {name} was lost")
            return answer

        return call


def ids_of(calls: Sequence[tuple[str, str]], operation: str) -> list[str]:
    return [argument for done, argument in calls if done == operation]
