"""A site's bucket in S3.

Requests a call makes: `read`, `write`: 1, and one more when the reply to a write was lost. `upload`,
`change_headers`: one an object. `listing`: 1 a thousand. `delete_older`: one an object to see its versions,
and one for each thousand of them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from everyday.adapters.aws import translated
from everyday.adapters.s3_documents import Documents
from everyday.errors import BucketUnavailable, SiteConflict
from everyday.site.model import Headers
from everyday.site.ports import ListedObject, Upload

if TYPE_CHECKING:
    import boto3
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import (
        DeleteMarkerEntryTypeDef,
        ObjectIdentifierTypeDef,
        ObjectVersionTypeDef,
    )

    from everyday.adapters.site_upload import Uploader

THREADS = 32
LARGE_BYTES = 32 * 2**20
"""Larger files are streamed one by one, because the uploader holds what it sends in memory."""
_PAGE = 1000
# S3 tells times in whole seconds, rounded down.
_SECOND = timedelta(seconds=1)

_Made = TypeVar("_Made")


class S3Bucket:
    """The Bucket port. `client` has connections for THREADS; the uploader has its own."""

    def __init__(
        self,
        client: S3Client,
        bucket: str,
        session: boto3.Session,
        *,
        new_id: Callable[[], str] | None = None,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._session = session
        self._documents = Documents(client, bucket, new_id)

    def read(self, key: str) -> tuple[bytes, str] | None:
        with translated(BucketUnavailable, f"reading {key}"):
            return self._documents.read(key)

    def write(self, key: str, document: bytes, *, tag: str | None) -> str:
        with translated(BucketUnavailable, f"writing {key}"):
            return self._documents.write(key, document, tag=tag, conflict=SiteConflict)

    def upload(self, uploads: Iterable[Upload], done: Callable[[Upload], None]) -> None:
        self.uploader.send(self._small(uploads, done), done)

    @cached_property
    def uploader(self) -> Uploader:
        """Made when it is first needed: most commands send nothing, and it takes a while to start."""
        from everyday.adapters.site_upload import Place, Uploader

        meta = self._client.meta
        place = Place(url=meta.endpoint_url, region=meta.region_name, bucket=self._bucket)
        return Uploader(self._session, place)

    def change_headers(self, keys: Mapping[str, Headers], done: Callable[[str], None]) -> None:
        def change(key: str) -> None:
            self._change(key, keys[key])
            done(key)

        _side_by_side(change, list(keys))

    def delete_older(self, keys: Mapping[str, datetime]) -> int:
        found = _side_by_side(lambda key: self._older(key, keys[key]), list(keys))
        old = [version for versions in found for version in versions]
        for start in range(0, len(old), _PAGE):
            self._delete(old[start : start + _PAGE])
        return sum(bool(versions) for versions in found)

    def listing(self, prefix: str) -> Iterator[ListedObject]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        with translated(BucketUnavailable, f"listing {prefix}"):
            for page in pages:
                for found in page.get("Contents", []):
                    yield ListedObject(found["Key"], found["Size"], found["ETag"])

    def _small(self, uploads: Iterable[Upload], done: Callable[[Upload], None]) -> Iterator[Upload]:
        """Those that the uploader is to send. The large ones are sent on the way."""
        from everyday.adapters.site_upload import checked

        for upload in uploads:
            if upload.size <= LARGE_BYTES or not isinstance(upload.body, Path):
                yield upload
            else:
                self._send_large(checked(upload), upload.body)
                done(upload)

    def _send_large(self, upload: Upload, path: Path) -> None:
        with translated(BucketUnavailable, f"storing {upload.key}"), path.open("rb") as file:
            self._client.put_object(
                Bucket=self._bucket,
                Key=upload.key,
                Body=file,
                ContentType=upload.headers.content_type,
                CacheControl=upload.headers.cache_control,
                ChecksumSHA256=b64encode(upload.digest).decode("ascii"),
            )

    def _change(self, key: str, headers: Headers) -> None:
        with translated(BucketUnavailable, f"changing the headers of {key}"):
            self._client.copy_object(
                Bucket=self._bucket,
                Key=key,
                CopySource={"Bucket": self._bucket, "Key": key},
                MetadataDirective="REPLACE",
                ContentType=headers.content_type,
                CacheControl=headers.cache_control,
                ChecksumAlgorithm="SHA256",
            )

    def _older(self, key: str, before: datetime) -> list[ObjectIdentifierTypeDef]:
        """The versions of exactly this key that were stored before."""
        with translated(BucketUnavailable, f"reading the versions of {key}"):
            versions = list(self._versions(key))
        return [
            {"Key": key, "VersionId": version["VersionId"]}
            for version in versions
            if version["LastModified"] + _SECOND <= before
        ]

    def _versions(self, key: str) -> Iterator[ObjectVersionTypeDef | DeleteMarkerEntryTypeDef]:
        """Versions and delete markers. A listing goes by how keys begin; the key itself is the first."""
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=key)
        for page in pages:
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            mine = [version for version in found if version["Key"] == key]
            yield from mine
            if len(mine) < len(found):
                return

    def _delete(self, versions: Sequence[ObjectIdentifierTypeDef]) -> None:
        with translated(BucketUnavailable, "deleting objects of retired releases"):
            answer = self._client.delete_objects(
                Bucket=self._bucket, Delete={"Objects": versions, "Quiet": True}
            )
        if failed := answer.get("Errors"):
            first = failed[0]
            raise BucketUnavailable(f"deleting {first.get('Key')}: {first.get('Code')}")


def _side_by_side(work: Callable[[str], _Made], keys: Sequence[str]) -> list[_Made]:
    """In many threads. When one fails, what has not begun is left, and the error raised."""
    with ThreadPoolExecutor(max(1, min(THREADS, len(keys)))) as pool:
        try:
            return list(pool.map(work, keys))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
