"""Both example sites in a browser, as they lie in their folders and as revved."""

from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from tests.browser.sites import FAINT, HOWS, NAMES, REACHED, Site, look, site
from tests.browser.test_pages import overflows

PAGES = {"oblique": ("", "deck.html", "404.html"), "cointossr": ("", "why.html", "404.html")}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module", params=[(name, how) for name in NAMES for how in HOWS], ids="-".join)
def shown(request: pytest.FixtureRequest) -> Iterator[tuple[str, Site]]:
    name, how = request.param
    with site(name, how) as found:
        yield name, found


def test_every_page_opens_without_complaint(browser: Browser, shown: tuple[str, Site]) -> None:
    name, found = shown
    for page in PAGES[name]:
        with look(browser, f"{found.url}/{page}") as it:
            it.opened.check()
            assert {answer.status for answer in it.answers} == {200}


@pytest.fixture(scope="module", params=NAMES)
def revved(request: pytest.FixtureRequest) -> Iterator[tuple[str, Site]]:
    with site(request.param, "revved") as found:
        yield request.param, found


def test_an_unknown_address_shows_a_page_with_its_style(browser: Browser, revved: tuple[str, Site]) -> None:
    with look(browser, f"{revved[1].url}/a/b/nothing.html") as it:
        assert [answer.status for answer in it.answers if answer.status != 200] == [404]
        assert it.opened.page.get_by_text("404").is_visible()
        assert it.opened.page.evaluate("document.fonts.size") == 1


def test_words_can_be_read_and_nothing_runs_over(browser: Browser, revved: tuple[str, Site]) -> None:
    name, found = revved
    for path in PAGES[name]:
        with look(browser, f"{found.url}/{path}", reduced_motion="reduce", viewport=PHONE) as it:
            page = it.opened.page
            assert not overflows(page)
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                assert page.evaluate(FAINT) == []


def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    browser: Browser, revved: tuple[str, Site]
) -> None:
    with look(browser, f"{revved[1].url}/") as it:
        reached = it.opened.page.evaluate(REACHED)
        assert len(reached) >= 3
        assert all(name and outlined for name, outlined in reached)


def test_the_logo_moves_unless_somebody_wants_it_still(browser: Browser, revved: tuple[str, Site]) -> None:
    moving = "document.querySelector('.logo .week').getAnimations().length"
    with look(browser, f"{revved[1].url}/") as it:
        page = it.opened.page
        assert page.get_by_role("img", name="everyday").count() == 1
        assert page.evaluate(moving) == 1
        page.emulate_media(reduced_motion="reduce")
        assert page.evaluate(moving) == 0


def test_a_site_that_is_alone_leads_nowhere(browser: Browser) -> None:
    with site("oblique", "raw") as found:
        port = urlsplit(found.url).port
        with look(browser, f"http://localhost:{port}/") as it:
            assert not it.opened.page.locator("[data-sibling]").is_visible()
