"""A blog that says what it is told to, and our adapter pointed at it."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from everyday.adapters.ghost import GhostBlog
from everyday.photos.ports import Draft

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


KEY = f"{'a' * 24}:{'b' * 64}"


DRAFT = Draft(
    slug="ig-17900000000000001",
    title="Morning light",
    html="<p>x</p>",
    status="draft",
    published_at="2024-05-01T08:25:28+00:00",
    tags=[],
    authors=[],
    canonical_url=None,
    foot="<!-- everyday instagram:17900000000000001 rev:0123456789ab -->",
)


@pytest.fixture
def pauses() -> list[float]:
    """How long the adapter waited between attempts, without waiting."""
    return []


def a_blog(url: str, pauses: list[float], **options: Any) -> GhostBlog:
    whole = {"key": lambda: KEY, "clock": lambda: NOW, "sleep": pauses.append, "jitter": lambda: 1.0}
    return GhostBlog(url, **{**whole, **options})


Reply = tuple[int, dict[str, str], str]


class Scripted:
    """A server that gives each request the next reply, and the last one for ever."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.url = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        self.seen.append((handler.command, handler.path, dict(handler.headers)))
        status, headers, text = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        handler.send_response_only(status)
        for name, value in {"Content-Length": str(len(text.encode())), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(text.encode())


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script.answer(self)

        do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        script.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield script
        server.shutdown()
        thread.join()


def an_error(kind: str, code: str | None = None, message: str = "No.") -> str:
    return json.dumps({"errors": [{"message": message, "type": kind, "code": code}]})
