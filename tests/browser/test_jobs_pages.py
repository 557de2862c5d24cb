"""The console's pages of jobs in a browser: they fit, can be read, and keep themselves up to date."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Locator, Page, expect

from everyday_console.app import build
from everyday_local.serving import served
from tests.browser.conftest import Opened
from tests.cli.jobs_world import INSTANCE, Stage, filled
from tests.cli.test_console_jobs import HOSTILE, pages_of
from tests.job_builders import ENQUEUED, a_job

Visit = Callable[..., Opened]


class Console(NamedTuple):
    url: str
    stage: Stage


@pytest.fixture
def console() -> Iterator[Console]:
    stage = filled()
    stage.add(*[a_job(f"more-{number:02}", rank=ENQUEUED + 50 + number) for number in range(30)])
    with served(build(stage="local", addresses={}, jobs=pages_of(stage))) as url:
        yield Console(url, stage)


def overflows(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def figure(page: Page, name: str) -> Locator:
    return page.locator(f".figures div:has(dt:text-is('{name}')) dd")


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("path", ["/jobs", "/jobs/big", "/jobs/many"])
def test_a_page_fits_and_complains_of_nothing(
    visit: Visit, console: Console, path: str, phone: bool, dark: bool
) -> None:
    opened = visit(console.url + path, phone=phone, dark=dark)
    opened.check()
    assert not overflows(opened.page)


def test_bars_are_as_long_as_what_they_stand_for(visit: Visit, console: Console) -> None:
    page = visit(f"{console.url}/jobs").page
    memory = page.get_by_role("img", name="memory: 400 of 512 MiB")
    whole = memory.bounding_box()
    used = memory.locator(".b-used").bounding_box()
    assert whole
    assert used
    assert used["width"] == pytest.approx(whole["width"] * 400 / 512, abs=2)
    assert used["height"] == pytest.approx(whole["height"], abs=1)


def test_what_changes_is_shown_without_loading_the_page_again(visit: Visit, console: Console) -> None:
    opened = visit(f"{console.url}/jobs")
    opened.page.evaluate("window.before = document.querySelector('.instances h3')")
    console.stage.end("runs")
    expect(figure(opened.page, "running")).to_have_text("0")
    assert opened.page.evaluate("window.before === document.querySelector('.instances h3')")
    assert opened.page.evaluate("window.before.isConnected")
    opened.check()


def test_a_person_keeps_their_place_while_the_page_changes(visit: Visit, console: Console) -> None:
    page = visit(f"{console.url}/jobs").page
    page.get_by_role("link", name="big", exact=True).focus()
    page.evaluate("window.scrollTo(0, 200)")
    console.stage.add(a_job("newest", rank=ENQUEUED + 999))
    expect(figure(page, "waiting")).to_have_text("34")
    assert page.evaluate("document.activeElement.textContent") == "big"
    assert page.evaluate("window.scrollY") == 200


def test_the_page_stands_still_when_it_is_told_to(visit: Visit, console: Console) -> None:
    page = visit(f"{console.url}/jobs").page
    page.clock.install()
    page.reload()
    page.get_by_role("button", name="Pause").click()
    console.stage.end("runs")
    page.clock.run_for(60_000)
    expect(figure(page, "running")).to_have_text("1")
    page.get_by_role("button", name="Go on").click()
    page.clock.run_for(2_000)
    expect(figure(page, "running")).to_have_text("0")


def test_what_others_say_stays_text_when_the_page_refreshes(visit: Visit, console: Console) -> None:
    opened = visit(f"{console.url}/jobs")
    console.stage.end("runs", 1, stopped_reason=HOSTILE)
    expect(opened.page.locator("main")).to_contain_text("boom()")
    assert opened.page.locator("img:not([role])").count() == 0
    opened.check()


def test_a_job_can_be_reached_with_the_keyboard(visit: Visit, console: Console) -> None:
    page = visit(f"{console.url}/jobs").page
    page.get_by_role("link", name="big", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/big")
    assert "the largest free is 112 MiB" in page.locator("main").inner_text()


def test_every_section_has_a_heading_and_every_table_named_columns(visit: Visit, console: Console) -> None:
    page = visit(f"{console.url}/jobs").page
    assert page.get_by_role("heading", level=2).all_inner_texts() == [
        "Classes", "Instances of main", "Waiting, in their order", "Running", "Ended lately",
    ]  # fmt: skip
    assert page.get_by_role("heading", level=3).all_inner_texts() == [INSTANCE]
    assert page.locator("th:not([scope=col])").count() == 0
