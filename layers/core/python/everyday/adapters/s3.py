"""The archive in an S3 bucket.

Requests a call makes: `put` 1 up to 8 MiB, else 4 + one a part (head, look for leftovers, create, parts,
complete); one more to adopt an object that was there. `read`, `write`, `open`: 1. `list`: 1 a thousand.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from everyday.adapters.aws import ATTEMPTS, code_of, translated
from everyday.adapters.s3_documents import RACING, TAKEN, Documents
from everyday.adapters.s3_upload import Upload, abort, base64
from everyday.errors import ArchiveConflict, ArchiveUnavailable, MediumMissing
from everyday.photos.archive import whole
from everyday.photos.ports import Body, Listed, Stored
from everyday.photos.reading import hash_of

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import HeadObjectOutputTypeDef

PART_BYTES = 8 * 2**20
_CHUNK_BYTES = 2**18
# A completion whose first reply was lost may find its upload used up.
_LOST = TAKEN | RACING | {"NoSuchUpload"}


class _Parts:
    """A body cut into parts of PART_BYTES; the last may be shorter. Never holds much more than one."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = bytearray()

    def more(self) -> bool:
        """Whether more than one part is left."""
        while len(self._buffer) <= PART_BYTES and (chunk := next(self._chunks, None)) is not None:
            self._buffer += chunk
        return len(self._buffer) > PART_BYTES

    def take(self) -> bytes:
        with memoryview(self._buffer) as view:
            part = bytes(view[:PART_BYTES])
        del self._buffer[:PART_BYTES]
        return part


class S3Archive:
    """An Archive in a versioned bucket; a document's tag is its ETag. Raises ArchiveUnavailable."""

    def __init__(self, client: S3Client, bucket: str, *, new_id: Callable[[], str] | None = None) -> None:
        self._client = client
        self._bucket = bucket
        self._documents = Documents(client, bucket, new_id)

    def put(self, key: str, body: Body) -> Stored:
        parts = _Parts(whole(body))
        with translated(ArchiveUnavailable, f"storing {key}"):
            if parts.more():
                there = self._adopt(key) or self._put_parts(key, parts, body.content_type)
                self._abort_leftovers(key)
                return there
            return self._put_whole(key, parts.take(), body.content_type)

    def read(self, key: str) -> tuple[bytes, str] | None:
        with translated(ArchiveUnavailable, f"reading {key}"):
            return self._documents.read(key)

    def write(self, key: str, document: bytes, *, tag: str | None) -> None:
        with translated(ArchiveUnavailable, f"writing {key}"):
            self._documents.write(key, document, tag=tag, conflict=ArchiveConflict)

    @contextmanager
    def open(self, key: str) -> Iterator[Body]:
        with translated(ArchiveUnavailable, f"opening {key}"):
            found = self._documents.get(key)
        if not found:
            raise MediumMissing(f"the archive has no {key}")
        with closing(found["Body"]) as stream:
            chunks = _reading(key, stream.iter_chunks(_CHUNK_BYTES))
            yield Body(chunks, found["ContentType"], found["ContentLength"])

    def list(self, prefix: str) -> Iterator[Listed]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        with translated(ArchiveUnavailable, f"listing {prefix}"):
            for page in pages:
                for found in page.get("Contents", []):
                    yield Listed(found["Key"], found["Size"])

    def _put_whole(self, key: str, data: bytes, content_type: str) -> Stored:
        digest = sha256(data)
        for _ in range(ATTEMPTS):
            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=data,
                    ContentType=content_type,
                    ChecksumSHA256=base64(digest.digest()),
                    IfNoneMatch="*",
                )
                return Stored(digest.hexdigest(), len(data))
            except ClientError as error:
                if code_of(error) not in TAKEN | RACING:
                    raise
            # Another writer, or our own first try whose reply was lost. S3: a conflict of two writers
            # (409) may end with neither stored, and is to be tried again.
            if there := self._adopt(key):
                return there
        raise ArchiveUnavailable(f"storing {key}: other writers were always faster")

    def _put_parts(self, key: str, parts: _Parts, content_type: str) -> Stored:
        upload = Upload(self._client, self._bucket, key, content_type)
        try:
            while parts.more():
                upload.add(parts.take())
            upload.add(parts.take())
            upload.complete()
        except ClientError as error:
            upload.abort()
            there = self._adopt(key, upload) if code_of(error) in _LOST else None
            if there is None:
                raise
            return there
        except BaseException:  # whatever stops us, KeyboardInterrupt too: parts left behind cost money
            upload.abort()
            raise
        return upload.stored

    def _abort_leftovers(self, key: str) -> None:
        """End every upload of a key that is stored now: of a killed run, and of a beginning whose reply was
        lost, which botocore sent again. S3 keeps, and bills, parts until told otherwise."""
        pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=key)
        for page in pages:
            for found in page.get("Uploads", []):
                if found["Key"] == key:
                    abort(self._client, self._bucket, key, found["UploadId"])

    def _adopt(self, key: str, ours: Upload | None = None) -> Stored | None:
        """What is stored under the key, or None. Its bytes are only read when S3 cannot tell their hash."""
        head = self._documents.head(key)
        if not head:
            return None
        checksum = head.get("ChecksumSHA256", "")
        if ours and checksum == ours.checksum:
            return ours.stored
        return Stored(_full_hash(head) or self._read_hash(key), head["ContentLength"])

    def _read_hash(self, key: str) -> str:
        with self.open(key) as body:
            return hash_of(body.chunks)


def _reading(key: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    with translated(ArchiveUnavailable, f"reading {key}"):
        yield from chunks


def _full_hash(head: HeadObjectOutputTypeDef) -> str | None:
    checksum = head.get("ChecksumSHA256", "")
    # A composite checksum of a multipart upload ends in -<parts> and is not the hash of the bytes.
    return b64decode(checksum).hex() if checksum and "-" not in checksum else None
