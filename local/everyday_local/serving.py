"""Run an ASGI application on loopback inside this process."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

START_SECONDS = 30.0


class _Announcing(uvicorn.Server):
    """A server that says when it has started, so that nobody has to poll."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@contextmanager
def served(app: ASGIApp, *, port: int = 0) -> Iterator[str]:
    """The address of `app` while the block runs, `http://127.0.0.1:40123`; port 0 takes a free one."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        # asyncio does this only for sockets that name their protocol; without it an answer waits 40 ms for
        # the acknowledgement of its own header.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = _Announcing(
            uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            if not server.up.wait(START_SECONDS):
                raise TimeoutError(f"the server did not start within {START_SECONDS:.0f} s")
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(START_SECONDS)
