"""Runs the light blog on loopback."""

import json
import secrets
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from everyday_local.ghost.app import BlogApp
from everyday_local.ghost.faults import Call, Faults
from everyday_local.ghost.private import write_private

_START_SECONDS = 20.0


@dataclass(frozen=True)
class LightBlog:
    """A running light blog: its address, its Admin API key, what it was asked, and what shall go wrong."""

    url: str
    admin_key: str = field(repr=False)
    log: list[Call] = field(repr=False)
    faults: Faults = field(repr=False)


@contextmanager
def running(folder: Path, *, port: int = 0) -> Iterator[LightBlog]:
    """Serve the blog of `folder` in a thread until the block ends; `port` 0 takes a free one."""
    with _listening(port) as listener:
        url = _address(listener)
        calls: list[Call] = []
        blog = LightBlog(url, admin_key(folder), calls, Faults())
        app = BlogApp(folder, url, blog.admin_key, faults=blog.faults, calls=calls)
        server = _server(app)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            _wait_for(server, thread)
            yield blog
        finally:
            server.should_exit = True
            thread.join(10)
            app.store.close()


def serve(folder: Path, *, port: int) -> None:
    """Serve the blog of `folder` until a signal ends the process."""
    with _listening(port) as listener:
        app = BlogApp(folder, _address(listener), admin_key(folder), faults=Faults(), calls=[])
        told = {"url": _address(listener), "admin_key_file": str(folder / "admin_key")}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        _server(app).run([listener])
        app.store.close()


def admin_key(folder: Path) -> str:
    """The blog's Admin API key, made at the first start and kept in `folder`/admin_key (mode 600)."""
    path = folder / "admin_key"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        write_private(path, f"{secrets.token_hex(12)}:{secrets.token_hex(32)}")
    return path.read_text().strip()


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", port)) as listener:
        yield listener


def _address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _server(app: BlogApp) -> uvicorn.Server:
    async def with_abort(scope: Any, receive: Any, send: Any) -> None:
        # Outermost, `send` is a method of uvicorn's request cycle, which holds the connection.
        if scope["type"] == "http":
            scope["state"] = {"abort": lambda: send.__self__.transport.abort()}
        await app.asgi(scope, receive, send)

    config = uvicorn.Config(
        with_abort, lifespan="off", log_level="warning", access_log=False, timeout_graceful_shutdown=1
    )
    return uvicorn.Server(config)


def _wait_for(server: uvicorn.Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(int(_START_SECONDS / 0.01)):
        if server.started or not thread.is_alive():
            return
        pause.wait(0.01)
