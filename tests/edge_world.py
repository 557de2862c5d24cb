"""A release as the edge keeps it, and the deployed functions run in Node over it."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from everyday.site.edge import LIVE, Edge, Items, live_value
from everyday_local.edge.functions import Functions
from stacks.edge_functions import VIEWER_REQUEST, VIEWER_RESPONSE, edge_function

NAVIGATION = {"accept": "text/html,application/xhtml+xml", "sec-fetch-mode": "navigate"}


@contextmanager
def node_functions() -> Iterator[Functions]:
    """Node to run functions in; skips the test where there is none."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    functions = Functions(node)
    try:
        yield functions
    finally:
        functions.close()


def page_hash(path: str) -> str:
    """The hash that the pages of these tests have: told apart by their paths."""
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(letters[(sum(path.encode()) * 7 + len(path) + step * step) % 32] for step in range(10))


def an_edge(*paths: str, **changes: Any) -> Edge:
    return Edge("20261123-221501-k3f9xq", {path: page_hash(path) for path in paths}, {}, **changes)


def kept(told: Items, *, changes: int = 7) -> dict[str, str]:
    """The store with this release live."""
    return {**told.items, LIVE: live_value(changes, told.value)}


class Edges:
    """A store and both functions over it. `reads` are the keys they asked for in the last call."""

    def __init__(self, functions: Functions, store: Mapping[str, str]) -> None:
        self.store = dict(store)
        self.reads: list[str] = []
        self._functions = functions

    def ask(
        self, address: str, *, headers: Mapping[str, str] = {}, cookie: str | None = None
    ) -> dict[str, Any]:
        """What the viewer-request function makes of a request."""
        return self._run(VIEWER_REQUEST, {"request": a_request(address, headers=headers, cookie=cookie)})

    def respond(
        self, request: Mapping[str, Any], headers: Mapping[str, str] = {}, status: int = 200
    ) -> dict[str, Any]:
        """What the viewer-response function makes of an answer to a request."""
        response = {
            "statusCode": status,
            "statusDescription": "OK",
            "headers": {name: {"value": value} for name, value in headers.items()},
            "cookies": {},
        }
        return self._run(VIEWER_RESPONSE, {"request": request, "response": response})

    def _run(self, name: str, event: Mapping[str, Any]) -> dict[str, Any]:
        self.reads = []
        return self._functions.run(edge_function(name), {"version": "1.0", **event}, self._read)

    def _read(self, key: str) -> str | None:
        self.reads.append(key)
        return self.store.get(key)


def a_request(address: str, *, headers: Mapping[str, str] = {}, cookie: str | None = None) -> dict[str, Any]:
    parts = urlsplit("http://site.test" + address)
    query: dict[str, Any] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        entry = query.setdefault(name, {"value": value})
        if "multiValue" in entry or entry["value"] != value:
            entry.setdefault("multiValue", [{"value": entry["value"]}]).append({"value": value})
    return {
        "method": "GET",
        "uri": parts.path,
        "querystring": query,
        "headers": {name: {"value": value} for name, value in {"host": "site.test", **headers}.items()},
        "cookies": {"everyday-release": {"value": cookie}} if cookie else {},
    }


def outcome(answer: Mapping[str, Any]) -> str:
    """The answer of the viewer-request function in a word or two."""
    if "uri" in answer:
        return str(answer["uri"])
    location = answer["headers"].get("location")
    return f"{answer['statusCode']} {location['value']}" if location else str(answer["statusCode"])


def shown(path: str) -> str:
    """The address in the bucket of a page of these tests."""
    return f"/pages/{path}/{page_hash(path)}"
