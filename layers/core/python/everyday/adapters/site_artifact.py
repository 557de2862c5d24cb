"""The zip that a pipeline hands on, unpacked for as long as it is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from everyday.adapters.aws import translated
from everyday.adapters.site_folder import FolderTree
from everyday.adapters.site_zip import MOST_BYTES, unpack
from everyday.errors import BucketUnavailable, SiteRefused
from everyday.site.messages import Artifact

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_CHUNK_BYTES = 2**20


@contextmanager
def unpacked(client: S3Client, artifact: Artifact) -> Iterator[FolderTree]:
    """Raises BucketUnavailable, SiteRefused. `client` has the artifact's credentials."""
    with TemporaryDirectory(prefix="everyday-site-") as scratch:
        zipped = Path(scratch) / "artifact.zip"
        _download(client, artifact, zipped)
        root = unpack(zipped, Path(scratch) / "site")
        zipped.unlink()
        yield FolderTree(root)


def _download(client: S3Client, artifact: Artifact, to: Path) -> None:
    with translated(BucketUnavailable, f"reading the artifact {artifact.key}"):
        found = client.get_object(Bucket=artifact.bucket, Key=artifact.key)
        if found["ContentLength"] > MOST_BYTES:
            raise SiteRefused(f"{artifact.key}: the zip is larger than {MOST_BYTES} bytes")
        with closing(found["Body"]) as body, to.open("wb") as file:
            for chunk in body.iter_chunks(_CHUNK_BYTES):
                file.write(chunk)
