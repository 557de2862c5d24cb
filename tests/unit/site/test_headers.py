"""What the bucket says of each file."""

import pytest

from everyday.errors import SettingsError
from everyday.site.headers import ASK_AGAIN, FOR_EVER, content_type, headers_of
from everyday.site.model import Output, SiteRules


def an_output(source: str, *, renamed: bool = True) -> Output:
    return Output(path=source, source=source, size=1, digest=b"", renamed=renamed)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("css/MAIN.CSS", "text/css; charset=utf-8"),
        ("a/app.mjs", "text/javascript; charset=utf-8"),
        ("main.js.map", "application/json; charset=utf-8"),
        ("site.webmanifest", "application/manifest+json; charset=utf-8"),
        ("logo.svg", "image/svg+xml; charset=utf-8"),
        ("x.wasm", "application/wasm"),
        ("font.woff2", "font/woff2"),
        ("photo.avif", "image/avif"),
        ("film.mp4", "video/mp4"),
        ("favicon.ico", "image/vnd.microsoft.icon"),
        ("events.ics", "text/calendar; charset=utf-8"),
        (".well-known/apple-app-site-association", "application/json; charset=utf-8"),
        ("CNAME", "text/plain; charset=utf-8"),
        ("data.unknown", "application/octet-stream"),
        ("folder.css/file", "application/octet-stream"),
    ],
)
def test_a_name_promises_a_type(path: str, expected: str) -> None:
    assert content_type(path) == expected


def test_a_renamed_file_is_kept_for_ten_years_and_a_page_is_asked_for_again() -> None:
    assert headers_of(an_output("a.css"), SiteRules()).cache_control == FOR_EVER
    assert "immutable" in FOR_EVER
    assert headers_of(an_output("a.html", renamed=False), SiteRules()).cache_control == ASK_AGAIN


def test_the_first_of_the_owners_patterns_that_fits_comes_before_the_usual() -> None:
    rules = SiteRules(cache_control=(("img/**", "max-age=1"), ("*.png", "max-age=2")))

    given = [headers_of(an_output(path), rules).cache_control for path in ("img/a.png", "b.png", "c.css")]

    assert given == ["max-age=1", "max-age=2", FOR_EVER]


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="no pattern"):
        headers_of(an_output("a.css"), SiteRules(cache_control=(("!a", "x"),)))
