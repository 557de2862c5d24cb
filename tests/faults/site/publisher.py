"""Publishers as processes of their own: `python -m tests.faults.site.publisher S3_URL EDGE_URL`.

The program makes everything ready, and forks for each order. It tells the pid of the process that waits for
one, which reads an order (a line of JSON), carries it out and tells a report; then how that process ended.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import boto3
import botocore.endpoint
import msgspec
from awscrt.s3 import S3RetryConfig
from botocore.config import Config

from everyday.adapters.aws import client_config
from everyday.adapters.key_value_store import CloudFrontPointer
from everyday.adapters.site_bucket import S3Bucket
from everyday.adapters.site_folder import FolderTree
from everyday.adapters.site_upload import Place, Uploader
from everyday.adapters.site_visitor import WebVisitor
from everyday.errors import EverydayError
from everyday.site.confirming import Patience
from everyday.site.model import SiteRules
from everyday.site.publishing import Publishing, World
from tests.contract.edge_clients import ARN, key_value_client

HOST = "site.localhost"
_LIMIT_SECONDS = 60
_NO_MORE = 3
_CONFIRM_SECONDS = 4  # who was overtaken waits so long
_QUICK = S3RetryConfig(max_retries=6, backoff_scale_factor_ms=5, initial_bucket_capacity=1_000_000)


class Order(msgspec.Struct, omit_defaults=True):
    """Publish `folder`, or make `release` live again, `hours` from now."""

    folder: str = ""
    release: str = ""
    hours: float = 0.0
    keep_releases: int = 2


class Report(msgspec.Struct):
    """How it ended. `error`: the class of what was raised, "" when nothing was."""

    error: str = ""
    text: str = ""
    release: str = ""
    kind: Literal["report"] = "report"


class Killed(Exception):
    """The process ended without a report."""


class Ends:
    """The services of one site, by the real adapters, whose waits are short."""

    def __init__(self, s3_url: str, edge_url: str) -> None:
        self._session = boto3.Session("test", "test", region_name="us-east-1")
        config = client_config(connections=32).merge(Config(read_timeout=5))
        self._s3 = self._session.client("s3", endpoint_url=s3_url, config=config)
        self._kvs = key_value_client(edge_url)
        self._url, self._edge_url = s3_url, edge_url

    def publishing(self, order: Order) -> Publishing:
        bucket = S3Bucket(self._s3, "site", self._session)
        world = World(
            bucket=bucket,
            pointer=CloudFrontPointer(self._kvs, ARN, sleep=lambda seconds: time.sleep(seconds / 20)),
            cdn=NoCdn(),
            visitor=WebVisitor(f"http://{HOST}", self._edge_url),
            patience=Patience(
                lambda: datetime.now(UTC) + timedelta(hours=order.hours),
                lambda seconds: time.sleep(seconds / 20),
                lambda: 1.0,
            ),
            new_id=lambda: os.urandom(5).hex(),
        )
        rules = SiteRules(keep_releases=order.keep_releases, keep_days=0, confirm_seconds=_CONFIRM_SECONDS)
        return Publishing("blog", rules, world)

    def carry_out(self, order: Order) -> Report:
        publishing = self.publishing(order)
        self._hurry(publishing)
        try:
            if order.release:
                done = publishing.rollback(order.release)
            else:
                done = publishing.publish(FolderTree(Path(order.folder)), by="me")
        except EverydayError as error:
            return Report(type(error).__name__, str(error))
        return Report(release=done.release)

    def _hurry(self, publishing: Publishing) -> None:
        bucket: Any = publishing._world.bucket
        place = Place(url=self._url, region="us-east-1", bucket="site")
        bucket.uploader = Uploader(self._session, place, connections=4, silence=0.7, retries=_QUICK)


class NoCdn:
    """No headers change in these tests, so nothing is ever invalidated."""

    def invalidate(self, paths: Any, *, reference: str) -> str:
        raise AssertionError(f"nothing changed its headers alone, but {paths} are invalidated")

    def invalidated(self, invalidation_id: str) -> bool:
        raise AssertionError(f"there is no invalidation {invalidation_id}")


class Publisher:
    """A publisher of the test. `pid` is the process that waits for the next order, or carries one out."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.pid = self._told()["pid"]

    def begin(self, order: Order) -> None:
        assert self._process.stdin
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")

    def wait(self) -> Report:
        """Raises Killed."""
        told = self._told()
        report = msgspec.convert(told, Report) if "kind" in told else None
        ended = self._told()["ended"] if report else told["ended"]
        self.pid = self._told()["pid"]
        if report is None:
            raise Killed(f"ended with {ended}")
        return report

    def run(self, order: Order) -> Report:
        self.begin(order)
        return self.wait()

    def _told(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the publishers' program ended"
        return msgspec.json.decode(line, type=dict[str, Any])


@contextmanager
def publisher(s3_url: str, edge_url: str) -> Iterator[Publisher]:
    """A publisher that is ready, until the block ends."""
    command = [sys.executable, "-m", __name__, s3_url, edge_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        try:
            yield Publisher(process)
        finally:
            assert process.stdin
            process.stdin.close()  # which ends the one that waits, and so the program
            process.wait(_LIMIT_SECONDS)


def _tell(document: Any) -> None:
    os.write(1, msgspec.json.encode(document) + b"\n")


def _child(ends: Ends) -> None:
    # One byte at a time, so that no order of a later process is taken away.
    line = open(0, "rb", buffering=0, closefd=False).readline()  # noqa: SIM115
    if not line:
        os._exit(_NO_MORE)
    signal.alarm(_LIMIT_SECONDS)
    _tell(ends.carry_out(msgspec.json.decode(line, type=Order)))
    os._exit(0)


def main() -> None:
    # botocore waits up to 7 s between its attempts.
    hurry: Any = SimpleNamespace(time=time.time, sleep=lambda seconds: time.sleep(seconds / 100))
    vars(botocore.endpoint)["time"] = hurry
    ends = Ends(*sys.argv[1:])
    status = 0
    while os.waitstatus_to_exitcode(status) != _NO_MORE:
        pid = os.fork()
        if not pid:
            try:
                _child(ends)
            finally:
                os._exit(1)
        _tell({"pid": pid})
        _, status = os.waitpid(pid, 0)
        _tell({"ended": status})


if __name__ == "__main__":
    main()
