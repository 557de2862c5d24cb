"""What a person gets of the example sites once they are published: from the bucket, through the edge."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Response

from everyday.site.keeping import keeps_name
from everyday.site.model import RevRules
from everyday.site.names import is_hashed
from everyday_local.ministack import PROGRAM
from tests.browser.published_sites import Published, published
from tests.browser.sites import NAMES, SITES, Look, look

OLD = json.loads((SITES / "oblique" / "cards.json").read_text(encoding="utf-8"))["suits"][0]["cards"][0]
POLICY = "default-src 'self'; object-src 'none'"
FOREVER = "public, max-age=315360000, immutable"
STATUS = "async (address) => (await fetch(address, { cache: 'no-store' })).status"

Worlds = dict[str, Published]


@pytest.fixture(scope="module")
def world(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM} is not installed; `make test` installs it")
    with published(tmp_path_factory.mktemp("published")) as made:
        yield made


@pytest.fixture(scope="module", params=NAMES)
def home(request: pytest.FixtureRequest, browser: Browser, world: Worlds) -> Iterator[tuple[Published, Look]]:
    """A site's first page as it was first opened."""
    found = world[request.param]
    with look(browser, f"{found.url}/") as it:
        yield found, it


def path_of(answer: Response) -> str:
    return urlsplit(answer.url).path[1:] or "index.html"


def card(it: Look) -> str:
    return it.opened.page.locator(".prompt").inner_text()


def released(it: Look) -> str:
    """The release that the page came from, as it was loaded last; pictures may come long after it."""
    pages = [answer for answer in it.answers if answer.request.is_navigation_request()]
    return pages[-1].headers["x-everyday-release"]


def reload(it: Look) -> None:
    it.opened.page.reload(wait_until="load")
    it.opened.page.wait_for_selector(".ready")


def test_the_page_works_and_all_of_it_comes_from_the_release(home: tuple[Published, Look]) -> None:
    site, it = home
    it.opened.check()
    assert {answer.status for answer in it.answers} == {200}
    assert {answer.headers["x-everyday-release"] for answer in it.answers} == {site.release}


def test_every_asset_has_a_hashed_name_and_may_be_kept_for_ever(home: tuple[Published, Look]) -> None:
    assets = [it for it in home[1].answers if not keeps_name(path_of(it), RevRules())]
    assert len(assets) >= 8
    assert [path_of(it) for it in assets if not is_hashed(path_of(it))] == []
    assert {it.headers["cache-control"] for it in assets} == {FOREVER}
    assert "immutable" not in home[1].answers[0].headers["cache-control"]


def test_every_answer_carries_the_sites_own_policy(home: tuple[Published, Look]) -> None:
    for answer in home[1].answers:
        assert answer.headers["content-security-policy"].startswith(POLICY)
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_button_does_what_it_did_before_the_names_changed(browser: Browser, world: Worlds) -> None:
    with look(browser, f"{world['cointossr'].url}/", reduced_motion="reduce") as it:
        it.opened.page.locator("#flip").click()
        assert it.opened.page.locator("#flips").inner_text() == "1"
    with look(browser, f"{world['oblique'].url}/", reduced_motion="reduce") as it:
        before = card(it)
        it.opened.page.locator("#next").click()
        it.opened.page.wait_for_function(
            "before => document.querySelector('.prompt').textContent !== before", arg=before
        )


def test_an_unknown_address_is_a_404_with_the_sites_page(browser: Browser, world: Worlds) -> None:
    with look(browser, f"{world['oblique'].url}/a/b/nothing") as it:
        assert it.answers[0].status == 404
        assert {answer.status for answer in it.answers[1:]} == {200}
        assert it.opened.page.get_by_text("404").is_visible()


def test_a_redirect_and_a_pretty_address_lead_to_the_page(browser: Browser, world: Worlds) -> None:
    with look(browser, f"{world['oblique'].url}/cards") as it:
        assert [answer.status for answer in it.answers[:2]] == [301, 200]
        assert urlsplit(it.opened.page.url).path == "/deck"


def test_one_site_leads_to_the_other(browser: Browser, world: Worlds) -> None:
    with look(browser, f"{world['oblique'].url}/") as it:
        it.opened.page.locator("[data-sibling]").click()
        it.opened.page.wait_for_url(f"{world['cointossr'].url}/")
        assert it.opened.page.locator("#flip").is_visible()


def test_a_change_is_there_on_reload_and_gone_again_after_a_rollback(browser: Browser, world: Worlds) -> None:
    site = world["oblique"]
    with look(browser, f"{site.url}/#1", reduced_motion="reduce") as it:
        page = it.opened.page
        cards = [each.url for each in it.answers if "/cards." in each.url]
        assert (card(it), len(cards)) == (OLD, 1)

        site.say(OLD, "Say it in green.", "cards.json", "deck.html")
        changed = site.publish()
        reload(it)
        assert (card(it), released(it)) == ("Say it in green.", changed)
        assert page.evaluate(STATUS, cards[0]) == 200  # for whoever did not reload

        site.publishing.rollback(site.release)
        reload(it)
        assert (card(it), released(it)) == (OLD, site.release)
        assert it.opened.complaints == []


def test_a_preview_shows_a_release_in_one_browser_only(browser: Browser, world: Worlds) -> None:
    site = world["cointossr"]
    site.say("</h1>", " (not yet)</h1>", "why.html")
    preview = site.publish(live=False)
    with look(browser, f"{site.url}/_release/{preview}") as mine, look(browser, f"{site.url}/why") as other:
        page = mine.opened.page
        assert urlsplit(page.url).path == "/"
        page.goto(f"{site.url}/why")
        assert "(not yet)" in page.locator("h1").inner_text()
        assert "(not yet)" not in other.opened.page.locator("h1").inner_text()
        assert released(other) == site.release
        page.goto(f"{site.url}/_release/live")
        page.goto(f"{site.url}/why")
        assert "(not yet)" not in page.locator("h1").inner_text()
