"""The whole of `photos` over stores in memory: ports go through cuts, runs take turns by a seed."""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from everyday.adapters.memory import MemoryArchive, MemoryCatalog, MemoryEvents, MemorySecrets
from everyday.adapters.memory_blog import MemoryBlog
from everyday.errors import (
    ArchiveUnavailable,
    BlogUnavailable,
    CatalogUnavailable,
    EventsUnavailable,
    EverydayError,
    SecretsUnavailable,
    SourceUnavailable,
    Unavailable,
)
from everyday.photos.backup import Backup, BackupOptions
from everyday.photos.model import Item, MediaType, Section
from everyday.photos.ports import Page, Refreshed
from everyday.photos.posting import Posting, PostOptions
from everyday.photos.token import TokenKeeper
from everyday.ports import Clock
from tests.account import Account, a_png
from tests.builders import NOW
from tests.faults import judge
from tests.faults.cuts import Call, Cuts, Died
from tests.faults.judge import Found, Wanted
from tests.faults.turns import Turns
from tests.samples import an_mp4


class Port:
    """A store whose calls can be cut."""

    def __init__(self, name: str, store: Any, error: type[Unavailable], cuts: Cuts, turns: Turns) -> None:
        self._name, self._store, self._error, self._cuts, self._turns = name, store, error, cuts, turns

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        def call(*args: Any, **named: Any) -> Any:
            self._turns.change()
            first = args[0] if args else ""
            key = first if isinstance(first, str) else str(getattr(first, "id", ""))
            return self._cuts.call(
                Call(self._name, name, key),
                lambda: method(*args, **named),
                lost=lambda: self._error(f"{name} failed"),
                late=lambda: self._error(f"{name} timed out"),
            )

        return call


class _Graph:
    """Gives a new token at every call; the old ones stay good."""

    def __init__(self) -> None:
        self.given = 0

    def refresh(self, access_token: str) -> Refreshed:
        self.given += 1
        return Refreshed(f"token-{self.given}", 60 * 86_400)


def _body(name: str) -> bytes:
    return an_mp4(media=name.encode()) if name.endswith("-film") else a_png(name)


class World:
    """An account, and everything that outlives a run.

    `seed` decides whose turn it is when runs overlap. `cut_listings` such pages end the listing too early.
    """

    def __init__(self, seed: int = 0) -> None:
        self.now = NOW
        self.account = Account(page_size=2)
        self.account.body = _body
        self.archive, self.catalog, self.events = MemoryArchive(), MemoryCatalog(), MemoryEvents()
        self.blog = MemoryBlog(lambda: self.now)
        self.secrets = MemorySecrets({"token": _a_token(NOW - timedelta(days=8))})
        self.graph = _Graph()
        self.turns = Turns(random.Random(seed))
        self.deleted: dict[str, Wanted] = {}
        self.cut_listing = False
        self._ids = count()

    # What the owner does

    def post(self, *kinds: str) -> str:
        """A new post of these kinds of items: `picture` or `film`."""
        number = len(self.account.media) + len(self.deleted) + 1
        items = tuple(
            Item(
                position=at,
                source_id=f"{number}-{at}-{kind}",
                url="",
                video=kind == "film",
                thumbnail_url="" if kind == "film" else None,
            )
            for at, kind in enumerate(kinds, start=1)
        )
        id_ = self.account.post(f"Caption {number}", items=len(items))
        if kinds == ("film",):
            self.account.edit(id_, section=Section.REEL, media_type=MediaType.VIDEO)
        self.account.edit(id_, items=items)
        return id_

    def edit(self, id_: str, caption: str) -> None:
        self.account.edit(id_, caption=caption)

    def delete(self, id_: str) -> None:
        self.deleted[id_] = self._wanted(id_)._replace(deleted=True)
        self.account.delete(id_)

    # What runs

    def run(self, cuts: Cuts | None = None, *, hours_off: int = 0, copies: int = 1) -> list[EverydayError]:
        """Backup, its events `copies` times each, sweep and token; what they raised. A cut may end it."""
        cuts = cuts or Cuts()
        raised: list[EverydayError] = []
        with suppress(Died):
            for step in self._steps(cuts, timedelta(hours=hours_off), copies):
                try:
                    step()
                except EverydayError as error:
                    raised.append(error)
        return raised

    def overlapping(self, *runs: Callable[[], Any]) -> None:
        self.turns.run(*runs)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def _steps(self, cuts: Cuts, off: timedelta, copies: int) -> Sequence[Callable[[], Any]]:
        def clock() -> datetime:
            return self.now + off

        told: list[str] = []
        backup, posting = self._backup(cuts, clock, told), self._posting(cuts, clock)
        keeper = TokenKeeper(
            self._port("secrets", self.secrets, SecretsUnavailable, cuts),
            self._port("graph", self.graph, SourceUnavailable, cuts),
            clock,
            "token",
        )
        deliveries = [lambda: [posting.post(it) for it in told]] * copies
        return [backup.run, *deliveries, lambda: posting.sweep(lambda: 900.0), keeper.refresh]

    def _backup(self, cuts: Cuts, clock: Clock, told: list[str]) -> Backup:
        return Backup(
            source=self._port("instagram", _Source(self), SourceUnavailable, cuts),
            archive=self._port("archive", self.archive, ArchiveUnavailable, cuts),
            catalog=self._port("catalog", self.catalog, CatalogUnavailable, cuts),
            events=self._port("events", _Heard(self.events, told), EventsUnavailable, cuts),
            clock=clock,
            options=BackupOptions(max_file_bytes=10_000, concurrency=2, give_up_after=3, complete=True),
            new_id=self._id,
        )

    def _posting(self, cuts: Cuts, clock: Clock) -> Posting:
        return Posting(
            archive=self._port("archive", self.archive, ArchiveUnavailable, cuts),
            catalog=self._port("catalog", self.catalog, CatalogUnavailable, cuts),
            blog=self._port("blog", self.blog, BlogUnavailable, cuts),
            clock=clock,
            options=PostOptions(status="published"),
            new_id=self._id,
        )

    def _port(self, name: str, store: Any, error: type[Unavailable], cuts: Cuts) -> Any:
        return Port(name, store, error, cuts, self.turns)

    def _id(self) -> str:
        return f"id-{next(self._ids)}"

    def backup(self) -> Backup:
        """A backup that nothing cuts."""
        return self._backup(Cuts(), lambda: self.now, [])

    def posting(self) -> Posting:
        """Posting that nothing cuts."""
        return self._posting(Cuts(), lambda: self.now)

    def refresh(self) -> None:
        TokenKeeper(self.secrets, self.graph, lambda: self.now, "token").refresh()

    # What is judged

    def wrong_now(self) -> list[str]:
        return judge.wrong_now(self.found(), self.wanted())

    def wrong_at_last(self) -> list[str]:
        token = self.secrets.get("token")["access_token"]
        stale = ["no refreshed token is stored"] if token == "token-0" else []
        return [*judge.wrong_at_last(self.found(), self.wanted()), *stale]

    def found(self) -> Found:
        return Found(
            objects={key: it.data for key, it in self.archive.objects.items()},
            entries=self.catalog.entries,
            state=self.catalog.state,
            posts=[
                judge.Post(it.found.id, it.found.slug, it.found.updated_at, str(it.draft))
                for it in self.blog.posts.values()
            ],
            files=list(self.blog.files),
        )

    def wanted(self) -> Mapping[str, Wanted]:
        return {**{id_: self._wanted(id_) for id_ in self.account.media}, **self.deleted}

    def _wanted(self, id_: str) -> Wanted:
        medium = self.account.media[id_][1]
        files: dict[str, bytes] = {}
        for item in medium.items:
            name = f"cdn/{item.source_id}"
            files[f"{item.position}.{'mp4' if item.video else 'png'}"] = _body(name)
            if item.video:
                files[f"{item.position}.thumbnail.png"] = _body(f"{name}.thumbnail")
        return Wanted(files, medium.caption)


class _Source:
    """The account, whose listing can be cut short; then it still counts what it has."""

    def __init__(self, world: World) -> None:
        self._world = world

    def page(self, cursor: str | None) -> Page:
        page = self._world.account.page(cursor)
        return page._replace(media=page.media[:1], cursor=None) if self._world.cut_listing else page

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.account, name)


class _Heard:
    """The bus, and one listener that is told of stored media."""

    def __init__(self, events: MemoryEvents, told: list[str]) -> None:
        self._events, self._told = events, told

    def publish(self, kind: str, details: Any) -> None:
        details = list(details)
        self._events.publish(kind, details)
        self._told += [detail["id"] for detail in details if kind == "photo.stored"]


def _a_token(obtained_at: datetime) -> dict[str, str]:
    expires_at = obtained_at + timedelta(days=60)
    return {
        "access_token": "token-0",
        "obtained_at": obtained_at.isoformat(),
        "expires_at": expires_at.isoformat(),
    }
