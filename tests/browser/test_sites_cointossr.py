"""A thousand coins in a browser."""

import statistics
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.sites import HOWS, Look, look, site

COUNTS = (
    "[...document.querySelectorAll('#counts tr')].map(row => [...row.cells].map(cell => +cell.textContent))"
)
INKED = """id => {
  const canvas = document.getElementById(id);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value, index) => index % 4 === 3 && value);
}"""


@pytest.fixture(scope="module")
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The site as revved, unless a test asks for it `both_ways`."""
    with site("cointossr", getattr(request, "param", "revved")) as found:
        yield found.url


both_ways = pytest.mark.parametrize("url", HOWS, indirect=True, scope="module")


@pytest.fixture
def table(browser: Browser, url: str) -> Iterator[Look]:
    with look(browser, f"{url}/", reduced_motion="reduce") as it:
        yield it
        assert it.opened.complaints == []


def text(page: Page, name: str) -> str:
    return page.locator(f"#{name}").inner_text()


def heads_of_all(page: Page) -> list[int]:
    """The heads of every flip, by the table."""
    page.locator("details").evaluate("it => { it.open = true; }")
    page.wait_for_selector("#counts tr")
    return [heads for heads, flips in page.evaluate(COUNTS) for _ in range(flips)]


@both_ways
def test_the_counts_add_up_to_the_flips_and_the_figures_are_theirs(table: Look) -> None:
    page = table.opened.page
    page.locator("#flip").click()
    page.locator("#hundred").click()
    page.locator("h1").click()
    page.keyboard.press("h")
    page.keyboard.press("Space")
    heads = heads_of_all(page)
    assert text(page, "flips") == str(len(heads)) == "202"
    assert float(text(page, "mean")) == pytest.approx(statistics.fmean(heads), abs=0.006)
    assert float(text(page, "sd")) == pytest.approx(statistics.stdev(heads), abs=0.006)
    assert text(page, "range") == f"{min(heads)} – {max(heads)}"
    assert int(text(page, "heads")) in heads
    assert all(350 < each < 650 for each in heads)  # nine standard deviations


def test_the_coins_are_those_that_are_counted(table: Look) -> None:
    page = table.opened.page
    page.locator("#flip").click()
    heads = int(text(page, "heads"))
    told = page.locator("#tray").get_attribute("aria-label")
    assert told == f"{heads} heads, {1000 - heads} tails."
    gold = """() => {
      const canvas = document.getElementById("tray");
      const gold = getComputedStyle(document.documentElement).getPropertyValue("--heads").match(/\\w\\w/g);
      const [columns, rows] = [100, 10];
      let found = 0;
      for (let x = 0; x < columns; x++) for (let y = 0; y < rows; y++) {
        const at = [(x + 0.5) / columns * canvas.width, (y + 0.5) / rows * canvas.height].map(Math.floor);
        const pixel = canvas.getContext("2d").getImageData(...at, 1, 1).data;
        found += gold.every((part, index) => Math.abs(parseInt(part, 16) - pixel[index]) < 3);
      }
      return found;
    }"""
    page.wait_for_function(f"heads => ({gold})() === heads", arg=heads)


def test_it_keeps_flipping_until_it_is_told_to_stop(table: Look) -> None:
    page = table.opened.page
    page.keyboard.press("a")
    assert page.locator("#auto").get_attribute("aria-pressed") == "true"
    page.wait_for_function("() => +document.getElementById('flips').textContent >= 3")
    page.locator("#auto").click()
    assert page.locator("#auto").get_attribute("aria-pressed") == "false"
    assert len(heads_of_all(page)) == int(text(page, "flips"))
    assert text(page, "summary").startswith(f"{text(page, 'flips')} flips, last {text(page, 'heads')} heads")


def test_reset_begins_again(table: Look) -> None:
    page = table.opened.page
    page.keyboard.press("h")
    assert text(page, "flips") == "100"
    page.locator("#reset").click()
    assert (text(page, "flips"), text(page, "mean"), text(page, "heads")) == ("0", "–", "–")
    assert page.locator("#counts tr").count() == 0
    assert text(page, "summary") == "No flips yet."


def test_a_reader_hears_what_the_pictures_show(table: Look) -> None:
    page = table.opened.page
    page.keyboard.press("h")
    summary = text(page, "summary")
    assert summary.startswith("100 flips, last ")
    assert page.locator("#summary").get_attribute("aria-live") == "polite"
    assert page.get_by_role("img", name=f"Histogram. {summary}").count() == 1


def test_the_coins_come_to_rest(browser: Browser, url: str) -> None:
    with look(browser, f"{url}/") as it:
        page = it.opened.page
        drawn = "document.getElementById('tray').toDataURL()"
        page.clock.install()
        page.locator("#flip").click()
        page.clock.run_for(200)
        falling = page.evaluate(drawn)
        page.clock.run_for(400)
        rest = page.evaluate(drawn)
        page.evaluate("dispatchEvent(new Event('resize'))")  # draws them as they lie
        assert page.evaluate(drawn) == rest != falling


@pytest.mark.parametrize("density", [1, 3])
def test_pictures_are_sharp_on_every_screen(browser: Browser, url: str, density: int) -> None:
    with look(browser, f"{url}/", device_scale_factor=density) as it:
        page = it.opened.page
        page.keyboard.press("h")
        for name in ("chart", "tray"):
            width, box = page.evaluate(
                "id => { const it = document.getElementById(id);"
                " return [it.width, it.getBoundingClientRect().width]; }",
                name,
            )
            assert width == pytest.approx(box * density, abs=1)
            assert page.evaluate(INKED, name)


def test_without_javascript_there_is_a_picture_and_the_reason(browser: Browser, url: str) -> None:
    with look(browser, f"{url}/", java_script_enabled=False) as it:
        page = it.opened.page
        assert page.locator("noscript img").evaluate("it => it.naturalWidth > 0")
        assert not page.locator("#flip").is_visible()
        page.goto(f"{url}/why.html")
        assert "root" in page.locator("main").inner_text()
