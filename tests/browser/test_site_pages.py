"""The console's page of sites in a browser: it fits, can be read, and keeps itself up to date."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from everyday_console.app import build
from everyday_local.serving import served
from tests.browser.conftest import Opened
from tests.browser.sites import FAINT, REACHED
from tests.browser.test_pages import overflows
from tests.cli.test_console_site import World

Visit = Callable[..., Opened]
LONG = "a-person-with-a-very-long-name@a-machine-with-a-longer-one.example.com"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """`blog` has three releases, the second of which is live; `shop` has none."""
    root = tmp_path / "folder"
    root.mkdir()
    world = World(root)
    for number, by in enumerate(("lea@desk", LONG, "codepipeline")):
        world.publish("blog", f"number {number}", by=by, live=number < 2)
    with served(build(stage="local", addresses={}, site=world.pages())) as world.url:
        yield world


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_fits_and_can_be_read(visit: Visit, world: World, phone: bool, dark: bool) -> None:
    opened = visit(f"{world.url}/site", phone=phone, dark=dark)
    opened.check()
    assert not overflows(opened.page)
    assert opened.page.evaluate(FAINT) == []


def test_a_release_takes_a_line_or_a_few_on_a_phone_too(visit: Visit, world: World) -> None:
    page = visit(f"{world.url}/site", phone=True).page
    heights = page.locator(".site tbody tr").evaluate_all("rows => rows.map(row => row.offsetHeight)")
    assert len(heights) == 3
    assert max(heights) <= 100


def test_a_release_is_shown_without_loading_the_page_again(visit: Visit, world: World) -> None:
    page = visit(f"{world.url}/site").page
    page.clock.install()
    page.reload()
    page.evaluate("window.before = document.querySelector('.site table')")
    release = world.publish("blog", "new")
    page.clock.run_for(10_000)
    expect(page.locator(".site tbody code").first).to_have_text(release)
    assert page.evaluate("window.before.isConnected")


def test_the_keyboard_reaches_every_preview_and_shows_where_it_is(visit: Visit, world: World) -> None:
    reached = visit(f"{world.url}/site").page.evaluate(REACHED)
    assert [words for words, _ in reached].count("preview") == 2
    assert all(outlined for _, outlined in reached)


def test_every_section_has_a_heading_and_every_table_named_columns(visit: Visit, world: World) -> None:
    page = visit(f"{world.url}/site").page
    assert page.get_by_role("heading", level=2).all_inner_texts() == ["blog", "shop"]
    assert page.get_by_role("region", name="Releases of blog").count() == 1
    assert page.locator("th:not([scope=col])").count() == 0
