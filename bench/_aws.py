"""A local AWS with the archive's bucket and the catalog's table, for one benchmark."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from everyday.adapters.aws import client_config
from everyday_local.throwaway import make_archive, make_catalog, throwaway_aws

BUCKET, TABLE = "bench-archive", "bench-catalog"


@contextmanager
def local_aws() -> Iterator[boto3.Session]:
    """A session on a local AWS of its own, with BUCKET and TABLE; everything ends with the block."""
    with tempfile.TemporaryDirectory() as folder, throwaway_aws(Path(folder)) as url:
        os.environ["AWS_ENDPOINT_URL"] = url
        try:
            session = boto3.Session("test", "test", region_name="us-east-1")
            make_archive(client(session, "s3"), BUCKET)
            make_catalog(client(session, "dynamodb"), TABLE)
            yield session
        finally:
            del os.environ["AWS_ENDPOINT_URL"]


def client(session: boto3.Session, name: str) -> Any:
    """A client as the Lambdas have it."""
    return session.client(name, config=client_config(connections=16))  # type: ignore[call-overload]
