"""Downloads media from Instagram's hosts, and from nowhere else.

An address passes `photos.guard`; its host is resolved once, every address it leads to must be public, and the
connection goes to that very address (TLS still checks the host's name). Redirects are followed by hand, each
checked alike. Nothing is taken from the environment: no proxy, no .netrc.
"""

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from everyday.adapters.streams import bounded, quiet, tls, unavailable
from everyday.errors import (
    EverydayError,
    MediumExpired,
    MediumMissing,
    MediumRefused,
    SourceUnavailable,
)
from everyday.photos.guard import Target, may_connect, origins, target
from everyday.photos.ports import Body

_WHO = "the media host"
_REDIRECTS = 3
_MOVED = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "everyday"}
_HOSTS = 64
_TRIED_ADDRESSES = 4


class MediaDownloads:
    """Downloads within limits. May be used by `concurrency` threads at a time; never retries.

    `allowed`: origin patterns as in `guard.origins`. `max_bytes` per file. Timeouts in seconds: to connect,
    between two reads, and for a whole download.
    """

    def __init__(
        self,
        allowed: Iterable[str],
        *,
        max_bytes: int,
        concurrency: int = 16,
        connect_seconds: float = 5,
        read_seconds: float = 30,
        total_seconds: float = 600,
    ) -> None:
        quiet()
        self._allowed = origins(allowed)
        self._max_bytes = max_bytes
        self._timeout = Timeout(connect=connect_seconds, read=read_seconds)
        self._total_seconds = total_seconds
        self._pools = PoolManager(_HOSTS, maxsize=concurrency, ssl_context=tls())
        self._pools.pool_classes_by_scheme = {"http": _LoopbackPool, "https": _PublicPool}

    @contextmanager
    def open(self, address: str) -> Iterator[Body]:
        """The file's bytes, to be read once.

        Raises MediumRefused, MediumExpired, MediumMissing, SourceUnavailable, on opening or while reading.
        """
        response = self._follow(target(address, self._allowed))
        try:
            yield self._body(response)
        finally:
            response.close()

    def _follow(self, aim: Target) -> BaseHTTPResponse:
        for _ in range(_REDIRECTS + 1):
            response = self._ask(aim)
            if response.status == 200:
                return response
            response.close()
            if response.status not in _MOVED:
                raise _refusal(response.status)
            aim = target(_absolute(response.headers.get("Location", ""), aim), self._allowed)
        raise MediumRefused(f"redirected more than {_REDIRECTS} times")

    def _ask(self, aim: Target) -> BaseHTTPResponse:
        with unavailable(_WHO):
            pool = self._pools.connection_from_host(aim.host, aim.port, aim.scheme)
            return pool.urlopen(
                "GET",
                aim.path,
                headers=_HEADERS,
                retries=False,
                redirect=False,
                timeout=self._timeout,
                preload_content=False,
                decode_content=False,
            )

    def _body(self, response: BaseHTTPResponse) -> Body:
        length = response.length_remaining
        too_long = MediumRefused(f"longer than {self._max_bytes} bytes")
        if length is not None and length > self._max_bytes:
            raise too_long
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise MediumRefused("sent compressed, though that was not asked for")
        chunks = bounded(
            response, who=_WHO, cap=self._max_bytes, too_long=too_long, seconds=self._total_seconds
        )
        return Body(chunks, response.headers.get("Content-Type", ""), length)


def _absolute(location: str, base: Target) -> str:
    if location.startswith("//"):
        return f"{base.scheme}:{location}"
    if location.startswith("/"):
        return f"{base.scheme}://{base.host}:{base.port}{location}"
    return location


def _refusal(status: int) -> EverydayError:
    if status in {403, 410}:
        return MediumExpired(f"the address is no longer valid (status {status})")
    if status == 404:
        return MediumMissing("the media host has no such file (status 404)")
    if status == 429 or status >= 500:
        return SourceUnavailable(f"{_WHO} has a passing fault (status {status})")
    return MediumRefused(f"{_WHO} answered with status {status}")


def _connect(connection: HTTPConnection, scheme: str) -> socket.socket:
    """Connect to an address that was looked at. Raises MediumRefused when the name leads to any other."""
    host = connection.host
    try:
        found = socket.getaddrinfo(host, connection.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NameResolutionError(host, connection, socket.gaierror(str(error))) from error
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    if not all(may_connect(address, scheme=scheme) for address in addresses):
        raise MediumRefused(f"{host} leads to an address that is not public")
    for address in addresses[:_TRIED_ADDRESSES]:
        try:
            return create_connection(
                (address, connection.port), connection.timeout, socket_options=connection.socket_options
            )
        except OSError:
            continue
    raise NewConnectionError(connection, f"none of the {len(addresses)} addresses of {host} answers")


class _Loopback(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self, "http")


class _Public(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self, "https")


class _LoopbackPool(HTTPConnectionPool):
    ConnectionCls = _Loopback


class _PublicPool(HTTPSConnectionPool):
    ConnectionCls = _Public
