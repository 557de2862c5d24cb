"""Runs the light blog on loopback."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from everyday_local.ghost.app import BlogApp
from everyday_local.ghost.faults import Call, Faults
from everyday_local.ghost.private import write_private
from everyday_local.serving import served


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
    door = _Door()
    with served(door, port=port) as url:
        blog = LightBlog(url, admin_key(folder), [], Faults())
        app = BlogApp(folder, url, blog.admin_key, faults=blog.faults, calls=blog.log)
        door.app = app.asgi
        try:
            yield blog
        finally:
            app.store.close()


def admin_key(folder: Path) -> str:
    """The blog's Admin API key, made at the first start and kept in `folder`/admin_key (mode 600)."""
    path = folder / "admin_key"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        write_private(path, f"{secrets.token_hex(12)}:{secrets.token_hex(32)}")
    return path.read_text().strip()


class _Door:
    """The application, which needs its own address and so is made after the server listens."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Here, outermost, `send` is a method of uvicorn's request cycle, which holds the connection.
        cycle = getattr(send, "__self__", None)
        scope["state"] = {"abort": lambda: cycle.transport.abort() if cycle else None}
        await self.app(scope, receive, send)
