"""The photos commands run in this process, over stores that a test can look into."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from everyday import wiring
from everyday.adapters.memory import MemoryArchive, MemoryCatalog, MemoryEvents, MemorySecrets
from everyday.adapters.memory_blog import MemoryBlog
from everyday.photos.backup import Backup, BackupOptions
from everyday.photos.posting import Posting, PostOptions
from everyday.photos.token import TokenKeeper
from everyday_cli import main, photos_stores
from tests.account import Account
from tests.builders import NOW

TOKEN = "IGAA" + "secret" * 8
GHOST_KEY = "0123456789abcdef01234567:" + "ab" * 32


class Done(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass
class Stores:
    """What a stage has, in memory. `state()` is all of it, to see whether a command changed anything."""

    account: Account = field(default_factory=Account)
    archive: MemoryArchive = field(default_factory=MemoryArchive)
    catalog: MemoryCatalog = field(default_factory=MemoryCatalog)
    events: MemoryEvents = field(default_factory=MemoryEvents)
    blog: MemoryBlog = field(default_factory=lambda: MemoryBlog(clock=lambda: NOW))
    secrets: MemorySecrets = field(default_factory=MemorySecrets)

    def state(self) -> tuple[Any, ...]:
        return (
            dict(self.archive.objects),
            dict(self.catalog.entries),
            self.catalog.state,
            list(self.events.published),
            dict(self.secrets.values),
            repr(self.blog.posts),
        )


class _Refresher:
    def refresh(self, access_token: str) -> Any:
        raise AssertionError("no test here refreshes")


class MemoryTarget(photos_stores.Target):
    """A Target over the stores of the running test."""

    stores: Stores

    @cached_property
    def archive(self) -> Any:
        return super().archive if self.folder else self.stores.archive

    @cached_property
    def catalog(self) -> Any:
        return super().catalog if self.folder else self.stores.catalog

    @cached_property
    def backup_settings(self) -> Any:
        return _Settings(post_since=None)

    def backup(self, exports: Any, *, complete: bool, dry_run: bool = False) -> Backup:
        if self.folder:
            return super().backup(exports, complete=complete, dry_run=dry_run)
        stores = self.stores
        return Backup(
            source=stores.account,
            archive=stores.archive,
            catalog=stores.catalog,
            events=stores.events,
            clock=lambda: NOW,
            options=BackupOptions(max_file_bytes=10**6, concurrency=2, complete=complete),
            new_id=wiring.new_id,
        )

    def posting(self) -> Posting:
        if self.folder:
            return super().posting()
        ids = iter(range(10_000))
        return Posting(
            archive=self.stores.archive,
            catalog=self.stores.catalog,
            blog=self.stores.blog,
            clock=lambda: NOW,
            options=PostOptions(),
            new_id=lambda: f"run-{next(ids)}",
        )

    def token_keeper(self) -> TokenKeeper:
        if self.folder:
            return super().token_keeper()
        return TokenKeeper(self.stores.secrets, _Refresher(), lambda: NOW, "instagram")


class _Settings(NamedTuple):
    post_since: None


class Cli:
    """Runs commands as a shell would: `cli("photos", "list")`."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def __call__(self, *arguments: str | Path) -> Done:
        self._capfd.readouterr()
        status = main.run([str(it) for it in arguments])
        captured = self._capfd.readouterr()
        return Done(status, captured.out, captured.err)


_BESIDE_SQLITE = ("-wal", "-shm")  # come and go with every reader


def tree(folder: Path) -> Mapping[str, bytes]:
    """Every file under the folder."""
    return {
        str(it.relative_to(folder)): it.read_bytes()
        for it in sorted(folder.rglob("*"))
        if it.is_file() and not it.name.endswith(_BESIDE_SQLITE)
    }
