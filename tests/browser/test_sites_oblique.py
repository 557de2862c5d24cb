"""The deck of prompts in a browser."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.sites import FAINT, HOWS, SITES, Look, look, site

SUITS = json.loads((SITES / "oblique" / "cards.json").read_text(encoding="utf-8"))["suits"]
CARDS = [card for suit in SUITS for card in suit["cards"]]
ROUND = """async (times) => {
  const seen = [document.querySelector(".prompt").textContent];
  for (let drawn = 1; drawn < times; drawn++) {
    const turned = new Promise((done) => addEventListener("hashchange", done, { once: true }));
    document.querySelector("#next").click();
    await turned;
    seen.push(document.querySelector(".prompt").textContent);
  }
  return seen;
}"""


LEAVING = """() => new Promise((done) => {
  new MutationObserver(() => {
    const leaving = document.querySelector(".leaving");
    if (leaving) done([leaving.ariaHidden, document.querySelectorAll("[aria-live=polite]").length]);
  }).observe(document.querySelector(".deck"), { childList: true });
  document.querySelector("#next").click();
})"""
"""Draw a card, and look at the old one before it is gone: whether readers skip it, and who tells them."""


@pytest.fixture(scope="module")
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The site as revved, unless a test asks for it `both_ways`."""
    with site("oblique", getattr(request, "param", "revved")) as found:
        yield found.url


both_ways = pytest.mark.parametrize("url", HOWS, indirect=True, scope="module")


@pytest.fixture
def deck(browser: Browser, url: str) -> Iterator[Look]:
    with look(browser, f"{url}/", reduced_motion="reduce") as it:
        yield it
        assert it.opened.complaints == []


def prompt(page: Page) -> str:
    return page.locator(".prompt").inner_text()


def changed(page: Page, before: str) -> str:
    page.wait_for_function("before => document.querySelector('.prompt').textContent !== before", arg=before)
    return prompt(page)


@both_ways
def test_a_click_a_tap_and_a_key_each_draw_another_card(deck: Look) -> None:
    page = deck.opened.page
    seen = [prompt(page)]
    page.locator("#next").click()
    seen.append(changed(page, seen[-1]))
    page.locator(".card").click()
    seen.append(changed(page, seen[-1]))
    page.locator("h1").click()
    for key in ("Space", "Enter", "ArrowRight"):
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press(key)
        seen.append(changed(page, seen[-1]))
    assert len(set(seen)) == 6
    assert set(seen) <= set(CARDS)


def test_back_shows_the_card_before_by_key_by_swipe_and_by_the_browser(deck: Look) -> None:
    page = deck.opened.page
    first = prompt(page)
    box = page.locator(".card").bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    for back in ("key", "swipe", "browser"):
        page.locator("#next").click()
        second = changed(page, first)
        if back == "key":
            page.keyboard.press("ArrowLeft")
        elif back == "swipe":
            page.mouse.move(box["x"] + 50, middle)
            page.mouse.down()
            page.mouse.move(box["x"] + 250, middle)
            page.evaluate("getSelection().removeAllRanges()")
            page.mouse.up()
        else:
            page.go_back()
        assert changed(page, second) == first


def test_a_round_shows_every_card_once_and_another_visit_goes_on_with_it(deck: Look, url: str) -> None:
    page = deck.opened.page
    half = page.evaluate(ROUND, len(CARDS) // 2)
    page.goto(f"{url}/?again")
    page.wait_for_selector(".ready")
    rest = page.evaluate(ROUND, len(CARDS) - len(half))
    assert sorted(half + rest) == sorted(CARDS)
    assert page.locator(".left").inner_text() == "0"
    assert page.evaluate(ROUND, 2)[1] in CARDS


def test_a_card_has_an_address_of_its_own_that_the_deck_knows(browser: Browser, url: str) -> None:
    with look(browser, f"{url}/deck.html") as it:
        page = it.opened.page
        assert page.locator(".suits li > span").all_inner_texts() == CARDS
        page.get_by_role("link", name="Card 57", exact=True).click()
        page.wait_for_selector(".ready")
        assert prompt(page) == CARDS[56]


def test_a_reader_is_told_the_new_prompt_and_no_other(browser: Browser, url: str) -> None:
    with look(browser, f"{url}/#3") as it:
        page = it.opened.page
        hidden, told = page.evaluate(LEAVING)
        assert (hidden, told) == ("true", 1)
        page.wait_for_selector(".leaving", state="detached")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_suit_can_be_read(browser: Browser, url: str, scheme: str) -> None:
    with look(browser, f"{url}/", color_scheme=scheme, reduced_motion="reduce") as it:
        page = it.opened.page
        for suit, each in enumerate(SUITS):
            page.evaluate("number => { location.hash = number; }", suit * 22 + 2)
            page.wait_for_selector(f"[data-suit={each['name'].lower()}]")
            assert page.evaluate(FAINT) == []
            assert page.locator(".figure *").count() > 0


def test_a_printed_card_is_all_there_is_on_the_sheet(deck: Look) -> None:
    page = deck.opened.page
    page.emulate_media(media="print")
    assert page.locator(".prompt").is_visible()
    for other in ("footer", "nav", ".controls"):
        assert not page.locator(other).first.is_visible()


def test_without_javascript_there_is_a_card_and_the_whole_deck(browser: Browser, url: str) -> None:
    with look(browser, f"{url}/", java_script_enabled=False) as it:
        page = it.opened.page
        assert prompt(page) in CARDS
        assert not page.locator("#next").is_visible()
        page.locator("noscript a").click()
        assert page.locator(".suits li").count() == len(CARDS)


def test_it_works_where_storage_is_refused(browser: Browser, url: str) -> None:
    with look(browser, f"{url}/robots.txt", reduced_motion="reduce") as it:
        page = it.opened.page
        page.add_init_script(
            "Object.defineProperty(window, 'localStorage', { get() { throw new Error('off'); } })"
        )
        page.goto(f"{url}/")
        page.wait_for_selector(".ready")
        before = prompt(page)
        page.keyboard.press("Space")
        assert changed(page, before) in CARDS
        assert it.opened.complaints == []
