"""A whole small world around Posting: stores and a blog in memory, a clock, and faults at any call."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

from msgspec.structs import replace

from everyday.adapters.memory import MemoryArchive, MemoryCatalog
from everyday.adapters.memory_blog import MemoryBlog
from everyday.errors import ArchiveUnavailable, BlogUnavailable, CatalogUnavailable, Unavailable
from everyday.photos.archive import encode, file_key, post_key, sidecar_key
from everyday.photos.catalog import Entry, State
from everyday.photos.model import Medium, Sidecar, StoredFile
from everyday.photos.ports import Body
from everyday.photos.posting import Posting, PostOptions
from tests.builders import NOW, a_medium, an_entry, an_item
from tests.samples import a_picture, an_mp4

ID = "17900000000000001"
TYPES = {"jpg": "image/jpeg", "png": "image/png", "mp4": "video/mp4", "webm": "video/webm"}


class Killed(BaseException):
    """The process dies here."""


class Faults:
    """Counts the calls of every store that it wraps; at call number `at`, does what `mode` says.

    Modes: `before` fails without effect, `after` has its effect and fails (a reply that got lost), `die`
    and `die after` end the process. `always` names a call that fails every time.
    """

    def __init__(self, plan: dict[int, str] | None = None) -> None:
        self.plan = plan or {}
        self.calls: list[str] = []

    def wrap(self, store: Any, error: type[Unavailable]) -> Any:
        return _Wrapped(store, error, self)

    def call(self, name: str, error: type[Unavailable], effect: Callable[[], Any]) -> Any:
        self.calls.append(name)
        mode = self.plan.get(len(self.calls))
        if mode == "before":
            raise error(f"{name} failed")
        if mode == "die":
            raise Killed(name)
        result = effect()
        if mode == "after":
            raise error(f"the reply of {name} was lost")
        if mode == "die after":
            raise Killed(name)
        return result


class _Wrapped:
    def __init__(self, store: Any, error: type[Unavailable], faults: Faults) -> None:
        self._store, self._error, self._faults = store, error, faults

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        def call(*args: Any, **named: Any) -> Any:
            label = f"{type(self._store).__name__}.{name}"
            return self._faults.call(label, self._error, lambda: method(*args, **named))

        return call


@dataclass
class World:
    """Everything that outlives one process."""

    now: datetime = NOW
    options: PostOptions = field(default_factory=PostOptions)
    archive: MemoryArchive = field(default_factory=MemoryArchive)
    catalog: MemoryCatalog = field(default_factory=MemoryCatalog)
    ids: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.blog = MemoryBlog(lambda: self.now)

    def posting(
        self, faults: Faults | None = None, *, clock: Callable[[], datetime] | None = None, **changes: Any
    ) -> Posting:
        faults = faults or Faults()
        return Posting(
            archive=faults.wrap(self.archive, ArchiveUnavailable),
            catalog=faults.wrap(self.catalog, CatalogUnavailable),
            blog=faults.wrap(self.blog, BlogUnavailable),
            clock=clock or (lambda: self.now),
            options=replace_options(self.options, **changes),
            new_id=lambda: f"run-{next(self.ids)}",
        )

    def add(self, medium: Medium, files: dict[str, bytes], **entry: Any) -> Entry:
        """As backup leaves a medium: files, then media.json, then the catalog entry."""
        stored = tuple(self._store(medium.id, name, data) for name, data in files.items())
        self._write(Sidecar(medium=medium.without_addresses(), archived_at=self.now, files=stored))
        return self.catalog.put(
            an_entry(
                medium.id,
                **{"state": State.STORED, "taken_at": medium.taken_at, "section": medium.section, **entry},
            )
        )

    def edit_caption(self, caption: str, medium_id: str = ID) -> None:
        """As backup leaves a medium whose caption the owner edited on Instagram."""
        from everyday.photos.archive import decode_sidecar

        data, _ = self.archive.read(sidecar_key(medium_id)) or (b"", "")
        sidecar = decode_sidecar(data)
        self._write(replace(sidecar, medium=replace(sidecar.medium, caption=caption)))
        entry = self.entry(medium_id)
        state = State.EDITED if entry.state is State.POSTED else entry.state
        self.catalog.put(replace(entry, state=state, fingerprint=caption))

    def entry(self, medium_id: str = ID) -> Entry:
        return self.catalog.entries[medium_id]

    def later(self, **passed: float) -> None:
        self.now += timedelta(**passed)

    def post_document(self, medium_id: str = ID) -> bytes | None:
        found = self.archive.read(post_key(medium_id))
        return found[0] if found else None

    def _store(self, medium_id: str, name: str, data: bytes) -> StoredFile:
        kind = TYPES[name.rpartition(".")[2]]
        self.archive.put(file_key(medium_id, name), Body(iter([data]), kind, len(data)))
        return StoredFile(
            name=name,
            position=int(name.partition(".")[0]),
            sha256=sha256(data).hexdigest(),
            size=len(data),
            content_type=kind,
            thumbnail=".thumbnail." in name,
        )

    def _write(self, sidecar: Sidecar) -> None:
        key = sidecar_key(sidecar.medium.id)
        found = self.archive.read(key)
        self.archive.write(key, encode(sidecar), tag=found[1] if found else None)


def replace_options(options: PostOptions, **changes: Any) -> PostOptions:
    from dataclasses import replace as changed

    return changed(options, **changes)


def a_carousel(medium_id: str = ID, **changes: Any) -> Medium:
    """Two pictures, then a video."""
    items = (an_item(1, alt_text="A lake"), an_item(2), an_item(3, video=True))
    return a_medium(medium_id, **{"items": items, **changes})


CAROUSEL = {
    "1.jpg": a_picture(color="teal"),
    "2.jpg": a_picture(color="navy"),
    "3.mp4": an_mp4(),
    "3.thumbnail.jpg": a_picture(color="black"),
}


def a_world(**entry: Any) -> World:
    """A world with one carousel, stored and not posted."""
    world = World()
    world.add(a_carousel(), CAROUSEL, **entry)
    return world
