"""The console's page of sites, over sites in memory."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from everyday.adapters.site_folder import FolderTree
from everyday.errors import BucketUnavailable
from everyday.site.model import SiteRules
from everyday.site.publishing import Publishing
from everyday_cli import console_command, jobs_stores, site_stores
from everyday_console.app import build
from everyday_console.site import SHOWN, Site
from everyday_console.site_pages import Sites
from everyday_local.serving import served
from tests.cli import site_world
from tests.cli.test_console_jobs import HOSTILE, NoJobs, NoSites, PhotosTarget


class World:
    """Two sites, `blog` and `shop`. `gone` are those whose bucket is away."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.stage = site_world.Sites()
        self.gone: set[str] = set()
        self.url = ""
        self.publishings = {
            name: Publishing(name, SiteRules(keep_releases=SHOWN + 2), each.world())
            for name, each in self.stage.sites.items()
        }

    def publish(self, name: str, text: str, *, by: str = "lea@desk", live: bool = True) -> str:
        """Publish a page that says this; the release's id."""
        self.root.joinpath("index.html").write_text(text)
        self.stage.sites[name].now += timedelta(minutes=1)
        return self.publishings[name].publish(FolderTree(self.root), by=by, live=live).release

    def pages(self) -> Sites:
        return Sites(
            sites=[
                Site(name, each.output.settings.site_url, self._releases(name))
                for name, each in self.stage.sites.items()
            ]
        )

    def _releases(self, name: str) -> Any:
        def releases() -> Any:
            if name in self.gone:
                raise BucketUnavailable(f"the bucket of {name} is away")
            return self.publishings[name].releases()

        return releases

    def get(self) -> str:
        return requests.get(f"{self.url}/site", timeout=10).text

    def section(self, name: str) -> str:
        """What the page says of one site."""
        found = re.search(
            rf'<section class="site" aria-labelledby="site-{name}">.*?</section>', self.get(), re.S
        )
        assert found
        return found[0]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    root = tmp_path / "folder"
    root.mkdir()
    world = World(root)
    with served(build(stage="local", addresses={}, site=world.pages())) as world.url:
        yield world


def test_a_site_is_shown_with_its_address_and_what_is_live(world: World) -> None:
    release = world.publish("blog", "one", by="lea@desk")
    section = world.section("blog")
    assert '<a href="https://blog.example.com/">https://blog.example.com</a>' in section
    assert f"live</span> <code>{release}</code>, published" in section
    assert '<span dir="auto">lea@desk</span>' in section
    assert re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", section) == [
        ("files", "1"), ("size", "3 bytes"), ("releases kept", "1"),
    ]  # fmt: skip


def test_each_release_that_is_not_live_has_a_link_to_its_preview(world: World) -> None:
    first = world.publish("blog", "one")
    second = world.publish("blog", "two")
    third = world.publish("blog", "three", live=False)
    section = world.section("blog")
    assert re.findall(r"<tr><td><code>([^<]+)", section) == [third, second, first]
    assert re.findall(r'<a href="([^"]+)" aria-label="preview of', section) == [
        f"https://blog.example.com/_release/{each}" for each in (third, first)
    ]
    assert section.count('<span class="state s-posted">live</span>') == 2  # above the table, and in it


def test_a_rollback_is_seen(world: World) -> None:
    first = world.publish("blog", "one")
    world.publish("blog", "two")
    world.publishings["blog"].rollback(first)
    assert f"live</span> <code>{first}</code>" in world.section("blog")


def test_a_site_without_a_release_says_how_to_make_one(world: World) -> None:
    assert "everyday site push DIR --site shop" in world.section("shop")


def test_a_site_of_which_nothing_is_live_yet_says_how_to_release_it(world: World) -> None:
    release = world.publish("shop", "one", live=False)
    section = world.section("shop")
    assert "nothing is live" in section
    assert f"https://shop.example.com/_release/{release}" in section


def test_only_the_newest_of_many_releases_are_listed_and_the_others_counted(world: World) -> None:
    for number in range(SHOWN + 2):
        world.publish("blog", f"number {number}")
    section = world.section("blog")
    assert section.count("<tr><td>") == SHOWN
    assert "and 2 older: <code>everyday site releases --site blog</code>" in section


def test_a_site_that_cannot_be_read_does_not_hide_the_others(world: World) -> None:
    world.publish("blog", "one")
    world.gone.add("shop")
    assert "the bucket of shop is away" in world.section("shop")
    assert "live</span>" in world.section("blog")


def test_who_published_is_text_everywhere(world: World) -> None:
    world.publish("blog", "one", by=HOSTILE)
    page = world.get()
    assert "&lt;script&gt;boom" in page
    assert "<script>boom" not in page


def test_an_address_that_is_none_of_the_webs_is_no_link() -> None:
    def none() -> Any:
        return ()

    app = build(stage="local", addresses={}, site=Sites(sites=[Site("odd", "javascript:boom()", none)]))
    with served(app) as url:
        page = requests.get(f"{url}/site", timeout=10).text
    assert 'href="javascript:' not in page


def test_the_page_runs_no_script_but_the_consoles_own(world: World) -> None:
    page = requests.get(f"{world.url}/site", timeout=10)
    assert re.findall(r"<script[^>]*>", page.text) == ['<script src="/static/refresh.js" defer>']
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert "style=" not in page.text


def test_the_console_shows_the_sites_of_its_stage(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    release = world.publish("blog", "one")
    monkeypatch.setattr(jobs_stores, "Target", NoJobs)
    monkeypatch.setattr(site_stores, "Target", site_world.MemoryTarget)
    monkeypatch.setattr(site_world.MemoryTarget, "stores", world.stage, raising=False)
    with served(console_command.app_of(PhotosTarget(there=False), {})) as url:
        page = requests.get(url, timeout=10)
    assert page.url == f"{url}/site"
    assert release in page.text


def test_a_stage_without_sites_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_stores, "Target", NoJobs)
    monkeypatch.setattr(site_stores, "Target", NoSites)
    with served(console_command.app_of(PhotosTarget(there=True), {})) as url:
        page = requests.get(f"{url}/site", timeout=10).text
    assert '<p class="empty">EverydaySite is not deployed</p>' in page
