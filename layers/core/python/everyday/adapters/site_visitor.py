"""Looks at a site from outside, as a browser would. Takes no proxy's word: it goes to the edge itself."""

from __future__ import annotations

import time
from hashlib import sha256
from urllib.parse import urlsplit

from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import HTTPError

from everyday.site.ports import Answer

RELEASE = "x-everyday-release"
COOKIE = "everyday-release"
_CONNECT_SECONDS = 3
_READ_SECONDS = 10
_TOTAL_SECONDS = 60.0
_CHUNK_BYTES = 2**18


class WebVisitor:
    """The Visitor port. `url` is the site's address; `by_way_of` where it answers when its name does not lead
    there. Follows no redirect: where a page went is an answer too. Never repeats: whoever waits for a release
    asks again anyway."""

    def __init__(self, url: str, by_way_of: str | None = None) -> None:
        self._host = urlsplit(url).netloc
        self._at = (by_way_of or url).rstrip("/")
        self._pool = PoolManager(
            timeout=Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS), retries=False, maxsize=4
        )

    def visit(self, path: str, *, release: str | None = None) -> Answer | None:
        headers = {
            "Host": self._host,
            "Accept-Encoding": "gzip",
            "Accept": "*/*",
            "Cache-Control": "no-cache",
        }
        if release:
            headers["Cookie"] = f"{COOKIE}={release}"
        try:
            found = self._pool.request(
                "GET", self._at + path, headers=headers, redirect=False, preload_content=False
            )
            try:
                digest = _digest(found)
            finally:
                found.release_conn()
        except (HTTPError, OSError):
            return None
        return Answer(found.status, found.headers.get(RELEASE), digest) if digest else None


def _digest(found: BaseHTTPResponse) -> bytes | None:
    """Of the whole body, decompressed; None when it does not end in time."""
    digest = sha256()
    latest = time.monotonic() + _TOTAL_SECONDS
    for chunk in found.stream(_CHUNK_BYTES, decode_content=True):
        digest.update(chunk)
        if time.monotonic() > latest:
            found.close()
            return None
    return digest.digest()
