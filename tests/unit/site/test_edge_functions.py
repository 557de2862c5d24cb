"""The CloudFront Functions as they are deployed, run in Node over a release's values."""

from collections.abc import Iterator
from typing import Any

import pytest
import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from everyday.site.edge import LIVE, PREVIEW, Edge, items
from everyday_local.edge.functions import Functions
from stacks.edge_functions import LARGEST, VIEWER_REQUEST, VIEWER_RESPONSE, edge_function
from tests.edge_world import NAVIGATION, Edges, a_request, an_edge, kept, node_functions, outcome, shown

PAGES = (
    "index.html",
    "404.html",
    "about.html",
    "blog/index.html",
    "blog/first.html",
    "both.html",
    "both/index.html",
    "robots.txt",
    "a b/ü#1.html",
    ".well-known/security.txt",
    "en/404.html",
    "old/kept.html",
    "twice.html/index.html",
    "😀.html",
)
ASSET = "css/main.k3v7x2m4qa.css"
REDIRECTS = """\
# comments and blank lines are nothing

/old-page      /about            # 301 by default
/moved         https://example.org/there?x=1#part   302
/news/*        /blog/:splat      308
/:year/:month/:slug   /blog/:slug-:year   307
/store id=:id kind=book   /blog/:id   303
/deal code=x   /blog
/app/*         /about            200
/en/*          /en/404.html      404
/about         /blog/            302!
/old/*         /new/:splat       301
/picture.png   /img/p.png        301
/same          /same/            301
/sprache       /de               302   Language=de,fr
/sprache       /en-home          302
/fra#gment     /x
/search?q=1    /x
/loud/*        /Loud/:splat?from=loud   301
/img/own.png   /img/p.png        200
/😀/é/x/:rest  /smile/:rest      301
"""


@pytest.fixture(scope="module")
def node() -> Iterator[Functions]:
    with node_functions() as functions:
        yield functions


def edges(node: Functions, *paths: str, **changes: Any) -> Edges:
    return Edges(node, kept(items(an_edge(*paths, **changes))))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/", shown("index.html")),
        ("/index.html", shown("index.html")),
        ("/about", shown("about.html")),
        ("/about.html", shown("about.html")),
        ("/about/", "301 /about"),
        ("/about/?a=1&b", "301 /about?a=1&b"),
        ("/blog", "301 /blog/"),
        ("/blog/", shown("blog/index.html")),
        ("/blog/index.html", shown("blog/index.html")),
        ("/blog/first", shown("blog/first.html")),
        ("/both", shown("both.html")),
        ("/both/", shown("both/index.html")),
        ("/robots.txt", shown("robots.txt")),
        ("/.well-known/security.txt", shown(".well-known/security.txt")),
        ("/a%20b/%C3%BC%231", "/pages/a%20b/%C3%BC%231.html/" + shown("a b/ü#1.html")[-10:]),
        ("/%F0%9F%98%80", "/pages/%F0%9F%98%80.html/" + shown("😀.html")[-10:]),
        ("//about", shown("about.html")),
        ("/blog//first", shown("blog/first.html")),
        ("//evil.example/", shown("404.html")),
        ("//blog", "301 /blog/"),
        ("/About", shown("404.html")),
        ("/twice.html/", shown("twice.html/index.html")),
        ("/nothing", shown("404.html")),
        ("/nothing.png", shown("404.html")),
        ("/blog/first/", "301 /blog/first"),
        ("/../about", "400"),
        ("/%2e%2e/about", "400"),
        ("/blog/..", "400"),
        ("/%", "400"),
        ("/%ff", "400"),
        (f"/{ASSET}", f"/assets/{ASSET}"),
        ("/a%20b.aaaaaaaaaa.js", "/assets/a%20b.aaaaaaaaaa.js"),
        ("/assets/app.aaaaaaaaaa.js", "/assets/assets/app.aaaaaaaaaa.js"),
        ("/file.aaaaaaaaaa", "/assets/file.aaaaaaaaaa"),
        ("/file.aaaaaaaaa1.js", shown("404.html")),
        ("/deploy/manifest.json", shown("404.html")),
        (shown("about.html"), shown("404.html")),
    ],
)
def test_an_address_shows_its_page(node: Functions, address: str, expected: str) -> None:
    assert outcome(edges(node, *PAGES).ask(address, headers=NAVIGATION)) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/about.html", shown("about.html")),
        ("/about", "404"),
        ("/about/", "404"),
        ("/", shown("index.html")),
        ("/blog/", shown("blog/index.html")),
        ("/blog", "301 /blog/"),
    ],
)
def test_without_pretty_addresses_only_folders_have_one(node: Functions, address: str, expected: str) -> None:
    world = edges(node, "index.html", "about.html", "blog/index.html", pretty=False)
    assert outcome(world.ask(address)) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/old-page", "301 /about"),
        ("/old-page/", "301 /about"),
        ("/old-page?a=1", "301 /about?a=1"),
        ("/moved", "302 https://example.org/there?x=1#part"),
        ("/moved?a=1", "302 https://example.org/there?x=1#part"),
        ("/news", "308 /blog/"),
        ("/news/", "308 /blog/"),
        ("/news/2020/a%20b", "308 /blog/2020/a%20b"),
        ("/news/%5C%5Cevil?q=1", "308 /blog/%5C%5Cevil?q=1"),
        ("/news//evil.example", "308 /blog/evil.example"),
        ("/2020/05/title", "307 /blog/title-2020"),
        ("/store?id=7&kind=book", "303 /blog/7"),
        ("/store?kind=book&more=1&id=7", "303 /blog/7"),
        ("/store?id=7", shown("404.html")),
        ("/store?id=7&kind=film", shown("404.html")),
        ("/deal?code=x", "301 /blog"),
        ("/app", shown("about.html")),
        ("/app/a/deep/link", shown("about.html")),
        ("/en/nothing", shown("en/404.html")),
        ("/about", "302 /blog/"),
        ("/old/kept", shown("old/kept.html")),
        ("/old/gone", "301 /new/gone"),
        ("/picture.png", "301 /img/p.aaaaaaaaaa.png"),
        ("/img/own.png", "/assets/img/p.aaaaaaaaaa.png"),
        ("/same", "301 /same/"),
        ("/%F0%9F%98%80/%C3%A9/x/%F0%9F%8E%89", "301 /smile/%F0%9F%8E%89"),
        ("/loud/er?x=1", "301 /Loud/er?from=loud"),
        (f"/news/{ASSET}", f"/assets/news/{ASSET}"),
    ],
)
def test_the_owners_rules_are_followed(node: Functions, address: str, expected: str) -> None:
    edge = Edge(
        "id",
        an_edge(*PAGES).pages,
        {"img/p.png": "img/p.aaaaaaaaaa.png"},
        redirects=REDIRECTS,
    )
    assert outcome(Edges(node, kept(items(edge))).ask(address)) == expected


@pytest.mark.parametrize(
    ("rule", "address", "expected"),
    [
        ("/go to=:to /:to", "/go?to=/evil.example", "301 /evil.example"),
        ("/go to=:to /:to", "/go?to=%2F%2Fevil.example", "301 /evil.example"),
        ("/go to=:to /:to", "/go?to=%5Cevil.example", "301 /%5Cevil.example"),
        ("/go to=:to /:to", "/go?to=x%0d%0aset-cookie:a", "301 /x%0D%0Aset-cookie%3Aa"),
        ("/go to=:to /:to/evil.example", "/go?to=", "301 /evil.example"),
        ("/go to=:to /:to", "/go?to=%", "404"),
        ("/old/* /:splat/evil.example", "/old", "301 /evil.example"),
        ("/go/* /:splat", "/go/%2F/evil.example", "301 /evil.example"),
        ("/go /\u00fcber?\u00e4=1#\u00f6", "/go", "301 /%C3%BCber?%C3%A4=1#%C3%B6"),
        ("/go/* //example.org/:splat", "/go/a/b", "301 //example.org/a/b"),
    ],
)
def test_a_redirect_leads_where_its_owner_says_in_ascii_and_to_no_host_of_a_visitors(
    node: Functions, rule: str, address: str, expected: str
) -> None:
    assert outcome(edges(node, redirects=rule).ask(address)) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("de-CH,de;q=0.9,en;q=0.8", "302 /de"),
        ("en,de;q=0.9", "302 /en-home"),
        ("en;q=0.1, fr", "302 /de"),
        ("", "302 /en-home"),
        ("*", "302 /en-home"),
    ],
)
def test_a_rule_for_a_language_is_for_the_one_liked_best(
    node: Functions, language: str, expected: str
) -> None:
    world = edges(node, redirects=REDIRECTS)
    assert outcome(world.ask("/sprache", headers={"accept-language": language})) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("/a/* /x 302", "/a/b /y 302", "302 /x"), ("/a/b /y 302", "/a/* /x 302", "302 /y")],
)
def test_the_first_rule_that_fits_counts(node: Functions, first: str, second: str, expected: str) -> None:
    assert outcome(edges(node, redirects=f"{first}\n{second}").ask("/a/b")) == expected


@pytest.mark.parametrize(
    ("address", "headers", "expected"),
    [
        ("/deep/link", NAVIGATION, shown("index.html")),
        ("/deep/link", {"accept": "text/html"}, shown("index.html")),
        ("/deep/link", {"accept": "*/*"}, shown("404.html")),
        ("/deep/link", {"accept": "text/html", "sec-fetch-mode": "cors"}, shown("404.html")),
        ("/deep/app.js", NAVIGATION, shown("404.html")),
        ("/app.aaaaaaaaaa.js", NAVIGATION, "/assets/app.aaaaaaaaaa.js"),
        ("/about", NAVIGATION, shown("about.html")),
    ],
)
def test_only_a_navigation_falls_back_to_the_app(
    node: Functions, address: str, headers: dict[str, str], expected: str
) -> None:
    assert outcome(edges(node, *PAGES, spa=True).ask(address, headers=headers)) == expected


def test_without_a_page_for_it_404_is_a_line_of_text(node: Functions) -> None:
    answer = edges(node, "index.html").ask("/nothing")
    assert (answer["statusCode"], answer["body"]["data"]) == (404, "404 Not Found\n")
    assert answer["headers"]["x-everyday-release"]["value"] == an_edge().release


@pytest.mark.parametrize("lost", ["live", "leaf"])
def test_a_store_that_does_not_answer_is_never_a_wrong_page(node: Functions, lost: str) -> None:
    world = edges(node, "index.html")
    keys = (
        [LIVE]
        if lost == "live"
        else [key for key in world.store if key not in {LIVE, PREVIEW + an_edge().release}]
    )
    for key in keys:
        del world.store[key]
    answer = world.ask("/")
    assert (answer["statusCode"], answer["headers"]["retry-after"]["value"]) == (503, "1")
    assert outcome(world.ask(f"/{ASSET}")) == f"/assets/{ASSET}"


def preview(node: Functions) -> Edges:
    """A live release, and another that only its preview shows."""
    other = Edge("other", {"index.html": "bbbbbbbbbb"}, {})
    world = edges(node, *PAGES)
    world.store.update(items(other).items)
    return world


def test_a_preview_shows_a_release_that_is_not_live(node: Functions) -> None:
    world = preview(node)
    assert outcome(world.ask("/", cookie="other")) == "/pages/index.html/bbbbbbbbbb"
    assert outcome(world.ask("/")) == shown("index.html")


@pytest.mark.parametrize("cookie", ["unknown", "../live", "live", "x" * 65, "a b"])
def test_a_cookie_that_names_no_release_is_ignored(node: Functions, cookie: str) -> None:
    assert outcome(preview(node).ask("/", cookie=cookie)) == shown("index.html")


def test_a_previews_address_sets_its_cookie_and_live_clears_it(node: Functions) -> None:
    world = preview(node)
    answer = world.ask("/_release/other")
    assert outcome(answer) == "302 /"
    cookie = answer["cookies"]["everyday-release"]
    assert cookie == {"value": "other", "attributes": "Path=/; HttpOnly; Secure; SameSite=Lax"}
    cleared = world.ask("/_release/live", cookie="other")["cookies"]["everyday-release"]
    assert (cleared["value"], "Max-Age=0" in cleared["attributes"]) == ("", True)
    assert outcome(world.ask("/_release/unknown")) == "404"


def test_two_releases_share_a_store(node: Functions) -> None:
    """As right after a rollback: the same leaves, another pointer."""
    first, second = items(an_edge(*PAGES)), items(an_edge(*PAGES[:3]))
    world = Edges(node, {**kept(first), **second.items})
    assert outcome(world.ask("/blog/")) == shown("blog/index.html")
    world.store[LIVE] = f"9 {second.value}"
    assert outcome(world.ask("/blog/")) == shown("404.html")


@pytest.mark.parametrize("count", [1, 60, 700, 5_000])
def test_every_page_of_a_large_site_is_found_in_three_reads(node: Functions, count: int) -> None:
    paths = [f"posts/{at % 13}/title-{at}/index.html" for at in range(count)]
    world = edges(node, *paths)
    for path in paths[:: max(1, count // 50)]:
        assert outcome(world.ask("/" + path.removesuffix("index.html"))) == shown(path)
        assert len(world.reads) <= 3
    assert outcome(world.ask("/posts/1/title-0/")) == "404"


def rewritten(node: Functions, world: Edges, address: str) -> list[dict[str, Any]]:
    """The forms that a request may have after the cache; AWS does not say which."""
    before, after = a_request(address), world.ask(address)
    return [before, after, {**before, "uri": after["uri"]}]


@pytest.mark.parametrize(
    ("address", "status"),
    [("/nothing", 404), ("/404", 404), ("/en/x", 404), ("/about", 200), ("/app/x", 200)],
)
def test_the_page_for_what_is_missing_comes_with_404(node: Functions, address: str, status: int) -> None:
    world = edges(node, *PAGES, redirects="/en/* /en/404.html 404\n/app/* /about 200")
    answers = [world.respond(request) for request in rewritten(node, world, address)]
    assert [answer["statusCode"] for answer in answers] == [status] * 3


def test_an_answer_that_nothing_changed_stays_one(node: Functions) -> None:
    world = edges(node, *PAGES)
    assert world.respond(world.ask("/nothing"), status=304)["statusCode"] == 304


def test_an_answer_tells_its_release_and_nothing_of_the_bucket(node: Functions) -> None:
    world = edges(node, *PAGES)
    answer = world.respond(a_request("/"), {"x-amz-version-id": "1", "etag": '"e"', "x-amz-meta-a": "b"})
    assert answer["headers"] == {"etag": {"value": '"e"'}, "x-everyday-release": {"value": an_edge().release}}


HEADERS = """\
# for all
/*
  X-Frame-Options: DENY
  X-All: yes
/about
  Cache-Control: no-store
  Link: </a.css>; rel=preload
  Link: </b.css>; rel=preload
/css/*
  Cache-Control: public, max-age=60
/blog/:post
  X-Post: one
/css/main.css
  X-Main: yes
/about
  X-All: later
"""


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/", {"x-frame-options": "DENY", "x-all": "yes"}),
        (
            "/about",
            {
                "x-frame-options": "DENY",
                "x-all": "later",
                "cache-control": "no-store",
                "link": "</a.css>; rel=preload, </b.css>; rel=preload",
            },
        ),
        ("/blog/first", {"x-frame-options": "DENY", "x-all": "yes", "x-post": "one"}),
        (
            f"/{ASSET}",
            {
                "x-frame-options": "DENY",
                "x-all": "yes",
                "cache-control": "public, max-age=60",
                "x-main": "yes",
            },
        ),
    ],
)
def test_the_owners_headers_are_set_whatever_form_the_request_has(
    node: Functions, address: str, expected: dict[str, str]
) -> None:
    world = edges(node, *PAGES, headers=HEADERS)
    for request in rewritten(node, world, address)[:2]:
        headers = world.respond(request, {"cache-control": "no-cache"})["headers"]
        del headers["x-everyday-release"]
        assert {name: each["value"] for name, each in headers.items()} == {
            "cache-control": "no-cache"
        } | expected


@pytest.mark.parametrize("name", [VIEWER_REQUEST, VIEWER_RESPONSE])
def test_a_function_is_what_cloudfront_takes(name: str) -> None:
    """Ten kilobytes, and no syntax that its runtime 2.0 does not have («async arguments and closures are not
    supported»)."""
    source = edge_function(name).encode()
    assert len(source) <= LARGEST
    nodes = list(_nodes(Parser(Language(tree_sitter_javascript.language())).parse(source).root_node))
    assert not [node.type for node in nodes if node.type in _UNKNOWN or node.has_error]
    waits = [node for node in nodes if node.type == "await_expression"]
    assert waits
    assert {node.parent.type for node in waits if node.parent} <= _WAITING
    words = {node.text for node in nodes if node.type == "identifier"}
    assert not words & {
        b"eval",
        b"Function",
        b"setTimeout",
        b"setInterval",
        b"fetch",
        b"XMLHttpRequest",
        b"process",
    }


_WAITING = {"variable_declarator", "assignment_expression", "return_statement"}
_UNKNOWN = {
    *(
        "class",
        "class_declaration",
        "object_pattern",
        "array_pattern",
        "assignment_pattern",
        "spread_element",
    ),
    *(
        "optional_chain",
        "generator_function",
        "generator_function_declaration",
        "private_property_identifier",
    ),
}


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _nodes(child)
