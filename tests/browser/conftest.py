"""Everything a person can open, served on loopback with a few posts, and one Chromium to open it with."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from everyday import wiring
from everyday.adapters.ghost import GhostBlog
from everyday.adapters.graph_http import GraphHttp
from everyday.adapters.instagram import GraphSource
from everyday.adapters.media_http import MediaDownloads
from everyday.adapters.memory import MemoryEvents
from everyday.photos.backup import Backup, BackupOptions
from everyday.photos.catalog import Entry
from everyday.photos.ports import Archive, Catalog
from everyday.photos.posting import Posting, PostOptions
from everyday.photos.restore import restore
from everyday_console.app import build
from everyday_local.ghost.server import LightBlog
from everyday_local.ghost.server import running as light_blog
from everyday_local.instagram.account import Account
from everyday_local.instagram.run import running as instagram
from everyday_local.instagram.sample import make_post, sample
from everyday_local.instagram.standin import Standin
from everyday_local.serving import served

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOSTILE = '"><img src=x onerror="window.broken=1"><script>window.broken=1</script>\n</p></div>words'


def told(day: int, caption: str, *shots: str, **more: Any) -> dict[str, Any]:
    """A post of the account, as `sample.toml` would tell it."""
    return {"at": datetime(2024, 5, day, 8, tzinfo=UTC), "caption": caption, "shots": shots, **more}


TOLD = [
    told(1, HOSTILE, "hills", alt=[HOSTILE]),
    told(2, "Three hills #walk", "hills", "bike", "sea", alt=["green hills", "a bicycle", "the sea"]),
    told(3, "A film of the sea", "film:sea", reel=True),
    told(4, "مساء الخير from the pier", "bike"),
]


class Places(NamedTuple):
    """Where to look; `entries` by the number of the post in TOLD."""

    console: str
    blog: str
    instagram: str
    index: Path
    entries: list[Entry]


class Opened(NamedTuple):
    """A page, what its console complained about, and what it asked other places for."""

    page: Page
    complaints: list[str]
    elsewhere: list[str]

    def check(self) -> None:
        """What must hold for every page."""
        assert self.complaints == []
        assert self.elsewhere == []
        assert self.page.evaluate("window.broken") is None
        assert self.page.evaluate("document.documentElement.lang") == "en"
        assert self.page.locator("h1").count() == 1
        assert self.page.locator("img:not([alt])").count() == 0
        assert self.page.title()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process runs them all, with one Chromium; the tests of other folders are not touched."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """TOLD on the Instagram stand-in: archived in a folder, posted on the light blog, restored."""
    root = tmp_path_factory.mktemp("browser")
    posts = tuple(make_post(it, number=number) for number, it in enumerate(TOLD))
    archive, catalog = wiring.folder_archive(root / "archive"), wiring.folder_catalog(root / "archive")
    with ExitStack() as running:
        account = running.enter_context(instagram(Account(sample().profile, posts)))
        report = _backup(account, archive, catalog).run()
        assert (report.new, report.failed) == (len(TOLD), ())
        restore(archive, root / "restored")
        blog = running.enter_context(light_blog(root / "blog"))
        posted = _posting(blog, archive, catalog).sweep(lambda: 1e6)
        assert posted.counts == {"created": len(TOLD)}
        yield Places(
            console=running.enter_context(
                served(build(catalog=catalog, archive=archive, stage="folder", addresses={"blog": blog.url}))
            ),
            blog=blog.url,
            instagram=account.url,
            index=root / "restored" / "index.html",
            entries=sorted(catalog.timeline(), key=lambda it: it.taken_at),
        )


def _backup(account: Standin, archive: Archive, catalog: Catalog) -> Backup:
    media = MediaDownloads([account.url], max_bytes=10**8)
    return Backup(
        source=GraphSource(GraphHttp(account.url), token=lambda: account.token, media=media, page_size=50),
        archive=archive,
        catalog=catalog,
        events=MemoryEvents(),
        clock=wiring.now,
        options=BackupOptions(max_file_bytes=10**8, concurrency=2),
        new_id=wiring.new_id,
    )


def _posting(blog: LightBlog, archive: Archive, catalog: Catalog) -> Posting:
    return Posting(
        archive=archive,
        catalog=catalog,
        blog=GhostBlog(blog.url, lambda: blog.admin_key, clock=wiring.now),
        clock=wiring.now,
        options=PostOptions(status="published"),
        new_id=wiring.new_id,
    )


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Opened]]:
    """Opens an address; `phone` in the size of one, `dark` as a person who likes it dark."""
    with ExitStack() as opened:

        def open_page(address: str, *, phone: bool = False, dark: bool = False) -> Opened:
            context = browser.new_context(
                viewport={"width": 390, "height": 844} if phone else {"width": 1280, "height": 900},
                color_scheme="dark" if dark else "light",
            )
            opened.callback(context.close)
            page = context.new_page()
            found = Opened(page, [], [])
            page.set_default_timeout(20_000)
            page.on("console", lambda it: found.complaints.append(it.text) if it.type == "error" else None)
            page.on("pageerror", lambda error: found.complaints.append(str(error)))
            page.on("dialog", lambda dialog: (found.complaints.append(dialog.message), dialog.dismiss()))
            here = urlsplit(address)[:2]
            page.on(
                "request",
                lambda it: (
                    None
                    if it.url.startswith("data:") or urlsplit(it.url)[:2] == here
                    else found.elsewhere.append(it.url)
                ),
            )
            page.goto(address, wait_until="load")
            return found

        yield open_page
