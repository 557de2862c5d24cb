"""What a person sees in a browser: no complaint, nothing from elsewhere, hostile captions as words."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.conftest import TOLD, Opened, Places

Visit = Callable[..., Opened]
HOSTILE, GALLERY, VIDEO, RTL = range(len(TOLD))


def shown(pictures: Locator) -> bool:
    """Whether every picture has arrived; those that load late are scrolled to."""
    for number in range(pictures.count()):
        picture = pictures.nth(number)
        picture.scroll_into_view_if_needed()
        picture.evaluate("image => image.decode()")
    widths = pictures.evaluate_all("all => all.map(image => image.naturalWidth)")
    return bool(widths) and all(widths)


def plays(page: Page) -> bool:
    """Whether the page's film moves."""
    film = page.locator("video").first
    film.evaluate(
        "film => new Promise((done, fail) => { film.muted = true;"
        " film.ontimeupdate = () => film.currentTime > 0.1 && done(); film.play().catch(fail); })"
    )
    return bool(film.evaluate("film => film.readyState >= 2 && film.videoWidth > 0"))


def overflows(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_consoles_grid_shows_every_medium(visit: Visit, places: Places, phone: bool, dark: bool) -> None:
    opened = visit(f"{places.console}/photos", phone=phone, dark=dark)
    opened.check()
    assert opened.page.locator(".grid li").count() == len(TOLD)
    assert shown(opened.page.locator(".grid img"))
    assert '<img src=x onerror="window.broken=1">' in opened.page.locator(".grid").inner_text()
    assert not overflows(opened.page)


@pytest.mark.parametrize("number", [HOSTILE, GALLERY, VIDEO, RTL])
def test_the_console_shows_a_medium(visit: Visit, places: Places, number: int) -> None:
    opened = visit(f"{places.console}/photos/{places.entries[number].id}")
    opened.check()
    if number == VIDEO:
        assert plays(opened.page)
    else:
        assert shown(opened.page.locator(".files img"))
        assert opened.page.locator(".files img").count() == len(TOLD[number]["shots"])
    assert not overflows(opened.page)


def test_the_console_seeks_in_a_film(visit: Visit, places: Places) -> None:
    page = visit(f"{places.console}/photos/{places.entries[VIDEO].id}").page
    page.locator("video").evaluate(
        "film => film.readyState >= 1 || new Promise(done => { film.onloadedmetadata = () => done(true); })"
    )
    end = page.locator("video").evaluate(
        "film => new Promise(done => { film.onseeked = () => done(film.currentTime);"
        " film.currentTime = film.duration * 0.8; })"
    )
    assert end == pytest.approx(page.locator("video").evaluate("film => film.duration * 0.8"), abs=0.3)


def test_the_console_can_be_used_with_the_keyboard(visit: Visit, places: Places) -> None:
    page = visit(f"{places.console}/photos").page
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.grid') !== null"):
            break
    style = "getComputedStyle(document.activeElement)"
    assert page.evaluate(f"{style}.outlineStyle") == "solid"
    assert page.evaluate(f"parseFloat({style}.outlineWidth)") >= 2
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/photos/{places.entries[RTL].id}")


def test_the_consoles_links_have_names(visit: Visit, places: Places) -> None:
    page = visit(f"{places.console}/photos").page
    for link in page.get_by_role("link").all():
        assert link.inner_text().strip()


@pytest.mark.parametrize("number", [HOSTILE, GALLERY, VIDEO, RTL])
def test_the_blog_shows_the_post(visit: Visit, places: Places, number: int) -> None:
    post = places.entries[number].post
    assert post
    opened = visit(post.url)
    opened.check()
    if number == VIDEO:
        assert plays(opened.page)
    else:
        assert shown(opened.page.locator("article img"))
    if number == GALLERY:
        gallery = opened.page.locator(".kg-gallery-card img")
        assert gallery.evaluate_all("all => all.map(image => image.alt)") == TOLD[GALLERY]["alt"]
    if number == HOSTILE:
        assert "<script>window.broken=1</script>" in opened.page.locator("article").inner_text()
    assert not overflows(opened.page)


def test_the_blogs_home_lists_the_posts(visit: Visit, places: Places) -> None:
    opened = visit(places.blog, phone=True)
    opened.check()
    for entry in places.entries:
        assert entry.post
        assert opened.page.locator(f'a[href$="/{entry.post.slug}/"]').count()
    assert not overflows(opened.page)


def test_the_instagram_account_can_be_looked_at(visit: Visit, places: Places) -> None:
    opened = visit(places.instagram)
    opened.check()
    assert opened.page.locator("main li").count() == len(TOLD)
    assert shown(opened.page.locator("main img"))


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_a_restored_folder_opens_from_the_disk(visit: Visit, places: Places, phone: bool) -> None:
    opened = visit(places.index.as_uri(), phone=phone)
    opened.check()
    page = opened.page
    assert page.locator("figure").count() == len(TOLD)
    assert shown(page.locator("figure img"))
    assert plays(page)
    assert "<script>window.broken=1</script>" in page.locator("body").inner_text()
    assert not overflows(page)
