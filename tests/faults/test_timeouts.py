"""Every call that leaves the process ends in a known time, also when nobody ever answers."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from urllib3 import Timeout
from urllib3.connectionpool import HTTPConnectionPool

from everyday.adapters import aws, ghost_http, graph_http
from everyday.adapters.dynamodb import DynamoCatalog
from everyday.adapters.events import EventBridgeEvents
from everyday.adapters.ghost import GhostBlog
from everyday.adapters.graph_http import GraphHttp
from everyday.adapters.instagram import GraphSource
from everyday.adapters.instagram_token import TokenApi
from everyday.adapters.media_http import MediaDownloads
from everyday.adapters.s3 import S3Archive
from everyday.adapters.secrets import SecretsManagerSecrets
from everyday.errors import Unavailable
from everyday.photos.model import Item
from everyday.photos.ports import Body
from tests.builders import NOW, an_entry
from tests.faults.conftest import MakeWorld
from tests.faults.wire import ADMIN_KEY, a_post
from tests.unit.adapters.ghosts import DRAFT

SNAPSHOTS = Path(__file__).parents[1] / "stacks/__snapshots__"
SHORT = 0.1
# Four attempts of SHORT; for S3 botocore waits a second more in each for leave to send the body.
LONGEST = 15.0


@pytest.fixture
def nobody() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "READ_TIMEOUT_SECONDS", SHORT)
    monkeypatch.setattr(ghost_http, "_READ_TIMEOUT", (SHORT, SHORT))
    monkeypatch.setattr(ghost_http, "_WRITE_TIMEOUT", (SHORT, SHORT))
    monkeypatch.setattr(graph_http, "_TIMEOUT", Timeout(connect=SHORT, read=SHORT))
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))


def _client(service: str, url: str) -> Any:
    session = boto3.Session("test", "test", region_name="us-east-1")
    return session.client(service, endpoint_url=url, config=aws.client_config())  # type: ignore[call-overload]


def _s3(url: str) -> S3Archive:
    return S3Archive(_client("s3", url), "archive")


def _dynamodb(url: str) -> DynamoCatalog:
    return DynamoCatalog(_client("dynamodb", url), "catalog", sleep=lambda _: None)


def _ghost(url: str) -> GhostBlog:
    return GhostBlog(url, lambda: ADMIN_KEY, clock=lambda: NOW, sleep=lambda _: None)


def _graph(url: str) -> GraphHttp:
    return GraphHttp(url, sleep=lambda _: None)


def _source(url: str) -> GraphSource:
    media = MediaDownloads([url], max_bytes=1000, connect_seconds=SHORT, read_seconds=SHORT)
    return GraphSource(_graph(url), token=lambda: "token", media=media)


def _download(url: str) -> bytes:
    with _source(url).open(Item(position=1, url=f"{url}/1.jpg")) as body:
        return b"".join(body.chunks)


def _a_body() -> Body:
    return Body(iter([b"bytes"]), "image/jpeg", 5)


CALLS: dict[str, Callable[[str], Any]] = {
    "S3: read": lambda url: _s3(url).read("a"),
    "S3: put": lambda url: _s3(url).put("a", _a_body()),
    "S3: write": lambda url: _s3(url).write("a", b"{}", tag=None),
    "S3: list": lambda url: list(_s3(url).list("")),
    "DynamoDB: read": lambda url: _dynamodb(url).get_many(["1"]),
    "DynamoDB: write": lambda url: _dynamodb(url).put(an_entry()),
    "DynamoDB: query": lambda url: list(_dynamodb(url).timeline()),
    "Secrets Manager: read": lambda url: SecretsManagerSecrets(_client("secretsmanager", url)).get("a"),
    "Secrets Manager: write": lambda url: SecretsManagerSecrets(_client("secretsmanager", url)).put("a", {}),
    "EventBridge": lambda url: EventBridgeEvents(_client("events", url), "bus", "us").publish("kind", [{}]),
    "Instagram: a page": lambda url: _source(url).page(None),
    "Instagram: a count": lambda url: _source(url).count(),
    "Instagram: a medium": lambda url: _source(url).fresh("17900000000000001"),
    "Instagram: a file": _download,
    "Instagram: a new token": lambda url: TokenApi(_graph(url)).refresh("token"),
    "Ghost: find": lambda url: _ghost(url).find(slug="ig-1", marker="instagram:1 "),
    "Ghost: create": lambda url: _ghost(url).create(DRAFT),
    "Ghost: update": lambda url: _ghost(url).update("1" * 24, DRAFT, updated_at="2026-05-01T12:00:00.000Z"),
    "Ghost: delete": lambda url: _ghost(url).delete("1" * 24),
    "Ghost: upload": lambda url: _ghost(url).upload("a.py", __file__, content_type="image/jpeg"),
    "Ghost: look for an upload": lambda url: _ghost(url).uploaded("a.jpg", begun_at=NOW, video=False),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_nobody_answers_ends_soon_with_our_error(call: str, nobody: str) -> None:
    begun = time.monotonic()
    with pytest.raises(Unavailable):
        CALLS[call](nobody)
    assert time.monotonic() - begun < LONGEST


def test_every_call_of_a_whole_run_has_its_timeouts(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = HTTPConnectionPool.urlopen, []

    def urlopen(pool: HTTPConnectionPool, method: str, url: str, *args: Any, **named: Any) -> Any:
        given = named.get("timeout")
        timeout = given if isinstance(given, Timeout) else pool.timeout
        seen.append((timeout.connect_timeout, timeout.read_timeout))
        return real(pool, method, url, *args, **named)

    world = make_world(a_post(1, "hills", "film:sea"))
    monkeypatch.setattr(HTTPConnectionPool, "urlopen", urlopen)
    assert world.run() == []
    assert len(seen) > 40
    assert all(0 < connect <= 10 and 0 < read <= 180 for connect, read in seen)


# What one call may take at worst, in seconds: all its attempts, each at its timeouts, and the pauses between.
AWS_SECONDS = aws.ATTEMPTS * (aws.CONNECT_TIMEOUT_SECONDS + aws.READ_TIMEOUT_SECONDS) + 1 + 2 + 4
GRAPH_SECONDS = 4 * (graph_http._TIMEOUT.connect_timeout + graph_http._TIMEOUT.read_timeout) + sum(
    graph_http._PAUSES
)
GHOST_SECONDS = max(
    ghost_http.ATTEMPTS * sum(ghost_http._READ_TIMEOUT) + 3 * ghost_http._LONGEST_PAUSE + 0.5 + 1 + 2,
    sum(ghost_http._WRITE_TIMEOUT),
)
LONGEST_CALL = {
    "PhotoBackup": max(AWS_SECONDS, GRAPH_SECONDS, 600),  # 600: a download as a whole
    "PhotoPost": max(AWS_SECONDS, GHOST_SECONDS),
    "TokenRefresh": max(AWS_SECONDS, GRAPH_SECONDS),
}


@pytest.mark.parametrize("function", LONGEST_CALL)
def test_no_call_outlives_its_function_or_comes_near(function: str) -> None:
    template = json.loads(next(SNAPSHOTS.rglob("*EverydayPhotos*.json")).read_text())
    (timeout,) = (
        resource["Properties"]["Timeout"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Function" and name.startswith(function)
    )
    assert LONGEST_CALL[function] < 0.8 * timeout
