"""The bucket that zips are pushed to."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from everyday.adapters.aws import translated
from everyday.errors import BucketUnavailable

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_MISSING = 404


class S3Uploads:
    """One key of a versioned bucket. S3 takes up to 5 GB in one request, more than a zip may have."""

    def __init__(self, client: S3Client, bucket: str, key: str) -> None:
        self._client, self._bucket, self._key = client, bucket, key

    def push(self, archive: Path, digest: bytes) -> str:
        """Store the zip, checked by its SHA-256, and return its version. Raises BucketUnavailable."""
        with translated(BucketUnavailable, f"pushing {self._key}"), archive.open("rb") as body:
            answer = self._client.put_object(
                Bucket=self._bucket,
                Key=self._key,
                Body=body,
                ContentType="application/zip",
                ChecksumSHA256=b64encode(digest).decode(),
            )
        return answer["VersionId"]

    def holds(self, digest: bytes) -> str | None:
        """The version that is newest, if it has this SHA-256. Raises BucketUnavailable."""
        with translated(BucketUnavailable, f"looking at {self._key}"):
            try:
                found = self._client.head_object(Bucket=self._bucket, Key=self._key, ChecksumMode="ENABLED")
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != _MISSING:
                    raise
                return None
        same = found.get("ChecksumSHA256") == b64encode(digest).decode()
        return found["VersionId"] if same else None
