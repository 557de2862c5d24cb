"""Which files are published, which keep their names, and what patterns mean."""

import pytest

from everyday.errors import SettingsError
from everyday.site.keeping import keeps_name, published
from everyday.site.model import RevRules
from everyday.site.patterns import fits

KEPT = [
    "index.html",
    "docs/guide/about.html",
    "old.htm",
    "a.xhtml",
    "robots.txt",
    "favicon.ico",
    "sitemap.xml",
    "sitemap-posts-1.xml",
    "sitemap.xml.gz",
    "humans.txt",
    "security.txt",
    "ads.txt",
    "CNAME",
    "rss.xml",
    "blog/feed.xml",
    "atom.xml",
    "index.xml",
    "site.webmanifest",
    "manifest.json",
    "sw.js",
    "app/service-worker.js",
    "serviceworker.js",
    "apple-touch-icon.png",
    "apple-touch-icon-120x120-precomposed.png",
    "browserconfig.xml",
    ".well-known/acme/token",
    ".well-known/security.txt",
]
RENAMED = [
    "css/main.css",
    "app.js",
    "img/photo.JPG",
    "data/list.json",
    "files/index.html.zip",
    "a/apple-touch-icon.png",
    "notes.txt",
    "well-known/x.txt",
    "icons/CNAME",
]


@pytest.mark.parametrize("path", KEPT)
def test_what_is_asked_for_by_its_name_keeps_it(path: str) -> None:
    assert keeps_name(path, RevRules())


@pytest.mark.parametrize("path", RENAMED)
def test_every_other_file_is_renamed(path: str) -> None:
    assert not keeps_name(path, RevRules())


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("about.html", False),
        ("blog/post.htm", False),
        ("index.html", True),
        ("blog/index.html", True),
        ("404.html", True),
        ("robots.txt", True),
        ("googleab12.html", True),
    ],
)
def test_pages_are_renamed_when_the_owner_says_so_but_for_entries(path: str, *, kept: bool) -> None:
    assert keeps_name(path, RevRules(rename_html=True)) is kept


def test_the_owner_keeps_what_he_likes() -> None:
    rules = RevRules(keep=("img/**", "*.pdf"))
    assert [keeps_name(path, rules) for path in ("img/a/b.png", "x/y.pdf", "a/img/b.png", "a.css")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        "img/.DS_Store",
        ".env",
        ".well-known/.DS_Store",
        "img/Thumbs.db",
        "a/desktop.ini",
        "__MACOSX/x",
        "_redirects",
        "_headers",
        "a/.well-known/b",
    ],
)
def test_litter_and_rules_are_not_published(path: str) -> None:
    assert not published(path)


@pytest.mark.parametrize("path", ["a.html", ".well-known/x", "docs/_redirects", "node_modules/a.js"])
def test_everything_else_is_published(path: str) -> None:
    assert published(path)


@pytest.mark.parametrize(
    ("pattern", "fitting", "other"),
    [
        ("*.pdf", ["a.pdf", "x/y/a.pdf", "x.pdf/z"], ["a.PDF", "pdf", "a.pdfx"]),
        ("img", ["img", "img/a", "x/img/y/z"], ["img2", "ximg/a"]),
        ("img/", ["img/a", "x/img/a"], ["img", "x/img"]),
        ("img/*.png", ["img/a.png"], ["img/x/a.png", "x/img/a.png"]),
        ("/notes.txt", ["notes.txt"], ["x/notes.txt"]),
        ("img/**", ["img/a", "img/a/b"], ["img", "x/img/a"]),
        ("**/raw/*.tif", ["raw/a.tif", "x/y/raw/a.tif"], ["raw/x/a.tif"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a/xb", "ab"]),
        ("v[0-9]?.js", ["v1a.js", "x/v9b.js"], ["va1.js", "v1/.js", "v1.js"]),
        ("[!a]b", ["cb"], ["ab", "/b"]),
        ("a+(b).js", ["a+(b).js"], ["aab.js"]),
        ("a b\n#%.x", ["a b\n#%.x"], ["a b"]),
    ],
)
def test_patterns_mean_what_their_page_says(pattern: str, fitting: list[str], other: list[str]) -> None:
    fit = fits((pattern,))
    assert [path for path in (*fitting, *other) if fit(path)] == fitting


@pytest.mark.parametrize("pattern", ["", "/", "!a", "[z-a]"])
def test_what_is_no_pattern_is_refused_by_name(pattern: str) -> None:
    with pytest.raises(SettingsError, match="pattern"):
        fits((pattern,))


def test_no_pattern_fits_nothing() -> None:
    assert not fits(())("a")
