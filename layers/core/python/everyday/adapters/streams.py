"""Reading answers of other people's servers: bounded in size and time, and never telling their addresses."""

import logging
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import certifi
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from everyday.errors import SourceUnavailable

CHUNK = 64 * 1024
"""Bytes. Larger chunks measured no faster, and this much per download may be read over a size limit."""


@cache
def tls() -> ssl.SSLContext:
    """What every connection shares: reading the authorities' certificates takes longer than a connection."""
    return ssl.create_default_context(cafile=certifi.where())


def quiet() -> None:
    """Keep urllib3 from logging addresses: they hold signatures and access tokens."""
    for name in ("urllib3.connection", "urllib3.connectionpool"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


@contextmanager
def unavailable(who: str) -> Iterator[None]:
    """Turn urllib3's errors, whose texts hold addresses, into SourceUnavailable."""
    try:
        yield
    except HTTPError as error:
        raise SourceUnavailable(f"{who} did not answer as promised ({type(error).__name__})") from None


def bounded(
    response: BaseHTTPResponse,
    *,
    who: str,
    cap: int,
    too_long: Exception,
    seconds: float,
    monotonic: Callable[[], float] = time.monotonic,
) -> Iterator[bytes]:
    """The body's bytes as they come. Raises `too_long` after at most `cap` + 1 bytes, and SourceUnavailable
    for a body that is cut short, breaks, or takes more than `seconds`."""
    deadline = monotonic() + seconds
    room = cap + 1
    while room:
        with unavailable(who):
            # `read1` returns after one receive, so a body that drips cannot hold the deadline up.
            chunk = response.read1(min(CHUNK, room))
        if not chunk:
            return
        if monotonic() > deadline:
            raise SourceUnavailable(f"{who} took more than {seconds:.0f} seconds")
        room -= len(chunk)
        if room:
            yield chunk
    raise too_long
