"""One multipart upload to S3, checked by SHA-256 part by part."""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from everyday.adapters.aws import code_of
from everyday.photos.ports import Stored

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef


class Upload:
    """One multipart upload, a part at a time."""

    def __init__(self, client: S3Client, bucket: str, key: str, content_type: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._parts: list[CompletedPartTypeDef] = []
        self._digests = b""
        self._digest = sha256()
        self._size = 0
        self._id = client.create_multipart_upload(
            Bucket=bucket, Key=key, ContentType=content_type, ChecksumAlgorithm="SHA256"
        )["UploadId"]

    @property
    def stored(self) -> Stored:
        return Stored(self._digest.hexdigest(), self._size)

    @property
    def checksum(self) -> str:
        """S3's composite checksum of these parts: the hash of their hashes, and how many there are."""
        return f"{base64(sha256(self._digests).digest())}-{len(self._parts)}"

    def add(self, data: bytes) -> None:
        number = len(self._parts) + 1
        digest = sha256(data).digest()
        done = self._client.upload_part(
            Bucket=self._bucket,
            Key=self._key,
            UploadId=self._id,
            PartNumber=number,
            Body=data,
            ChecksumSHA256=base64(digest),
        )
        self._parts.append({"PartNumber": number, "ETag": done["ETag"], "ChecksumSHA256": base64(digest)})
        self._digests += digest
        self._digest.update(data)
        self._size += len(data)

    def complete(self) -> None:
        self._client.complete_multipart_upload(
            Bucket=self._bucket,
            Key=self._key,
            UploadId=self._id,
            MultipartUpload={"Parts": self._parts},
            IfNoneMatch="*",
        )

    def abort(self) -> None:
        """Drop the parts if S3 lets us: what stopped the upload matters more, and the next try cleans up."""
        with suppress(ClientError, BotoCoreError):
            abort(self._client, self._bucket, self._key, self._id)


def abort(client: S3Client, bucket: str, key: str, upload_id: str) -> None:
    """Drop an upload and its parts; one that is no longer there is no error."""
    try:
        client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
    except ClientError as error:
        if code_of(error) != "NoSuchUpload":
            raise


def base64(digest: bytes) -> str:
    return b64encode(digest).decode("ascii")
