"""The one seam that every call of every adapter goes through, and the names of those calls."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from everyday_local.serving import served
from tests.faults.cuts import Call, Cuts

BUS = "photos"


class Door:
    """A server whose application can be changed, so that each world has one without a new server."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # As the blog's own server: what resets a connection is below ASGI.
        cycle: Any = getattr(send, "__self__", None)
        scope["state"] = {"abort": lambda: cycle.transport.abort()}
        await self.app(scope, receive, send)


class Services:
    """The far ends: where they are, and AWS clients as the adapters get them (making one is slow)."""

    def __init__(self, aws: str, instagram: str, blog: str, doors: tuple[Door, Door]) -> None:
        self.aws, self.instagram, self.blog = aws, instagram, blog
        self.instagram_door, self.blog_door = doors
        self._session = boto3.Session("test", "test", region_name="us-east-1")
        self.client = cache(self._client)
        self.ports = {urlsplit(url).port: name for name, url in vars(self).items() if name in _FAR_ENDS}

    def _client(self, service: str, config: Any = None) -> Any:
        return self._session.client(service, endpoint_url=self.aws, config=config)  # type: ignore[call-overload]


_FAR_ENDS = ("aws", "instagram", "blog")


class Session:
    """As boto3.Session for `wiring`: one client a service, whatever its configuration's identity."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def client(self, service: str, *, endpoint_url: None = None, config: Any = None) -> Any:
        return _clients(self._services, service, config)


_CLIENTS: dict[tuple[int, str], Any] = {}


def _clients(services: Services, service: str, config: Any) -> Any:
    key = (id(services), service)
    if key not in _CLIENTS:
        _CLIENTS[key] = services.client(service, config)
    return _CLIENTS[key]


@contextmanager
def far_ends(aws: str) -> Iterator[Services]:
    with ExitStack() as stack:
        doors = (Door(), Door())
        instagram, blog = (stack.enter_context(served(door)) for door in doors)
        services = Services(aws, instagram, blog, doors)
        services.client("events").create_event_bus(Name=BUS)
        yield services


class Seam:
    """Every call of every adapter, in any thread, passes here. Without `cuts` it changes nothing."""

    def __init__(self, services: Services) -> None:
        self.cuts: Cuts | None = None
        self._services = services

    def install(self, patch: pytest.MonkeyPatch) -> None:
        real, seam = HTTPConnectionPool.urlopen, self

        def urlopen(pool: HTTPConnectionPool, method: str, url: str, *args: Any, **named: Any) -> Any:
            if seam.cuts is None:
                return real(pool, method, url, *args, **named)
            return seam.pass_through(
                lambda: real(pool, method, url, *args, **named), pool, method, url, named
            )

        patch.setattr(HTTPConnectionPool, "urlopen", urlopen)

    def pass_through(self, send: Any, pool: Any, method: str, url: str, named: Any) -> Any:
        answers: list[Any] = []

        def effect() -> Any:
            answers.append(send())
            return answers[0]

        assert self.cuts is not None
        try:
            return self.cuts.call(
                self._call(pool.port, method, url, named),
                effect,
                lost=lambda: ProtocolError("Connection aborted.", ConnectionResetError(104, "reset")),
                late=lambda: ReadTimeoutError(pool, url, "Read timed out."),
            )
        except BaseException:
            for answer in answers:
                answer.close()
            raise

    def _call(self, port: int, method: str, url: str, named: Mapping[str, Any]) -> Call:
        far_end = self._services.ports[port]
        parts = urlsplit(url)
        if far_end == "instagram":
            return _instagram_call(parts.path)
        if far_end == "blog":
            return _blog_call(method, parts.path)
        headers = {name.lower(): _text(value) for name, value in (named.get("headers") or {}).items()}
        if target := headers.get("x-amz-target"):
            return _json_call(target, named.get("body"))
        return _s3_call(method, parts.path, parse_qs(parts.query, keep_blank_values=True))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _instagram_call(path: str) -> Call:
    if path.startswith("/media/"):
        return Call("media host", "file", path.removeprefix("/media/"))
    kinds = {"/me/media": "list", "/me": "count", "/refresh_access_token": "refresh"}
    return Call("instagram", kinds.get(path, "fresh"), "")


def _blog_call(method: str, path: str) -> Call:
    if path.startswith("/content/"):
        return Call("blog", "probe", path.rpartition("/")[2])
    rest = path.removeprefix("/ghost/api/admin").strip("/").split("/")
    return Call("blog", f"{method} {rest[0]}{'/…' if len(rest) > 1 else ''}", rest[-1])


def _json_call(target: str, body: Any) -> Call:
    service, _, kind = target.partition(".")
    document = json.loads(body or b"{}")
    if service.startswith("DynamoDB"):
        item = document.get("Item") or document.get("Key") or {}
        pk = item.get("pk", {}).get("S", "") or document.get("IndexName", "")
        what = "" if kind in {"BatchGetItem"} else f" {pk if pk in _NAMED else 'entry'}"
        return Call("dynamodb", kind + what, pk)
    return Call(service.lower(), kind, str(document.get("SecretId", "")).partition("-")[0])


_NAMED = {"#run", "todo", "timeline"}


def _s3_call(method: str, path: str, query: Mapping[str, Any]) -> Call:
    name = path.rpartition("/")[2]
    what = name if name in {"media.json", "post.json"} else "file"
    kinds = {
        ("PUT", "uploadId"): "UploadPart",
        ("POST", "uploads"): "CreateMultipartUpload",
        ("POST", "uploadId"): "CompleteMultipartUpload",
        ("DELETE", "uploadId"): "AbortMultipartUpload",
        ("GET", "uploads"): "ListMultipartUploads",
        ("GET", "list-type"): "ListObjectsV2",
    }
    for (verb, word), kind in kinds.items():
        if method == verb and word in query:
            return Call("s3", kind, name)
    return Call("s3", f"{method} {what}", name)
