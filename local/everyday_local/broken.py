"""Answers that go wrong below HTTP: cut, reset, dripping, endless."""

import asyncio
import socket
import struct
from collections.abc import Iterable
from typing import Any

from starlette.types import Receive, Scope, Send


class Broken:
    """An answer that declares `declared` bytes, sends `chunks`, and then ends as `ending` says.

    `ending`: "close" ends the connection, "reset" resets it, "hang" sends nothing more until the caller
    gives up. `pause` seconds are waited after each chunk.
    """

    status_code = 200

    def __init__(
        self,
        chunks: Iterable[bytes],
        *,
        declared: int,
        content_type: str,
        ending: str = "close",
        pause: float = 0.0,
    ) -> None:
        self._chunks, self._pause, self._ending = chunks, pause, ending
        self._headers = [
            (b"content-type", content_type.encode()),
            (b"content-length", str(declared).encode()),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        await send({"type": "http.response.start", "status": self.status_code, "headers": self._headers})
        gone = asyncio.create_task(_disconnect(receive))
        for chunk in self._chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.wait({gone}, timeout=self._pause)
            if gone.done():
                return
        if self._ending != "hang":
            _end_connection(receive, reset=self._ending == "reset")
        await gone


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _end_connection(receive: Receive, *, reset: bool) -> None:
    """Close the connection under the server's feet: ASGI itself has no word for it."""
    transport: Any = receive.__self__.transport  # type: ignore[attr-defined]  # uvicorn's request cycle
    if not reset:
        transport.close()
        return
    no_lingering = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_lingering)
    transport.abort()
