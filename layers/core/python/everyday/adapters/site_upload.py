"""Stores many objects at once, by AWS's common runtime: 2,000 small ones cost 0.3 s of one core, where boto3
needs ten times that.

Every object is one PUT with its SHA-256, so what S3 keeps is what was hashed, or nothing. (A multipart upload
has no digest of the whole.) The runtime holds a body in memory while it is sent. It repeats what S3 put off
(503, 500, a reset) with capped, jittered waits; it waits for ever for one that nobody answers, so that is
given up and sent again here.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from re import search
from threading import Condition
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from awscrt.auth import AwsCredentials, AwsCredentialsProvider
from awscrt.exceptions import AwsCrtError
from awscrt.http import HttpHeaders, HttpRequest
from awscrt.io import ClientBootstrap, DefaultHostResolver, EventLoopGroup
from awscrt.s3 import (
    S3Client,
    S3Request,
    S3RequestTlsMode,
    S3RequestType,
    S3ResponseError,
    S3RetryConfig,
    create_default_s3_signing_config,
)

from everyday.adapters.aws import CONNECT_TIMEOUT_SECONDS
from everyday.errors import BucketUnavailable, SiteRefused
from everyday.site.names import source_of
from everyday.site.ports import Upload

if TYPE_CHECKING:
    import boto3

CONNECTIONS = 128
SILENCE_SECONDS = 30.0
MOST_KEY_BYTES = 1024
MOST_BYTES = 5 * 2**30
_WINDOW_BYTES = 64 * 2**20
_SENDINGS = 3
_GBPS = 25.0  # only how many connections the runtime is ready to open follows from it
# At worst a request waits 0.2 + 0.4 + … + 6.4 s. The capacity is what many that fail at once spend on their
# retries: with the runtime's own 500, a hundred throttled requests find that there are none left.
_RETRIES = S3RetryConfig(
    max_retries=6, backoff_scale_factor_ms=200, max_backoff_secs=10, initial_bucket_capacity=1_000_000
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a bucket is: the `url` of the region's S3 or of a stand-in."""

    url: str
    region: str
    bucket: str

    @property
    def host(self) -> str:
        host = urlsplit(self.url).netloc
        return f"{self.bucket}.{host}" if self._virtual else host

    def path(self, key: str) -> str:
        path = "/" + quote(key, safe="/-._~")
        return path if self._virtual else f"/{self.bucket}{path}"

    @property
    def _virtual(self) -> bool:
        # Only AWS has a name for each bucket; a stand-in has the bucket in the path.
        return ".amazonaws.com" in self.url


class Uploader:
    """Sends uploads to one bucket, at most `connections` at a time. `silence`: seconds after which a request
    is given up, when none of its bytes moved."""

    def __init__(
        self,
        session: boto3.Session,
        place: Place,
        *,
        connections: int = CONNECTIONS,
        silence: float = SILENCE_SECONDS,
        retries: S3RetryConfig = _RETRIES,
    ) -> None:
        self.place = place
        self.connections = connections
        self.silence = silence
        self._client = _client(session, place, connections, retries)

    def send(self, uploads: Iterable[Upload], done: Callable[[Upload], None]) -> None:
        """Store all. Raises SiteRefused, BucketUnavailable."""
        run = _Run(self, done)
        try:
            for upload in uploads:
                if not run.begin(checked(upload)):
                    break
        except BaseException as error:  # noqa: BLE001 - raised by `end`, when those under way have ended
            run.fail(error)
        run.end()

    def request(self, upload: Upload, progress: Callable[[], None], done: Callable[..., None]) -> S3Request:
        """Begin one PUT. `done` gets the runtime's `error`, from its thread."""
        request = HttpRequest("PUT", self.place.path(upload.key), HttpHeaders(self._headers(upload)))
        if isinstance(upload.body, Path):
            body: dict[str, Any] = {"send_filepath": str(upload.body)}
        else:
            request.body_stream = BytesIO(upload.body())
            body = {}
        return self._client.make_request(
            type=S3RequestType.PUT_OBJECT,
            request=request,
            on_progress=lambda *_, **__: progress(),
            on_done=done,
            **body,
        )

    def _headers(self, upload: Upload) -> list[tuple[str, str]]:
        return [
            ("host", self.place.host),
            ("content-length", str(upload.size)),
            ("content-type", upload.headers.content_type),
            ("cache-control", upload.headers.cache_control),
            ("x-amz-checksum-sha256", b64encode(upload.digest).decode("ascii")),
        ]


@dataclass(eq=False, slots=True)
class _Sent:
    """An upload under way. `moved`: when its bytes last did. `sendings`: how often it was begun."""

    upload: Upload
    moved: float
    sendings: int = 0
    request: S3Request | None = None
    ended: bool = False

    def move(self) -> None:
        self.moved = monotonic()


class _Run:
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
            sent = _Sent(upload, monotonic())
            self._under_way.add(sent)
            self._bytes += upload.size
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
                latest = monotonic() - self._uploader.silence
                stuck = [sent.request for sent in self._under_way if sent.moved < latest and sent.request]
                again, self._silent = self._silent, []
            for request in stuck:
                request.cancel()  # which ends it, as any other error does
            for sent in again:
                self._send(sent)

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


def _client(session: boto3.Session, place: Place, connections: int, retries: S3RetryConfig) -> S3Client:
    provider = AwsCredentialsProvider.new_delegate(partial(_credentials, session))
    secure = urlsplit(place.url).scheme == "https"
    return S3Client(
        bootstrap=ClientBootstrap(loops := EventLoopGroup(1), DefaultHostResolver(loops)),
        region=place.region,
        tls_mode=S3RequestTlsMode.ENABLED if secure else S3RequestTlsMode.DISABLED,
        signing_config=create_default_s3_signing_config(region=place.region, credential_provider=provider),
        throughput_target_gbps=_GBPS,
        multipart_upload_threshold=MOST_BYTES,
        max_active_connections_override=connections,
        retry_config=retries,
        connect_timeout_ms=CONNECT_TIMEOUT_SECONDS * 1000,
    )


def _credentials(session: boto3.Session) -> AwsCredentials:
    """The session's, fresh ones when the last ran out."""
    found = session.get_credentials()
    if found is None:
        raise BucketUnavailable("there are no AWS credentials; log in, or set AWS_PROFILE")
    now = found.get_frozen_credentials()
    return AwsCredentials(now.access_key, now.secret_key, now.token)


def checked(upload: Upload) -> Upload:
    """Raises SiteRefused for what S3 would not take."""
    name = source_of(upload.key)
    if len(upload.key.encode()) > MOST_KEY_BYTES:
        raise SiteRefused(
            f"{name}: the name is too long; S3 takes {MOST_KEY_BYTES} bytes, with what publishing adds to it"
        )
    if upload.size > MOST_BYTES:
        raise SiteRefused(f"{name}: the file is too large; S3 takes {MOST_BYTES} bytes at once")
    if not all(text.isascii() and text.isprintable() for text in _texts(upload)):
        raise SiteRefused(f"{name}: its headers may have ASCII characters only; see the site's cache_control")
    return upload


def _texts(upload: Upload) -> tuple[str, str]:
    return upload.headers.content_type, upload.headers.cache_control


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
