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
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from awscrt.auth import AwsCredentials, AwsCredentialsProvider
from awscrt.http import HttpHeaders, HttpRequest
from awscrt.io import ClientBootstrap, DefaultHostResolver, EventLoopGroup
from awscrt.s3 import (
    S3Client,
    S3Request,
    S3RequestTlsMode,
    S3RequestType,
    S3RetryConfig,
    create_default_s3_signing_config,
)

from everyday.adapters.aws import CONNECT_TIMEOUT_SECONDS
from everyday.adapters.site_upload_run import Run
from everyday.errors import BucketUnavailable, SiteRefused
from everyday.site.names import source_of
from everyday.site.ports import Upload

if TYPE_CHECKING:
    import boto3

CONNECTIONS = 128
SILENCE_SECONDS = 30.0
MOST_KEY_BYTES = 1024
MOST_BYTES = 5 * 2**30
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
    is given up, besides those that its bytes may take on a slow line."""

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
        run = Run(self, done)
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
