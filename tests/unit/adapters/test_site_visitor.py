"""What a visitor sees of a site, from outside."""

import gzip
from collections.abc import Callable
from hashlib import sha256
from http.server import BaseHTTPRequestHandler

import pytest

from everyday.adapters.site_visitor import WebVisitor
from everyday.site.ports import Answer
from tests.web import reply, serving

Answering = Callable[[BaseHTTPRequestHandler], None]


def test_a_page_is_known_by_its_content_and_release() -> None:
    def page(handler: BaseHTTPRequestHandler) -> None:
        reply(handler, b"<p>", x_everyday_release="r1")

    with serving(page) as web:
        assert WebVisitor(web.url).visit("/a%20b?x=1") == Answer(200, "r1", sha256(b"<p>").digest())
    assert web.asked == ["/a%20b?x=1"]


def test_content_is_the_same_compressed() -> None:
    def page(handler: BaseHTTPRequestHandler) -> None:
        assert "gzip" in handler.headers["Accept-Encoding"]
        reply(handler, gzip.compress(b"<p>"), Content_Encoding="gzip")

    with serving(page) as web:
        assert WebVisitor(web.url).visit("/") == Answer(200, None, sha256(b"<p>").digest())


def test_a_site_whose_name_leads_nowhere_is_visited_by_another_way() -> None:
    hosts: list[str] = []

    def page(handler: BaseHTTPRequestHandler) -> None:
        hosts.append(handler.headers["Host"])
        reply(handler)

    with serving(page) as web:
        WebVisitor("http://oblique.localhost:8080", web.url).visit("/")
    assert hosts == ["oblique.localhost:8080"]


def test_a_preview_is_asked_for_by_its_cookie() -> None:
    cookies: list[str | None] = []

    def page(handler: BaseHTTPRequestHandler) -> None:
        cookies.append(handler.headers["Cookie"])
        reply(handler)

    with serving(page) as web:
        WebVisitor(web.url).visit("/", release="r2")
        WebVisitor(web.url).visit("/")
    assert cookies == ["everyday-release=r2", None]


def test_a_redirect_is_an_answer() -> None:
    with serving(lambda handler: reply(handler, status=301, Location="/b")) as web:
        found = WebVisitor(web.url).visit("/a")
    assert found is not None
    assert (found.status, web.asked) == (301, ["/a"])


def _cut(handler: BaseHTTPRequestHandler) -> None:
    reply(handler, b"half", Content_Length="10")
    handler.close_connection = True


def _broken(handler: BaseHTTPRequestHandler) -> None:
    reply(handler, b"no gzip", Content_Encoding="gzip")


@pytest.mark.parametrize("answering", [_cut, _broken])
def test_half_an_answer_is_none(answering: Answering) -> None:
    with serving(answering) as web:
        assert WebVisitor(web.url).visit("/") is None


def test_nobody_there_is_no_answer() -> None:
    with serving(_cut) as web:
        url = web.url
    assert WebVisitor(url).visit("/") is None
