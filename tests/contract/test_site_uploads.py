"""The bucket that zips are pushed to."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from everyday.adapters.site_uploads import S3Uploads
from everyday.errors import BucketUnavailable
from everyday_local.throwaway import make_archive

Clients = Callable[[str], Any]


@pytest.fixture
def s3(client: Clients) -> Any:
    return client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"uploads-{uuid4().hex}"
    make_archive(s3, name)
    return name


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "site.zip"
    path.write_bytes(b"first")
    return path


def digest(archive: Path) -> bytes:
    return sha256(archive.read_bytes()).digest()


def test_each_push_is_a_version_of_one_object(s3: Any, bucket: str, archive: Path) -> None:
    uploads = S3Uploads(s3, bucket, "blog.zip")
    first = uploads.push(archive, digest(archive))
    archive.write_bytes(b"second")
    second = uploads.push(archive, digest(archive))
    bodies = [
        s3.get_object(Bucket=bucket, Key="blog.zip", VersionId=each)["Body"].read()
        for each in (first, second)
    ]
    assert bodies == [b"first", b"second"]


def test_only_the_newest_version_is_held(s3: Any, bucket: str, archive: Path) -> None:
    uploads = S3Uploads(s3, bucket, "blog.zip")
    first = digest(archive)
    assert uploads.holds(first) is None
    uploads.push(archive, first)
    archive.write_bytes(b"second")
    version = uploads.push(archive, digest(archive))
    assert uploads.holds(first) is None
    assert uploads.holds(digest(archive)) == version


def test_a_zip_that_was_copied_there_by_hand_is_not_taken_for_ours(
    s3: Any, bucket: str, archive: Path
) -> None:
    s3.put_object(Bucket=bucket, Key="blog.zip", Body=b"other", ChecksumAlgorithm="CRC32")
    assert S3Uploads(s3, bucket, "blog.zip").holds(digest(archive)) is None


def test_a_bucket_that_is_not_there_is_unavailable(s3: Any, archive: Path) -> None:
    nowhere = S3Uploads(s3, f"nowhere-{uuid4().hex}", "blog.zip")
    with pytest.raises(BucketUnavailable, match=r"pushing blog\.zip"):
        nowhere.push(archive, digest(archive))
