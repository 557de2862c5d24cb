"""A site through the local edge over HTTP: the deployed functions, the cache, the policies."""

import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any

import pytest

from everyday.site.edge import LIVE, items
from everyday_local.edge.app import build_app
from everyday_local.edge.functions import FunctionFailed, Functions
from everyday_local.edge.model import REQUEST, RESPONSE, Answer, Distribution, Function
from everyday_local.edge.sites import Sites
from everyday_local.edge.stores import Stores
from everyday_local.serving import served
from stacks.edge_functions import VIEWER_REQUEST, VIEWER_RESPONSE, edge_function
from tests.contract.edge_clients import ARN, Browser
from tests.edge_world import NAVIGATION, Edges, an_edge, kept, node_functions, shown

ASSET = "js/app.aaaaaaaaaa.js"
SCRIPT = b"const words = 'again and again';\n" * 100
YEAR = 31_536_000


def a_distribution(**changes: Any) -> Distribution:
    functions = {
        REQUEST: Function(edge_function(VIEWER_REQUEST), ARN),
        RESPONSE: Function(edge_function(VIEWER_RESPONSE), ARN),
    }
    usual = Distribution(
        id="E1",
        domain="d1.cloudfront.net",
        names=["site.localhost"],
        bucket="bucket",
        folder="",
        root="",
        methods=["GET", "HEAD"],
        functions=functions,
        ttls=(YEAR, YEAR, YEAR),
        query_in_key=False,
        gzip=True,
        errors={404: 10},
        headers=[("x-content-type-options", "nosniff", False), ("x-frame-options", "SAMEORIGIN", False)],
    )
    return usual._replace(**changes)


@dataclass
class Cloud:
    """An account with one distribution and a bucket of objects by key."""

    distribution: Distribution = field(default_factory=a_distribution)
    objects: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    invalidated: dict[str, Sequence[str]] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    now: float = 0.0

    def put(self, key: str, body: bytes, content_type: str = "text/html; charset=utf-8", **more: str) -> None:
        tag = md5(body).hexdigest()
        headers = {"content-type": content_type, "etag": f'"{tag}"', "x-amz-version-id": "v1", **more}
        self.objects[key] = (body, {name.replace("_", "-"): value for name, value in headers.items()})

    def distributions(self) -> Sequence[Distribution]:
        return [self.distribution]

    def fetch(self, distribution: Distribution, uri: str) -> Answer:
        self.fetched.append(uri)
        if uri not in self.objects:
            return Answer(404, {"content-type": "application/xml"}, b"<Error/>")
        body, headers = self.objects[uri]
        return Answer(200, dict(headers), body)

    def invalidations(self, distribution_id: str) -> Mapping[str, Callable[[], Sequence[str]]]:
        return {name: (lambda paths=paths: paths) for name, paths in self.invalidated.items()}

    def has_store(self, arn: str) -> bool:
        return arn == ARN


@dataclass
class World:
    cloud: Cloud
    stores: Stores
    site: Browser
    bare: Browser

    def publish(self, *paths: str, changes: int, **rules: Any) -> None:
        told = items(an_edge(*paths, **rules))
        pairs = list({**told.items, LIVE: f"{changes} {told.value}"}.items())
        for at in range(0, len(pairs), 50):
            self.stores.change(ARN, self.stores.about(ARN).etag, dict(pairs[at : at + 50]), [])


PAGES = ("index.html", "404.html", "about.html", "blog/index.html")
HEADERS = "/about\n  X-Frame-Options: DENY\n  Cache-Control: no-store\n"


@pytest.fixture(scope="module")
def node() -> Iterator[Functions]:
    with node_functions() as functions:
        yield functions


@pytest.fixture
def world(node: Functions) -> Iterator[World]:
    cloud, stores = Cloud(), Stores()
    for path in PAGES:
        cloud.put(shown(path), f"<title>{path}</title>".encode(), cache_control="no-cache")
    cloud.put(f"/assets/{ASSET}", SCRIPT, "text/javascript; charset=utf-8", cache_control="public, immutable")
    app = build_app(Sites(cloud, node, stores, lambda: cloud.now), stores, cloud)
    with served(app) as url:
        world = World(cloud, stores, Browser(url, "site.localhost"), Browser(url, "127.0.0.1"))
        world.publish(*PAGES, changes=1, headers=HEADERS)
        yield world
    stores.close()


@pytest.mark.parametrize(
    ("address", "status", "text"),
    [
        ("/", 200, "<title>index.html</title>"),
        ("/about?x=1", 200, "<title>about.html</title>"),
        ("/blog/", 200, "<title>blog/index.html</title>"),
        ("/nothing", 404, "<title>404.html</title>"),
        ("/js/gone.aaaaaaaaaa.js", 404, "<Error/>"),
        ("/%2e%2e/secret", 400, "400 Bad Request\n"),
    ],
)
def test_an_address_is_answered_with_its_page(world: World, address: str, status: int, text: str) -> None:
    answer = world.site.get(address)
    assert (answer.status, answer.data.decode()) == (status, text)


def test_a_redirect_is_the_functions_own(world: World) -> None:
    answer = world.site.get("/blog?a=1")
    assert (answer.status, answer.headers["location"]) == (301, "/blog/?a=1")


def test_every_answer_names_its_release_and_has_the_policies_headers(world: World) -> None:
    headers = world.site.get("/").headers
    assert headers["x-everyday-release"] == an_edge().release
    assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "SAMEORIGIN")
    assert not [name for name in headers if name.startswith("x-amz-")]


def test_the_owners_headers_win_over_the_policies_and_the_buckets(world: World) -> None:
    headers = world.site.get("/about").headers
    assert (headers["x-frame-options"], headers["cache-control"]) == ("DENY", "no-store")


def test_the_edge_keeps_a_page_by_its_content_however_it_is_asked_for(world: World) -> None:
    hits = [world.site.get(address).headers["x-cache"] for address in ("/about", "/about?1", "/about.html")]
    assert hits == ["Miss from cloudfront", "Hit from cloudfront", "Hit from cloudfront"]
    assert world.cloud.fetched == [shown("about.html")]


def test_a_publish_is_seen_with_the_next_request(world: World) -> None:
    world.site.get("/about")
    world.publish("index.html", changes=2)
    answer = world.site.get("/about")
    assert (answer.status, answer.data) == (404, b"404 Not Found\n")
    world.publish(*PAGES, changes=3)
    assert world.site.get("/about").status == 200


@pytest.mark.parametrize("path", ["/about", shown("about.html"), "/*", "/pages/about*"])
def test_what_is_invalidated_is_fetched_again(world: World, path: str) -> None:
    world.site.get("/about")
    world.cloud.put(shown("about.html"), b"new")
    assert world.site.get("/about").data != b"new"
    world.cloud.invalidated["I1"] = [path]
    assert [world.site.get("/about").data for _ in range(2)] == [b"new", b"new"]
    assert len(world.cloud.fetched) == 2


def test_an_invalidation_of_other_paths_forgets_nothing(world: World) -> None:
    world.site.get("/about")
    world.cloud.invalidated["I1"] = ["/", "/blog/*"]
    assert world.site.get("/about").headers["x-cache"] == "Hit from cloudfront"


def test_what_is_missing_is_asked_for_again_after_ten_seconds(world: World) -> None:
    late = "/js/late.aaaaaaaaaa.js"
    assert world.site.get(late).status == 404
    world.cloud.put(f"/assets{late}", b"x")
    assert world.site.get(late).status == 404
    world.cloud.now = 10.0
    assert world.site.get(late).status == 200


@pytest.mark.parametrize(
    ("accepts", "encoding"), [("gzip, br", "gzip"), ("br", None), ("gzip;q=0", None), ("identity", None)]
)
def test_a_large_text_is_compressed_for_who_takes_it(
    world: World, accepts: str, encoding: str | None
) -> None:
    answer = world.site.get(f"/{ASSET}", accept_encoding=accepts)
    assert answer.headers.get("content-encoding") == encoding
    assert (gzip.decompress(answer.data) if encoding else answer.data) == SCRIPT


def test_a_small_text_is_not_compressed(world: World) -> None:
    assert "content-encoding" not in world.site.get("/", accept_encoding="gzip").headers


@pytest.mark.parametrize("accepts", ["gzip", "identity"])
def test_who_has_it_is_told_so(world: World, accepts: str) -> None:
    tag = world.site.get(f"/{ASSET}", accept_encoding=accepts).headers["etag"]
    answer = world.site.get(f"/{ASSET}", accept_encoding=accepts, if_none_match=f'"x", {tag}')
    assert (answer.status, answer.data) == (304, b"")


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("bytes=0-4", 206, SCRIPT[:5]),
        ("bytes=3290-", 206, SCRIPT[3290:]),
        ("bytes=-6", 206, SCRIPT[-6:]),
        ("bytes=99999-", 416, b""),
        ("bytes=0-1,4-5", 200, SCRIPT),
    ],
)
def test_a_part_is_sent_to_who_asks_for_one(world: World, wanted: str, status: int, part: bytes) -> None:
    answer = world.site.get(f"/{ASSET}", range=wanted)
    assert (answer.status, answer.data) == (status, part)


def test_head_has_the_headers_alone(world: World) -> None:
    answer = world.site.get("/about", "HEAD")
    assert (answer.status, answer.data) == (200, b"")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_other_methods_are_not_allowed(world: World) -> None:
    assert world.site.get("/", "POST").status == 403


def test_a_preview_is_chosen_by_its_address(world: World) -> None:
    other = items(an_edge("index.html")._replace(release="other"))
    world.stores.change(ARN, world.stores.about(ARN).etag, dict(other.items), [])
    answer = world.site.get("/_release/other")
    cookie = answer.headers["set-cookie"]
    assert (answer.status, cookie.startswith("everyday-release=other; ")) == (302, True)
    assert world.site.get("/about", cookie="a=b; everyday-release=other").status == 404
    assert world.site.get("/about").status == 200


def test_a_navigation_falls_back_to_the_app(world: World) -> None:
    world.publish(*PAGES, changes=2, spa=True)
    assert world.site.get("/deep/link", **NAVIGATION).data == b"<title>index.html</title>"
    assert world.site.get("/deep/link", accept="image/png").status == 404


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("function handler(event) { throw new Error('no'); }", 503),
        ("function handler(event) { return null; }", 503),
        ("function handler(event) { while (true) {} }", 503),
        ("function handler(event) { return eval('event.request'); }", 503),
        ("function handler(event) { return process.exit(1); }", 503),
        ("function handler(event) { setTimeout(() => 1); return event.request; }", 503),
        ("function handler(event) { event.request.uri = 'x'; return event.request; }", 502),
        (
            "function handler(event) { event.request.headers.host = { value: 'x' }; return event.request; }",
            502,
        ),
        ("function handler(event) { return { statusCode: 200, headers: { via: { value: 'x' } } }; }", 502),
        ("function handler(event) { return event.request; } //" + "x" * 10_240, 503),
        ("const crypto = require('crypto'); function handler(event) { return event.request; }", 404),
        ("const fs = require('fs'); function handler(event) { return event.request; }", 503),
    ],
)
def test_a_function_may_only_do_what_cloudfront_lets_it(world: World, code: str, status: int) -> None:
    world.cloud.distribution = a_distribution(functions={REQUEST: Function(code, ARN)})
    assert world.site.get("/").status == status
    world.cloud.distribution = a_distribution()
    assert world.site.get("/").status == 200


def test_a_call_that_never_ends_costs_its_process_only() -> None:
    """After its first wait no limit of Node's counts, so Node itself is ended."""
    endless = (
        "import cf from 'cloudfront'; async function handler(event) "
        "{ await cf.kvs().get('a'); while (true) {} }"
    )
    with node_functions() as functions:
        functions.seconds = 0.3
        with pytest.raises(FunctionFailed, match="took more than"):
            functions.run(endless, {}, {"a": "b"}.get)
        functions.seconds = 5.0
        assert Edges(functions, kept(items(an_edge("index.html")))).ask("/")["uri"] == shown("index.html")


def test_a_name_without_a_site_says_so(world: World) -> None:
    answer = Browser(world.bare._url, "other.localhost").get("/")
    assert (answer.status, b"No site is deployed" in answer.data) == (404, True)


def test_the_bare_address_lists_the_sites(world: World) -> None:
    answer = world.bare.get("/")
    assert b'<a href="http://site.localhost:' in answer.data
    assert world.bare.get("/_standin/health").json() == {"sites": [["site.localhost"]]}


def test_a_site_answers_to_its_distributions_own_name_too(world: World) -> None:
    assert Browser(world.bare._url, "d1.cloudfront.net").get("/").status == 200
