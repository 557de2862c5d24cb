"""The local edge over the local AWS: what is deployed there is what a visitor gets."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from everyday.site.edge import items, live_value
from everyday_local.edge.account import Account, policy_headers
from everyday_local.edge.app import build_app
from everyday_local.edge.sites import Sites
from everyday_local.edge.stores import Stores
from everyday_local.serving import served
from tests.contract.edge_clients import Browser, key_value_client
from tests.deployed_site import Deployed
from tests.edge_world import an_edge, node_functions, shown


@pytest.fixture
def site(client: Callable[[str], Any]) -> Deployed:
    return Deployed(client)


@pytest.fixture
def url(client: Callable[[str], Any], site: Deployed, tmp_path: Path) -> Iterator[str]:
    stores = Stores(tmp_path / "stores.db")
    account = Account(client, lambda: 0.0)
    with closing(stores), node_functions() as functions:
        sites = Sites(account, functions, stores, lambda: 0.0)
        with served(build_app(sites, stores, account)) as url:
            yield url


def publish(url: str, site: Deployed, *paths: str) -> None:
    """As a publisher does: the bucket, then the store by its data plane."""
    told = items(an_edge(*paths))
    for path in paths:
        site.put(shown(path).removeprefix("/"), f"<title>{path}</title>")
    plane = key_value_client(url)
    tag = plane.describe_key_value_store(KvsARN=site.store)["ETag"]
    pairs = {**told.items, "live": live_value(1, told.value)}
    puts = [{"Key": key, "Value": value} for key, value in pairs.items()]
    plane.update_keys(KvsARN=site.store, IfMatch=tag, Puts=puts)


def test_what_is_deployed_and_published_is_what_a_visitor_gets(url: str, site: Deployed) -> None:
    browser = Browser(url, site.host)
    assert browser.get("/").status == 503
    publish(url, site, "index.html", "404.html", "a b/ü.html")
    answers = {address: browser.get(address) for address in ("/", "/a%20b/%C3%BC", "/nothing")}
    assert {address: (each.status, each.data.decode()) for address, each in answers.items()} == {
        "/": (200, "<title>index.html</title>"),
        "/a%20b/%C3%BC": (200, "<title>a b/ü.html</title>"),
        "/nothing": (404, "<title>404.html</title>"),
    }
    headers = answers["/"].headers
    assert headers["cache-control"] == "no-cache"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["strict-transport-security"] == "max-age=7"
    assert headers["x-everyday-release"] == an_edge().release
    assert not [name for name in headers if name.startswith("x-amz-")]


def test_an_asset_that_is_not_there_is_a_real_404(url: str, site: Deployed) -> None:
    publish(url, site, "index.html")
    answer = Browser(url, site.host).get("/app.aaaaaaaaaa.js")
    assert (answer.status, answer.headers["content-type"]) == (404, "application/xml")


def test_an_invalidation_through_the_api_is_honoured(url: str, site: Deployed) -> None:
    publish(url, site, "index.html")
    browser = Browser(url, site.host)
    assert browser.get("/").data == b"<title>index.html</title>"
    site.put(shown("index.html").removeprefix("/"), "new")
    assert browser.get("/").headers["x-cache"] == "Hit from cloudfront"
    site.invalidate("/")
    assert browser.get("/").data == b"new"


def test_the_sites_have_each_their_own_name(url: str, site: Deployed) -> None:
    assert [site.host] in Browser(url, "127.0.0.1").get("/_standin/health").json()["sites"]
    assert Browser(url, "unknown.localhost").get("/").status == 404


def test_the_program_serves_until_it_is_told_to_end(ministack: str, site: Deployed, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "everyday_local.edge", "--cloud", ministack, "--state", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            publish(url, site, "index.html")
            assert Browser(url, site.host).get("/").data == b"<title>index.html</title>"
        finally:
            process.terminate()
        assert process.wait(30) == 0


def test_all_headers_of_a_policy_are_read() -> None:
    config = {
        "SecurityHeadersConfig": {
            "ContentSecurityPolicy": {"Override": True, "ContentSecurityPolicy": "default-src 'self'"},
            "ReferrerPolicy": {"Override": False, "ReferrerPolicy": "no-referrer"},
            "StrictTransportSecurity": {
                "Override": True,
                "AccessControlMaxAgeSec": 9,
                "IncludeSubdomains": True,
                "Preload": True,
            },
        },
        "CustomHeadersConfig": {"Items": [{"Header": "X-A", "Value": "b", "Override": False}]},
    }
    assert policy_headers(config) == [
        ("content-security-policy", "default-src 'self'", True),
        ("referrer-policy", "no-referrer", False),
        ("strict-transport-security", "max-age=9; includeSubDomains; preload", True),
        ("x-a", "b", False),
    ]
