"""Requests to Instagram's API. The token travels in the address, so no address leaves this module."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote_plus, urlencode

from urllib3 import PoolManager, Timeout

from everyday.adapters.streams import bounded, quiet, tls, unavailable
from everyday.errors import SourceUnavailable
from everyday.photos.graph import Answer
from everyday.photos.said import parse
from everyday.ports import Clock

T = TypeVar("T")

_WHO = "Instagram"
_TIMEOUT = Timeout(connect=5, read=30)
_SECONDS = 60
_CONNECTIONS = 16
_MOST_BYTES = 16 * 1024 * 1024
_PAUSES = (0.5, 2.0, 8.0)


def utc_now() -> datetime:
    """The clock outside tests."""
    return datetime.now(UTC)


class GraphHttp:
    """One host of the API, with the one layer of retries: four tries, full jitter, passing faults only."""

    def __init__(
        self,
        base_url: str,
        *,
        clock: Clock = utc_now,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        quiet()
        self._base_url = base_url.rstrip("/")
        self._pools = PoolManager(maxsize=_CONNECTIONS, ssl_context=tls())
        self._sleep = sleep
        self._jitter = jitter
        self.clock = clock

    def retrying(self, call: Callable[[], T]) -> T:
        """`call`, again while it raises SourceUnavailable. Only for what may be done twice."""
        for pause in _PAUSES:
            try:
                return call()
            except SourceUnavailable:
                self._sleep(pause * self._jitter())
        return call()

    def get(self, path: str, params: Mapping[str, str], *, hidden: Sequence[str]) -> Answer:
        """One request, whatever the answer. `hidden` are the secrets among the parameters: Meta's errors may
        repeat them, so they are cut out before anything reads the error. Raises SourceUnavailable."""
        with unavailable(_WHO):
            response = self._pools.urlopen(
                "GET",
                f"{self._base_url}{path}?{urlencode(params)}",
                headers={"Accept": "application/json", "User-Agent": "everyday"},
                retries=False,
                redirect=False,
                timeout=_TIMEOUT,
                preload_content=False,
            )
        try:
            too_long = SourceUnavailable(f"{_WHO}'s answer is longer than {_MOST_BYTES} bytes")
            body = b"".join(bounded(response, who=_WHO, cap=_MOST_BYTES, too_long=too_long, seconds=_SECONDS))
        finally:
            response.close()
        return Answer(response.status, dict(response.headers), _parsed(body, hidden))


def _parsed(body: bytes, hidden: Sequence[str]) -> object:
    text = body.decode("utf-8", "replace")
    if '"error' in text:
        for secret in filter(None, hidden):
            text = text.replace(secret, "…").replace(quote_plus(secret), "…")
    try:
        return parse(text)
    except ValueError:
        return None
