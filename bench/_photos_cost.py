"""What 1,000 posts cost: requests and GB-seconds of one backup and one sweep, at AWS's list prices."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from _aws import BUCKET, TABLE, client, local_aws
from _report import Row

from everyday.adapters.dynamodb import DynamoCatalog
from everyday.adapters.ghost import GhostBlog
from everyday.adapters.s3 import S3Archive
from everyday.photos.backup import Backup
from everyday.photos.ports import Archive, Catalog
from everyday.photos.posting import Posting, PostOptions
from everyday_local.ghost.server import running
from everyday_local.instagram.run import Spawned, spawned

MakeBackup = Callable[[Spawned, Archive, Catalog], Backup]

POSTS = 100
LAMBDA_GB = 1.0
# List prices in us-east-1, in USD.
GB_SECOND = 0.0000133334  # Lambda on arm64
S3_REQUEST = 0.005 / 1_000  # PUT; a GET is cheaper
DYNAMODB_UNIT = 0.625 / 1_000_000  # one KiB written, on demand
UNITS_PER_WRITE = 3  # the item and its two indexes


def costs(a_backup: MakeBackup) -> Iterator[Row]:
    """Rows for 1,000 posts of one picture each, measured on POSTS of them; times are this machine's."""
    counts = Counter[str]()
    with (
        local_aws() as session,
        spawned("--bulk", str(POSTS), "--bytes", "200000") as standin,
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder)) as blog,
    ):
        stores = {name: client(session, name) for name in ("s3", "dynamodb")}
        for name, each in stores.items():
            each.meta.events.register("before-send", lambda _name=name, **_: counts.update([_name]))
        archive, catalog = S3Archive(stores["s3"], BUCKET), DynamoCatalog(stores["dynamodb"], TABLE)
        started = time.perf_counter()
        a_backup(standin, archive, catalog).run()
        posting = Posting(
            archive=archive,
            catalog=catalog,
            blog=GhostBlog(blog.url, lambda: blog.admin_key, clock=_now),
            clock=_now,
            options=PostOptions(),
            new_id=lambda: uuid4().hex,
        )
        report = posting.sweep(lambda: 3600.0)
        seconds = time.perf_counter() - started
    scale = 1_000 / POSTS
    yield _row("S3 requests", counts["s3"] * scale, "requests")
    yield _row("DynamoDB requests", counts["dynamodb"] * scale, "requests")
    yield _row("Ghost requests", len(blog.log) * scale, "requests")
    yield _row("Lambda, backup and post", seconds * LAMBDA_GB * scale, "GB-seconds", note=str(report.counts))
    money = (
        counts["s3"] * S3_REQUEST
        + counts["dynamodb"] * UNITS_PER_WRITE * DYNAMODB_UNIT
        + seconds * LAMBDA_GB * GB_SECOND
    )
    yield _row("all of it", money * scale, "USD", note="without storage and without the free tier")


def _row(what: str, value: float, unit: str, *, note: str = "") -> Row:
    return Row(name=f"1,000 posts: {what}", value=value, unit=unit, better="lower", note=note)


def _now() -> datetime:
    return datetime.now(UTC)
