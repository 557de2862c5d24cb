"""One call of the uploader: what is under way, what has ended, what is silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from re import search
from threading import Condition
from time import monotonic
from typing import TYPE_CHECKING, Any

from awscrt.exceptions import AwsCrtError
from awscrt.s3 import S3Request, S3ResponseError

from everyday.errors import BucketUnavailable
from everyday.site.ports import Upload

if TYPE_CHECKING:
    from everyday.adapters.site_upload import Uploader

_WINDOW_BYTES = 32 * 2**20
_SLOWEST = 64 * 2**10
"""Bytes a second. The runtime tells of a body when all of it is sent; so long there may be nothing to see
on a slow line: for its own bytes and for those that share the line."""
_SENDINGS = 3


@dataclass(eq=False, slots=True)
class _Sent:
    """An upload under way. `moved`: when its bytes last did. `beside`: the bytes that were
    under way then. `sendings`: how often it was begun."""

    upload: Upload
    moved: float
    beside: int
    sendings: int = 0
    request: S3Request | None = None
    ended: bool = False

    def move(self) -> None:
        self.moved = monotonic()


class Run:
    """One call of `send`. The runtime's thread tells what ended; the caller's sends, waits and gives up."""

    def __init__(self, uploader: Uploader, done: Callable[[Upload], None]) -> None:
        self._uploader = uploader
        self._done = done
        self._changed = Condition()
        self._under_way: set[_Sent] = set()
        self._bytes = 0
        self._silent: list[_Sent] = []
        self._failure: BaseException | None = None

    def begin(self, upload: Upload) -> bool:
        """Send it when there is room; False when another has failed, and nothing more is to be sent."""
        self._wait(lambda: self._failure is not None or self._has_room(upload))
        if self._failure:
            return False
        with self._changed:
            self._bytes += upload.size
            sent = _Sent(upload, monotonic(), self._bytes)
            self._under_way.add(sent)
        self._send(sent)
        return True

    def end(self) -> None:
        """Wait for all that are under way. Raises the first failure."""
        self._wait(lambda: not self._under_way)
        if self._failure:
            raise self._failure

    def fail(self, error: BaseException) -> None:
        with self._changed:
            self._failure = self._failure or error
            self._changed.notify_all()

    def _has_room(self, upload: Upload) -> bool:
        if len(self._under_way) >= self._uploader.connections:
            return False
        return not self._under_way or self._bytes + upload.size <= _WINDOW_BYTES

    def _wait(self, enough: Callable[[], bool]) -> None:
        while True:
            with self._changed:
                if enough():
                    return
                self._changed.wait(self._uploader.silence / 4)
                now = monotonic()
                stuck = [it.request for it in self._under_way if it.request and self._is_silent(it, now)]
                again, self._silent = self._silent, []
            for request in stuck:
                request.cancel()  # which ends it, as any other error does
            for sent in again:
                self._send(sent)

    def _is_silent(self, sent: _Sent, now: float) -> bool:
        line = max(sent.beside, self._bytes) / _SLOWEST
        return now - sent.moved > self._uploader.silence + line

    def _send(self, sent: _Sent) -> None:
        sent.move()
        sent.ended = False
        sent.sendings += 1
        try:
            request = self._uploader.request(sent.upload, sent.move, partial(self._ended, sent))
            with self._changed:
                if not sent.ended:
                    sent.request = request
        except (AwsCrtError, RuntimeError, OSError) as error:  # such as a file that is gone
            self._close(sent, BucketUnavailable(f"storing {sent.upload.key}: {error}"))
        except BaseException as error:
            self._close(sent, error)
            raise

    def _ended(self, sent: _Sent, *, error: Exception | None = None, **_: Any) -> None:
        """In the runtime's thread, which swallows what is raised here."""
        if _is_silence(error) and sent.sendings < _SENDINGS and not self._failure:
            with self._changed:
                sent.request, sent.ended = None, True
                self._silent.append(sent)
                self._changed.notify_all()
            return
        failure: BaseException | None = _failure(sent.upload, error) if error else None
        try:
            if not error:
                self._done(sent.upload)
        except BaseException as raised:  # noqa: BLE001 - the caller's own, and is raised to it by `end`
            failure = raised
        self._close(sent, failure)

    def _close(self, sent: _Sent, failure: BaseException | None) -> None:
        with self._changed:
            sent.ended = True
            # The runtime's request holds us, and would for ever be held by us.
            sent.request = None
            self._under_way.discard(sent)
            self._bytes -= sent.upload.size
            self._failure = self._failure or failure
            self._changed.notify_all()


def _is_silence(error: Exception | None) -> bool:
    return isinstance(error, AwsCrtError) and error.name == "AWS_ERROR_S3_CANCELED"


def _failure(upload: Upload, error: Exception) -> BucketUnavailable:
    return BucketUnavailable(f"storing {upload.key}: {_reason(error)}")


def _reason(error: Exception) -> str:
    """AWS's code, else the runtime's; never what was sent."""
    if _is_silence(error):
        return "no answer"
    if isinstance(error, S3ResponseError):
        found = search(rb"<Code>(\w{1,64})</Code>", error.body or b"")
        code = found[1].decode() if found else f"status {error.status_code}"
        return f"{code}; {_HINTS[code]}" if code in _HINTS else code
    name = getattr(error, "name", type(error).__name__)
    return f"{name}; {_HINTS[name]}" if name in _HINTS else str(name)


_CHANGED = "the file changed since it was read: publish again"
_HINTS = {
    "BadDigest": _CHANGED,
    "AWS_ERROR_S3_INCORRECT_CONTENT_LENGTH": _CHANGED,
    "AccessDenied": "the role may not write to the bucket",
    "NoSuchBucket": "the site's stack is not deployed",
}
