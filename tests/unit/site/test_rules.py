"""`_redirects` and `_headers`: what the edge cannot follow is said, by file and line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.site import rules_headers, rules_redirects
from everyday.site.edge import Edge, items

PAGES = {"index.html": "aaaaaaaaaa", "about.html": "aaaaaaaaaa", "en/404.html": "aaaaaaaaaa"}


def problems(redirects: str) -> tuple[str, ...]:
    return rules_redirects.compiled(redirects, PAGES, {"img/p.png": "img/p.bbbbbbbbbb.png"}).problems


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("/a", "it has no target"),
        ("/a 301", "it has no target"),
        ("a /b", "does not begin with /"),
        ("https://blog.example/* /b", "it names a host"),
        ("//evil/* /b", "it names a host"),
        ("/a/*/b/* /c", "more than one *"),
        ("/a/../b /c", ". or .."),
        ("/a%0ab /c", "characters that no address has"),
        ("/a%ff /c", "characters that no address has"),
        ("/a /b 418", "418 is none of"),
        ("/a /b 410!", "410 is none of"),
        ("/a https://other.example/:splat 200", "cannot fetch from another host"),
        ("/a/* https://example.org:splat", "a placeholder in the host"),
        ("/a to=:to https://:to/x", "a placeholder in the host"),
        ("/a to=:to //:to.example.org/", "a placeholder in the host"),
        ("/a /nothing 200", "/nothing is not on the site"),
        ("/a /about 404", "a page called 404.html"),
        ("/a /404.html 404", "/404.html is not on the site"),
        ("/a /b 302 Country=au,nz", "the visitor's country"),
        ("/a /b 200! Role=admin", "no roles"),
        ("/a /b 302 Role=admin", "no roles"),
        ("/a /b 302 Cookie=beta", "no cookies"),
        ("/a /b 302 Weather=good", "no condition"),
        ("/a /b permanent", "permanent: it is no status"),
        (f"/a /{'b' * 900}", "longer than 700 bytes"),
    ],
)
def test_a_redirect_that_cannot_be_followed_says_why(line: str, reason: str) -> None:
    found = problems(f"# first\n\n{line}\n")
    assert len(found) == 1
    assert found[0].startswith("_redirects:3: ")
    assert reason in found[0]


def test_what_the_edge_can_follow_is_no_problem() -> None:
    text = """
        /a /b
        /a/* /about 200
        /x/* /index.html 200!
        /en/* /en/404.html 404
        /q id=:id x=y /z/:id 302
        /l /de 302 Language=de
        /img/* /img/p.png 200
        /:l/u https://example.org:8080/:l 307
        /u https://example.org/a?b=c#d 307   # why
        /%C3%BC /b
    """
    assert problems(text) == ()


def test_a_target_is_translated_to_its_new_name() -> None:
    told = rules_redirects.compiled("/logo.png /img/p.png?x#y", PAGES, {"img/p.png": "img/p.bbbbbbbbbb.png"})
    assert told.exact["logo.png"][0].endswith("/img/p.bbbbbbbbbb.png?x#y")


def test_one_forced_rule_with_a_pattern_makes_the_release_say_so() -> None:
    flags = {
        rule: items(Edge("id", PAGES, {}, redirects=rule)).value.split()[1]
        for rule in ("/* /b", "/* /b 301!", "/a /b 301!")
    }
    assert flags == {"/* /b": "p", "/* /b 301!": "pf", "/a /b 301!": "p"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("X-A: b", "_headers:1: its path does not begin with /"),
        ("  X-A: b", "_headers:1: a header stands before the first path"),
        ("/a\n  X-A", "_headers:2: write a header as `Name: value`"),
        ("/a\n  X A: b", "_headers:2: write a header as `Name: value`"),
        ("/a\n  X-A:", "_headers:2: write a header as `Name: value`"),
        ("/a\n  Via: b", "_headers:2: CloudFront lets nobody set via"),
        ("/a\n  X-Amz-Cf-Id: b", "_headers:2: CloudFront lets nobody set x-amz-cf-id"),
        ("/a\n  X-Edge-Location: b", "_headers:2: CloudFront lets nobody set x-edge-location"),
        ("/a\n  X-Everyday-Release: b", "_headers:2: CloudFront lets nobody set x-everyday-release"),
        (
            "/a\n  Content-Encoding: br",
            "_headers:2: content-encoding describes what is sent; it cannot be set",
        ),
        ("/a\n  X-A: \u00e9", "_headers:2: the value of x-a has characters that no header has"),
        ("/a\n  X-A: b\tc", "_headers:2: the value of x-a has characters that no header has"),
        ("/a\n  Set-Cookie: a=b", "_headers:2: a static site sets no cookies"),
        ("https://a.example/*\n  X-A: b", "_headers:1: it names a host; a rule is about paths of this site"),
    ],
)
def test_a_header_that_cannot_be_set_says_why(text: str, expected: str) -> None:
    found = rules_headers.compiled(text).problems
    assert len(found) == 1
    assert found[0].startswith(expected)


def test_headers_are_joined_and_comments_dropped() -> None:
    text = "# all\n/*\n  X-A: 1 # one\n  x-a: 2\n  Link: </a#b>\n\n/b/:c\n  # none\n"
    assert rules_headers.compiled(text) == ("0\t*\tx-a:1, 2\tlink:</a#b>", ())


@given(st.text(max_size=300))
def test_no_text_breaks_the_readers(text: str) -> None:
    told = items(Edge("id", PAGES, {}, redirects=text, headers=text))
    assert all(problem.startswith(("_redirects:", "_headers:")) for problem in told.problems)
