"""The whole of `photos` over real connections, with one seam that every call of every adapter goes through.

What is wired is what the functions wire; only the far ends are ours: the Instagram stand-in, the light blog
and ministack. Time is the world's: it passes when a test says so, for all of them alike.
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from everyday import wiring
from everyday.adapters import s3 as s3_adapter
from everyday.adapters.dynamodb import DynamoCatalog
from everyday.adapters.events import EventBridgeEvents
from everyday.adapters.ghost import GhostBlog
from everyday.adapters.graph_http import GraphHttp
from everyday.errors import EverydayError
from everyday.photos import crew
from everyday.photos.catalog import Entry, RunState
from everyday.settings import BackupSettings, PostSettings, TokenSettings
from everyday_local.ghost import app as ghost_app
from everyday_local.ghost.faults import Faults as BlogFaults
from everyday_local.instagram.account import Account, File, Post, Profile, post_id
from everyday_local.instagram.app import build_app
from everyday_local.instagram.standin import Standin
from everyday_local.throwaway import make_archive, make_catalog
from tests.faults import judge
from tests.faults.cuts import Cuts, Died
from tests.faults.judge import Found, Wanted
from tests.faults.seam import BUS, Seam, Services, Session

ADMIN_KEY = f"{'c0ffee' * 4}:{'5ec2e7' * 10}ffff"
PART_BYTES = 100_000  # so that our films, of some 200 KB, go up in parts


class Inline(Executor):
    """Threads whose work is done at once, in order: the calls of two runs then have the same numbers."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def submit(self, fn: Any, /, *args: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **named))
        except BaseException as error:  # noqa: BLE001 - as a real executor's
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None: ...


class Clock:
    """The world's time, for our code and for the far ends."""

    def __init__(self) -> None:
        self.shift = timedelta(0)

    def now(self, zone: Any = UTC) -> datetime:
        return datetime.now(zone) + self.shift

    def later(self, **span: float) -> None:
        self.shift += timedelta(**span)


def install(patch: pytest.MonkeyPatch, clock: Clock) -> None:
    """No waiting, no threads of our own, one clock, small parts."""
    patch.setattr(crew, "ThreadPoolExecutor", Inline)
    patch.setattr(s3_adapter, "PART_BYTES", PART_BYTES)
    patch.setattr(wiring, "now", clock.now)
    patch.setattr(ghost_app, "time", SimpleNamespace(time=lambda: clock.now().timestamp()))
    patch.setattr(ghost_app, "datetime", SimpleNamespace(now=clock.now))
    patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    for adapter in (GraphHttp, GhostBlog, DynamoCatalog, EventBridgeEvents):
        patch.setitem(adapter.__init__.__kwdefaults__, "sleep", lambda _: None)  # type: ignore[misc]


class World:
    """An account, and everything that outlives a run. A new one is empty but for the account."""

    def __init__(self, services: Services, seam: Seam, clock: Clock, folder: Path, *posts: Post) -> None:
        self.services, self.seam, self.clock, self.folder = services, seam, clock, folder
        self.words = {post.id: (post.caption or "").partition("\n")[0] for post in posts}
        name = uuid4().hex
        self.account = Account(Profile(username="wren", name="Wren", user_id="17841400000000001"), posts)
        self.standin = Standin(self.account, now=clock.now)
        self.standin.url = services.instagram
        services.instagram_door.app = build_app(self.standin)
        self.blog_faults = BlogFaults()
        self.blog = ghost_app.BlogApp(folder, services.blog, ADMIN_KEY, faults=self.blog_faults, calls=[])
        services.blog_door.app = self.blog.asgi
        self._make(name)
        self.token = self.standin.tokens.issue(clock.now() - timedelta(days=8))
        self._fill(name)
        shared = {"catalog_table": name, "archive_bucket": name}
        instagram = {"instagram_secret": f"instagram-{name}", "instagram_url": services.instagram}
        self.backup_settings = BackupSettings(
            **shared,
            **instagram,
            bus_name=BUS,
            media_origins=(services.instagram,),
            max_file_bytes=10_000_000,
            concurrency=2,
        )
        self.post_settings = PostSettings(
            **shared, ghost_secret=f"ghost-{name}", ghost_url=services.blog, post_status="published"
        )
        self.token_settings = TokenSettings(**instagram)
        self.name = name

    def close(self) -> None:
        self.blog.store.close()

    def run(self, cuts: Cuts | None = None) -> list[EverydayError]:
        """Backup, sweep and token, each as its function would; what they raised. Ends where a cut kills."""
        cuts = cuts or Cuts()
        raised: list[EverydayError] = []
        session: Any = Session(self.services)
        steps = (
            lambda: wiring.backup(self.backup_settings, session, complete=True).run(),
            lambda: wiring.posting(self.post_settings, session).sweep(lambda: 900.0),
            lambda: wiring.token_keeper(self.token_settings, session).refresh(),
        )
        self.seam.cuts = cuts
        try:
            for step in steps:
                try:
                    step()
                except EverydayError as error:
                    raised.append(error)
        except Died:
            pass
        finally:
            self.seam.cuts = None
        return raised

    def lose_the_catalog(self) -> None:
        dynamodb = self.services.client("dynamodb")
        for item in dynamodb.scan(TableName=self.name)["Items"]:
            dynamodb.delete_item(TableName=self.name, Key={"pk": item["pk"]})

    def entry(self, id_: str) -> Entry:
        return self.found().entries[id_]

    def edit(self, id_: str, caption: str) -> None:
        self.account.edit(id_, caption)
        self.words[id_] = caption.partition("\n")[0]

    def wrong_now(self) -> list[str]:
        return judge.wrong_now(self.found(), self.wanted())

    def wrong_at_last(self) -> list[str]:
        return [*judge.wrong_at_last(self.found(), self.wanted()), *self._wrong_token()]

    def wanted(self) -> Mapping[str, Wanted]:
        return {post.id: Wanted(dict(self._files(post)), self.words[post.id]) for post in self.account.posts}

    def found(self) -> Found:
        s3, dynamodb = self.services.client("s3"), self.services.client("dynamodb")
        versions = s3.list_object_versions(Bucket=self.name).get("Versions", [])
        keys = [version["Key"] for version in versions]
        items = dynamodb.scan(TableName=self.name)["Items"]
        docs = {item["pk"]["S"]: item["doc"]["S"] for item in items}
        run = docs.pop("#run", "{}")
        return Found(
            objects={key: s3.get_object(Bucket=self.name, Key=key)["Body"].read() for key in set(keys)},
            entries={pk: msgspec.json.decode(doc, type=Entry) for pk, doc in docs.items()},
            state=msgspec.json.decode(run, type=RunState),
            posts=[_told(post) for post in self.blog.store.posts.values()],
            files=self._on_the_blog(),
            versions={key: keys.count(key) for key in keys},
            unfinished=[it["Key"] for it in s3.list_multipart_uploads(Bucket=self.name).get("Uploads", [])],
        )

    def _wrong_token(self) -> Iterator[str]:
        """The refreshed one is stored, or at least one that is good for weeks."""
        secret = self.services.client("secretsmanager").get_secret_value(SecretId=f"instagram-{self.name}")
        stored = json.loads(secret["SecretString"])
        token = self.standin.tokens.about(stored["access_token"])
        if stored["access_token"] == self.token or token.expires_at - self.clock.now() < timedelta(days=50):
            yield "the refreshed token was not stored"

    def _on_the_blog(self) -> list[str]:
        content = self.folder / "content"
        found = [path for path in content.rglob("*") if path.is_file() and not path.stem.endswith("_o")]
        return [str(path.relative_to(content)) for path in found if not path.stem.endswith("_thumb")]

    def _files(self, post: Post) -> Iterator[tuple[str, bytes]]:
        for position, file in enumerate(post.files, start=1):
            yield f"{position}.{'mp4' if file.video else 'jpg'}", self._bytes(file)
            if file.video:
                yield f"{position}.thumbnail.jpg", self._bytes(file, thumbnail=True)

    def _bytes(self, file: File, *, thumbnail: bool = False) -> bytes:
        return b"".join(self.standin.gallery.blob(file, thumbnail=thumbnail).chunks())

    def _make(self, name: str) -> None:
        make_archive(self.services.client("s3"), name)
        make_catalog(self.services.client("dynamodb"), name)

    def _fill(self, name: str) -> None:
        issued = self.standin.tokens.about(self.token)
        token = {"access_token": self.token, "obtained_at": issued.issued_at, "expires_at": issued.expires_at}
        manager = self.services.client("secretsmanager")
        for key, value in (("instagram", token), ("ghost", {"admin_key": ADMIN_KEY})):
            manager.create_secret(Name=f"{key}-{name}", SecretString=json.dumps(value, default=str))


def _told(post: Mapping[str, Any]) -> judge.Post:
    text = " ".join(str(post[it]) for it in ("title", "html", "feature_image", "codeinjection_foot"))
    return judge.Post(post["id"], post["slug"], post["updated_at"], text)


def a_post(number: int, *scenes: str, caption: str = "") -> Post:
    """A small post of the stand-in; a scene `film:…` is a video."""
    id_, many = post_id(number), len(scenes) > 1
    return Post(
        id=id_,
        taken_at=datetime(2024, 5, 1, 8, number, tzinfo=UTC),
        files=tuple(
            File(id=str(int(id_) + many * at), scene=scene, seed=at, width=48, height=60)
            for at, scene in enumerate(scenes, start=1)
        ),
        caption=caption or f"Number {number}",
    )


with suppress(ImportError):  # the first use of Pillow's plugins must not be inside a run that is cut
    from PIL import Image

    Image.init()
