"""Counting what visitors get of the example sites, where they get it."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from everyday_local.ports import any_free
from everyday_local.site_job import SiteSummary, summary
from everyday_local.site_visit import Seen, visit
from tests.web import Web, reply, serving

HOST = "blog.localhost:4590"
PAGE = """<!doctype html><link rel=icon href="favicon.ico"><link rel=stylesheet href="/css/main.css?v=1#x">
<script type=module src="js/main.js"></script><img src="data:image/png;base64,AA=="><a href="/about">x</a>
<script src="https://cdn.example.org/far.js"></script>"""
FILES = {
    "/": ("text/html; charset=utf-8", PAGE),
    "/favicon.ico": ("image/x-icon", ""),
    "/css/main.css?v=1": ("text/css", "@import 'print.css'; a{background:url(../img/a.svg)}"),
    "/css/print.css": ("text/css", "a{}"),
    "/img/a.svg": ("image/svg+xml", "<svg/>"),
    "/js/main.js": (
        "text/javascript",
        'import {a} from "./a.js"; fetch(new URL("../b.json", import.meta.url))',
    ),
    "/js/a.js": ("text/javascript", "export const a = 1"),
    "/b.json": ("application/json", "{}"),
}


@pytest.fixture
def gone() -> set[str]:
    """Paths that the edge has not."""
    return set()


@pytest.fixture
def edge(gone: set[str]) -> Iterator[Web]:
    """Serves FILES under the site's name only."""

    def answer(asked: BaseHTTPRequestHandler) -> None:
        if asked.headers["Host"] != HOST or asked.path in gone or asked.path not in FILES:
            reply(asked, status=404)
            return
        kind, text = FILES[asked.path]
        reply(asked, text.encode(), Content_Type=kind, X_Everyday_Release="r1")

    with serving(answer) as web:
        yield web


def test_a_page_and_all_that_it_leads_to_is_asked_for_once(edge: Web) -> None:
    assert visit(f"http://{HOST}", edge.url) == Seen("r1", len(FILES), ())
    assert sorted(edge.asked) == sorted(FILES)


@pytest.mark.parametrize("missing", ["/js/a.js", "/css/print.css", "/img/a.svg", "/b.json", "/favicon.ico"])
def test_what_is_not_there_is_named(edge: Web, gone: set[str], missing: str) -> None:
    gone.add(missing)
    assert visit(f"http://{HOST}", edge.url) == Seen("r1", len(FILES), (missing,))


def test_a_site_that_is_not_published_has_no_release(edge: Web) -> None:
    assert visit("http://other.localhost:4590", edge.url) == Seen("", 1, ("/",))


def test_an_edge_that_does_not_answer_is_a_site_that_is_not_there() -> None:
    assert visit(f"http://{HOST}", f"http://127.0.0.1:{any_free()}") == Seen("", 1, ("/",))


def test_what_was_seen_is_counted() -> None:
    seen = [Seen("r1", 20, ()), Seen("", 1, ("/",)), Seen("r2", 9, ("/a", "/b"))]
    assert summary(seen) == SiteSummary(sites=3, published=2, files=30, broken=3)
