"""A local AWS with the archive's bucket and the catalog's table, for one benchmark."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import boto3

from everyday.adapters.aws import client_config

MINISTACK = Path(__file__).parents[1] / ".everyday/ministack/bin/ministack"
BUCKET, TABLE = "bench-archive", "bench-catalog"


@contextmanager
def local_aws() -> Iterator[boto3.Session]:
    """A session on a ministack of its own, with BUCKET and TABLE; everything ends with the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    process = subprocess.Popen(
        [MINISTACK],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(f"{url}/_ministack/health")
        os.environ["AWS_ENDPOINT_URL"] = url
        session = boto3.Session("test", "test", region_name="us-east-1")
        _create(session)
        yield session
    finally:
        os.environ.pop("AWS_ENDPOINT_URL", None)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def client(session: boto3.Session, name: str) -> Any:
    """A client as the Lambdas have it."""
    return session.client(name, config=client_config(connections=16))  # type: ignore[call-overload]


def _wait(url: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urlopen(url, timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise TimeoutError("ministack did not start")


def _create(session: boto3.Session) -> None:
    client(session, "s3").create_bucket(Bucket=BUCKET)
    indexes = {"todo": "work", "timeline": "all"}
    client(session, "dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "taken_at", *indexes.values())
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": partition, "KeyType": "HASH"},
                    {"AttributeName": "taken_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
            for index, partition in indexes.items()
        ],
    )
