"""How a starting service is asked whether it serves."""

import http.client
import socket
from collections.abc import Callable

_SECONDS = 2.0


def answers(port: int, path: str) -> Callable[[], bool]:
    """Whether `GET path` on loopback answers with 200."""

    def ready() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ready


def pongs(port: int) -> Callable[[], bool]:
    """Whether a Valkey server answers PING; while it loads its data it does not."""

    def ready() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    return ready
