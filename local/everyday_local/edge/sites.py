"""One visitor's request through a distribution: function, cache, origin, headers policy, function.

Left out: HTTPS (loopback has none, so nothing is redirected to it), geography, logs, signed addresses.
"""

import gzip
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

from everyday_local.edge import events
from everyday_local.edge.cache import Cache, Kept, seconds
from everyday_local.edge.functions import FunctionFailed, Functions
from everyday_local.edge.model import REQUEST, RESPONSE, Answer, Asked, Cloud, Distribution
from everyday_local.edge.stores import Stores

_TEXT = {"content-type": "text/plain; charset=utf-8"}
# «Serving compressed files»: these types, of 1,000 to 10,000,000 bytes, that the origin did not compress.
_COMPRESSED = re.compile(
    r"text/|application/(javascript|json|xml|wasm|manifest)|[a-z]+/[\w.-]+\+(json|xml)|font/[ot]tf"
)
_COMPRESSED_BYTES = range(1_000, 10_000_001)
_RANGE = re.compile(r"bytes=(\d*)-(\d*)\Z")


class Sites:
    """The sites of an account. `clock` counts seconds."""

    def __init__(
        self, cloud: Cloud, functions: Functions, stores: Stores, clock: Callable[[], float]
    ) -> None:
        self._cloud = cloud
        self._functions = functions
        self._stores = stores
        self._clock = clock
        self._cache = Cache()
        self._seen: dict[str, set[str]] = {}
        self._turn = threading.Lock()

    def find(self, host: str) -> Distribution | None:
        """The distribution of a host's name."""
        name = host.partition(":")[0].lower()
        for each in self._cloud.distributions():
            if name == each.domain or name in each.names:
                return each
        return None

    def answer(self, distribution: Distribution, asked: Asked) -> Answer:
        """What the visitor gets."""
        if asked.method not in distribution.methods:
            return Answer(403, _TEXT, b"This distribution does not allow this method.\n")
        try:
            answer = self._answered(distribution, asked)
        except events.Invalid as error:
            answer = Answer(502, _TEXT, f"{error}\n".encode())
        except FunctionFailed as error:
            answer = Answer(503, _TEXT, f"The function failed: {error}\n".encode())
        return _without_body(answer) if asked.method == "HEAD" else answer

    def _answered(self, distribution: Distribution, asked: Asked) -> Answer:
        request = events.request_of(asked)
        uri = asked.path
        if REQUEST in distribution.functions:
            returned = self._run(distribution, REQUEST, request)
            if "statusCode" in returned:
                return events.answered(returned)
            uri = events.rewritten(returned, request)
        if uri == "/" and distribution.root:
            uri = f"/{distribution.root}"
        answer = _conditional(_with_policy(distribution, self._cached(distribution, asked, uri)), asked)
        # «CloudFront doesn't invoke edge functions for viewer response events when the origin returns HTTP
        # status code 400 or higher.» It sees the request as the visitor sent it.
        if RESPONSE not in distribution.functions or answer.status >= 400:
            return answer
        unseen = {name: value for name, value in answer.headers.items() if events.hidden(name)}
        returned = self._run(distribution, RESPONSE, request, answer)
        made = events.answered(returned, answer.body)
        return made._replace(headers={**made.headers, **unseen})

    def _run(
        self, distribution: Distribution, kind: str, request: Mapping[str, Any], answer: Answer | None = None
    ) -> dict[str, Any]:
        function = distribution.functions[kind]

        def read(key: str) -> str | None:
            return self._stores.get(function.store, key) if function.store else None

        return self._functions.run(function.code, events.event(distribution, kind, request, answer), read)

    def _cached(self, distribution: Distribution, asked: Asked, uri: str) -> Answer:
        squeezed = distribution.gzip and _accepts_gzip(asked)
        query = f"?{asked.query}" if distribution.query_in_key else ""
        key = (distribution.id, f"{uri}{query} {'gzip' * squeezed}")
        with self._turn:
            self._invalidate(distribution.id)
            now = self._clock()
            kept = self._cache.get(key, now)
        if kept:
            age = {"age": str(int(now - kept.since)), "x-cache": "Hit from cloudfront"}
            return kept.answer._replace(headers={**kept.answer.headers, **age})
        answer = self._cloud.fetch(distribution, uri)
        if squeezed:
            answer = compressed(answer)
        with self._turn:
            until = now + seconds(distribution, answer)
            self._cache.put(key, Kept(answer, (asked.path, uri), now, until))
        how = "Error" if answer.status >= 400 else "Miss"
        return answer._replace(headers={**answer.headers, "x-cache": f"{how} from cloudfront"})

    def _invalidate(self, distribution_id: str) -> None:
        """Forget what was invalidated since the last look; before the first one nothing was kept."""
        known = self._cloud.invalidations(distribution_id)
        seen = self._seen.setdefault(distribution_id, set(known))
        for each in known.keys() - seen:
            self._cache.invalidate(distribution_id, known[each]())
            seen.add(each)


def compressed(answer: Answer) -> Answer:
    """The answer as CloudFront compresses it, or as it is."""
    headers = answer.headers
    if (
        answer.status != 200
        or "content-encoding" in headers
        or len(answer.body) not in _COMPRESSED_BYTES
        or not _COMPRESSED.match(headers.get("content-type", ""))
    ):
        return answer
    changed = {"content-encoding": "gzip", "vary": "Accept-Encoding"}
    etag = headers.get("etag")
    if etag:
        changed["etag"] = f"W/{etag.removeprefix('W/')}"
    return answer._replace(headers={**headers, **changed}, body=gzip.compress(answer.body, 6, mtime=0))


def _without_body(answer: Answer) -> Answer:
    return answer._replace(headers={**answer.headers, "content-length": str(len(answer.body))}, body=b"")


def _accepts_gzip(asked: Asked) -> bool:
    return (
        re.search(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", asked.headers.get("accept-encoding", ""))
        is not None
    )


def _with_policy(distribution: Distribution, answer: Answer) -> Answer:
    headers = dict(answer.headers)
    for name, value, overrides in distribution.headers:
        if overrides or name not in headers:
            headers[name] = value
    return answer._replace(headers=headers)


def _conditional(answer: Answer, asked: Asked) -> Answer:
    """304 for what the visitor has, 206 for a part; of several parts, all."""
    if answer.status != 200:
        return answer
    wanted = asked.headers.get("if-none-match", "")
    etag = answer.headers.get("etag", "").removeprefix("W/")
    if etag and etag in [each.strip().removeprefix("W/") for each in wanted.split(",")]:
        return answer._replace(status=304, body=b"")
    hit = _RANGE.match(asked.headers.get("range", ""))
    if not hit or "content-encoding" in answer.headers or not (hit[1] or hit[2]):
        return answer
    return _part(answer, hit[1], hit[2])


def _part(answer: Answer, first: str, last: str) -> Answer:
    size = len(answer.body)
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        return Answer(416, {"content-range": f"bytes */{size}"})
    headers = {**answer.headers, "content-range": f"bytes {start}-{end}/{size}"}
    return answer._replace(status=206, headers=headers, body=answer.body[start : end + 1])
