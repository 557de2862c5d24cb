"""A site whose names are as odd as names can be, from its folder to a visitor."""

from pathlib import Path
from urllib.parse import quote, urljoin

from everyday.site.manifest import objects_of
from everyday.site.names import ASSETS, source_of
from tests.faults.site.far_end import FarEnd
from tests.faults.site.publisher import Order, Publisher

LONG = "/".join(["n" * 99] * 9)
ODD = [
    "plain.png",
    "with space.png",
    "100%.png",
    "%41.png",
    "a%20b.png",
    "c#1.png",
    "why?.png",
    "q?a=b&c.png",
    "plus+minus-.png",
    "quo'te.png",
    "semi;colon,comma.png",
    "at@dollar$!(1)[2]{3}~.png",
    "back\\slash.png",
    "pi|pe^ba`ck.png",
    "Case.png",
    "case.png",
    "CASE.png",
    "двор/снег.png",
    "日本語/写真.png",
    "עברית.png",
    "عربي.png",
    "ไทย.png",
    "한국어.png",
    "ελληνικά.png",
    "हिन्दी.png",
    "e\u0301 and \u00e9.png",
    "\U0001f600.png",
    "no extension",
    "many.dots.in.it.png",
    "empty.png",
    "empty.css",
    f"{LONG}/{'x' * 96}.png",
    "folder with space/#%?/deep é.css",
]
PAGES = ["Ünï cödé.html", "100% sure#1.html", "Case/page.html", "case/page.html", f"{LONG}/{'p' * 95}.html"]


def body_of(path: str) -> bytes:
    return b"" if "empty" in path else f"/* {path} */".encode()


def an_odd_site(root: Path) -> str:
    links = "".join(f'<img src="{quote(path)}">' for path in ODD)
    pages = "".join(f'<a href="{quote(path)}">x</a>' for path in PAGES)
    files = {path: body_of(path) for path in [*ODD, *PAGES]}
    files |= {"index.html": f"<title>odd</title>{links}{pages}".encode(), "empty.html": b""}
    for path, body in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(body)
    return str(root)


def test_every_odd_name_is_answered_with_its_file(end: FarEnd, crew: list[Publisher], tmp_path: Path) -> None:
    report = crew[0].run(Order(an_odd_site(tmp_path)))
    assert (report.error, report.text) == ("", "")
    found = {}
    for key, _ in objects_of(end.manifest, 1):
        path = key.removeprefix(ASSETS) if key.startswith(ASSETS) else source_of(key)
        answer = end.browser.get("/" + quote(path))
        assert (answer.status, path) == (200, path)
        found[source_of(key)] = answer.data
    assert found.pop("index.html").startswith(b"<title>odd</title>")
    assert found == {path: body_of(path) for path in [*ODD, *PAGES, "empty.html"]}
    assert end.wrong() == []


def test_every_odd_reference_of_a_page_leads_to_its_file(
    end: FarEnd, crew: list[Publisher], tmp_path: Path
) -> None:
    assert crew[0].run(Order(an_odd_site(tmp_path))).error == ""
    text = end.browser.get("/").data.decode()
    shown = [part.partition('"')[0] for part in text.split('<img src="')[1:]]
    linked = [part.partition('"')[0] for part in text.split('<a href="')[1:]]
    assert all(name != quote(path) for name, path in zip(shown, ODD, strict=True))
    for address, path in zip([*shown, *linked], [*ODD, *PAGES], strict=True):
        answer = end.browser.get(urljoin("/", address))
        assert (path, answer.status, answer.data) == (path, 200, body_of(path))


def test_a_link_out_of_the_folder_is_refused_by_its_name(
    end: FarEnd, crew: list[Publisher], tmp_path: Path
) -> None:
    site = tmp_path / "site"
    (site / "img").mkdir(parents=True)
    (site / "index.html").write_text('<img src="img/stolen key.png">')
    (tmp_path / "key").write_text("secret")
    (site / "img/stolen key.png").symlink_to(tmp_path / "key")
    report = crew[0].run(Order(str(site)))
    assert (report.error, "img/stolen key.png" in report.text) == ("SiteRefused", True)
    assert end.stub.bodies() == {}


def test_a_path_of_more_than_a_thousand_bytes_is_refused_by_its_name(
    end: FarEnd, crew: list[Publisher], tmp_path: Path
) -> None:
    page = tmp_path / LONG / ("x" * 101 + ".png")
    page.parent.mkdir(parents=True)
    page.write_bytes(b"")
    report = crew[0].run(Order(str(tmp_path)))
    assert (report.error, LONG[:80] in report.text) == ("SiteRefused", True)
    assert end.stub.bodies() == {}
