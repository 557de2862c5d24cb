"""Calls to Ghost's Admin API: a fresh token each, timeouts, one layer of retries, our errors for its own."""

import random
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from everyday.errors import (
    BlogCollision,
    BlogKeyRefused,
    BlogPostGone,
    BlogRejected,
    BlogUnavailable,
    EverydayError,
    SettingsError,
)
from everyday.ports import Clock

ATTEMPTS = 4
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 20.0
_REPEATABLE = frozenset({"GET", "HEAD", "DELETE"})
_READ_TIMEOUT = (10.0, 30.0)
# Ghost 6.65 took 13 s for a post of 2 MB, and a large picture is resized before the answer.
_WRITE_TIMEOUT = (10.0, 180.0)
# Ghost 6.65 refuses a token that was made more than 5 minutes ago by its own clock.
_TOKEN_AGE = timedelta(minutes=5)
_KEY_CODES = frozenset(
    {"INVALID_JWT", "UNKNOWN_ADMIN_API_KEY", "INVALID_AUTH_HEADER", "MISSING_ADMIN_API_KID"}
)
_BY_STATUS: Mapping[int, type[EverydayError]] = {
    400: BlogRejected,
    401: BlogKeyRefused,
    403: BlogKeyRefused,
    404: BlogPostGone,
    409: BlogCollision,
    413: BlogRejected,
    415: BlogRejected,
    422: BlogRejected,
}


class _Passing(BlogUnavailable):
    """A fault that may pass by itself, `after` seconds if the blog said so."""

    def __init__(self, message: str, *, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after


class GhostApi:
    """One blog's Admin API. `url` is the blog's address, `key` gives its Admin API key (`id:secret`).

    GET, HEAD and DELETE are tried up to 4 times with jittered pauses, at most 20 s each, and `Retry-After`
    is honoured; POST and PUT are sent once. The key is asked for once and again after the blog refused it.
    """

    def __init__(
        self,
        url: str,
        key: Callable[[], str],
        *,
        clock: Clock,
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.url = url.rstrip("/").removesuffix("/ghost")
        self._ask_key = key
        self._key: str | None = None
        self._clock = clock
        self._behind = timedelta()
        self._session = session or requests.Session()
        self._sleep = sleep
        self._jitter = jitter

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        document: object = None,
        body: Iterable[bytes] | None = None,
        content_type: str = "application/json",
    ) -> Any:
        """The answer's JSON, None for 204.

        Raises BlogRejected (400, 413, 415, 422), BlogKeyRefused (401, 403), BlogPostGone (404),
        BlogCollision (409), and BlogUnavailable for everything else that is not Ghost's own answer.
        """
        request = {"params": params, "data": body, "json": document}
        headers = {"Content-Type": content_type} if body is not None else {}

        def once() -> Any:
            url = f"{self.url}/ghost/api/admin{path}"
            answer = self._authorized(method, url, headers, request)
            return _json(answer)

        return self._patiently(method, once)

    def probe(self, path: str) -> str | None:
        """Where the blog serves a public picture or video: its final address, None when there is none."""

        def once() -> str | None:
            answer = self._send("HEAD", self.url + path, {}, {"allow_redirects": True})
            if answer.status_code == 429 or answer.status_code >= 500:
                raise _passing(answer)
            kind = answer.headers.get("Content-Type", "").partition("/")[0]
            return answer.url if answer.ok and kind in {"image", "video"} else None

        found: str | None = self._patiently("HEAD", once)
        return found

    def _patiently(self, method: str, once: Callable[[], Any]) -> Any:
        for attempt in range(ATTEMPTS - 1):
            try:
                return once()
            except _Passing as error:
                if method not in _REPEATABLE or error.after > _LONGEST_PAUSE:
                    raise
                pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)
                self._sleep(error.after + pause * self._jitter())
        return once()

    def _authorized(
        self, method: str, url: str, headers: Mapping[str, str], request: Mapping[str, Any]
    ) -> requests.Response:
        """Send with a token, and once more if our clock made it too old for the blog."""
        answer = self._send(method, url, {**headers, **self._authorization()}, request)
        if answer.status_code == 401 and self._learn_time(answer):
            answer = self._send(method, url, {**headers, **self._authorization()}, request)
        if answer.status_code == 401:
            self._key = None
        return answer

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], request: Mapping[str, Any]
    ) -> requests.Response:
        timeout = _READ_TIMEOUT if method in _REPEATABLE else _WRITE_TIMEOUT
        # A redirected POST becomes a GET, which would look like success.
        options = {"allow_redirects": False, "timeout": timeout, **request}
        try:
            return self._session.request(method, url, headers=headers, **options)
        except requests.RequestException as error:
            raise _Passing(f"no answer from {self.url} ({type(error).__name__})") from error

    def _learn_time(self, answer: requests.Response) -> bool:
        """Whether the blog's clock differs from ours by more than a minute from what we thought."""
        try:
            theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
        except ValueError:
            return False
        behind = theirs.astimezone(UTC) - self._clock()
        changed = abs(behind - self._behind) > timedelta(minutes=1)
        self._behind = behind
        return changed

    def _authorization(self) -> Mapping[str, str]:
        self._key = self._key or self._ask_key()
        return {"Authorization": f"Ghost {_token(self._key, self._clock() + self._behind)}"}


def _token(key: str, now: datetime) -> str:
    import jwt  # here, because it doubles the time this module takes to import

    name, colon, secret = key.strip().partition(":")
    try:
        signing_key = bytes.fromhex(secret)
    except ValueError:
        signing_key = b""
    if not (name and colon and signing_key):
        raise SettingsError(
            "the Admin API key of the blog is malformed: copy it from Ghost, Settings, Integrations, "
            "a custom integration, «Admin API key» (letters and digits with one colon)"
        )
    claims = {"iat": int(now.timestamp()), "exp": int((now + _TOKEN_AGE).timestamp()), "aud": "/admin/"}
    return jwt.encode(claims, signing_key, algorithm="HS256", headers={"kid": name})


def _json(answer: requests.Response) -> Any:
    if answer.status_code == 204:
        return None
    if 300 <= answer.status_code < 400:
        target = answer.headers.get("Location", "elsewhere")
        raise BlogUnavailable(f"{answer.url} redirects to {target}: set ghost_url to the blog's own address")
    if answer.status_code == 429 or answer.status_code >= 500:
        raise _passing(answer)
    try:
        document = answer.json()
    except ValueError:
        document = None
    if answer.ok and isinstance(document, dict):
        return document
    raise _problem(answer.status_code, document)


def _problem(status: int, document: Any) -> EverydayError:
    """Ghost 6.65 tells errors apart by status, `type` and `code`; its texts change between versions."""
    if status == 413:
        return BlogRejected("the blog's server refused the size of the request (413)")
    try:
        problem = document["errors"][0]
        told = ": ".join(filter(None, (problem.get("message"), problem.get("context"), _details(problem))))
    except (KeyError, IndexError, TypeError, AttributeError):
        return _Passing(f"the blog answered {status} with something that is not Ghost's")
    if problem.get("code") in _KEY_CODES:
        return BlogKeyRefused(f"the blog refused the Admin API key ({told})")
    # A hosted Ghost says 403 for a file or a plan that is over its limits; the key is fine.
    kind = (
        BlogRejected if problem.get("type") == "HostLimitError" else _BY_STATUS.get(status, BlogUnavailable)
    )
    return kind(f"the blog answered {status} {problem.get('type')}: {told}")


def _details(problem: Mapping[str, Any]) -> str:
    """Only a failed validation has a list here: which field, and what is wrong with it."""
    details = problem.get("details")
    fields = details if isinstance(details, list) else []
    return ", ".join(f"{each.get('instancePath', '')} {each.get('message', '')}" for each in fields)


def _passing(answer: requests.Response) -> _Passing:
    after = _seconds(answer.headers.get("Retry-After", ""), answer.headers.get("Date", ""))
    return _Passing(f"the blog answered {answer.status_code}", after=after)


def _seconds(retry_after: str, date: str) -> float:
    """`Retry-After` is seconds or a date (RFC 9110); a date is measured from the answer's own."""
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        wait = parsedate_to_datetime(retry_after) - parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return 0.0
    return max(0.0, wait.total_seconds())
