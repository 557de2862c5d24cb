"""Documents in S3 that several writers agree on: a conditional write, whose lost reply is no conflict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from botocore.exceptions import ClientError

from everyday.adapters.aws import code_of
from everyday.errors import Conflict

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import GetObjectOutputTypeDef, HeadObjectOutputTypeDef

MISSING = {"NoSuchKey", "404"}
TAKEN = {"PreconditionFailed", "412"}
RACING = {"ConditionalRequestConflict", "409"}
_WRITE_ID = "write-id"


class Documents:
    """The objects of one bucket; a document's tag is its ETag. Raises what botocore raises."""

    def __init__(self, client: S3Client, bucket: str, new_id: Callable[[], str] | None = None) -> None:
        self._client = client
        self._bucket = bucket
        self._new_id = new_id or (lambda: uuid4().hex)

    def get(self, key: str) -> GetObjectOutputTypeDef | None:
        with none_if_missing():
            return self._client.get_object(Bucket=self._bucket, Key=key)
        return None

    def head(self, key: str) -> HeadObjectOutputTypeDef | None:
        with none_if_missing():
            return self._client.head_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
        return None

    def read(self, key: str) -> tuple[bytes, str] | None:
        """A document and its tag."""
        found = self.get(key)
        return (found["Body"].read(), found["ETag"]) if found else None

    def write(self, key: str, document: bytes, *, tag: str | None, conflict: type[Conflict]) -> str:
        """Store it if it has this tag (None: is not there), and return the new one. Raises `conflict`."""
        write_id = self._new_id()
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if tag is None else {"IfMatch": tag}
        try:
            stored = self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=document,
                ContentType="application/json",
                Metadata={_WRITE_ID: write_id},
                **condition,
            )
        except ClientError as error:
            if code_of(error) not in TAKEN | RACING | MISSING:
                raise
            # The reply to our own write may have been lost; the retry then finds the tag changed by us.
            head = self.head(key)
            if not head or head["Metadata"].get(_WRITE_ID) != write_id:
                raise conflict(f"{key} changed since it was read") from error
            return head["ETag"]
        return stored["ETag"]


@contextmanager
def none_if_missing() -> Iterator[None]:
    """Swallows the error that there is no such object, so that what follows the block is reached."""
    try:
        yield
    except ClientError as error:
        if code_of(error) not in MISSING:
            raise
