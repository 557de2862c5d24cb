"""What `photos` costs in requests, time, memory and money. Run: make bench, or python bench/photos.py

Times are ratios against a limit or a peer of the same run; nothing here is asserted by a test.
"""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import requests
from _aws import BUCKET, TABLE, client, local_aws
from _imports import imports
from _measure import peak_mib, timed
from _photos_cost import costs
from _photos_export import exports
from _report import Row, write

from everyday import wiring
from everyday.adapters.dynamodb import DynamoCatalog
from everyday.adapters.graph_http import GraphHttp
from everyday.adapters.instagram import GraphSource
from everyday.adapters.media_http import MediaDownloads
from everyday.adapters.memory import MemoryArchive, MemoryCatalog, MemoryEvents
from everyday.adapters.s3 import S3Archive
from everyday.photos.backup import Backup, BackupOptions
from everyday.photos.ports import Archive, Catalog
from everyday_local.instagram.run import Spawned, spawned

CONCURRENCY = 16
DELAY_SECONDS = 0.05
MEDIA = 1_000
PAGE = 50
VIDEO_BYTES = 650_000_000


def main() -> None:
    rows = [
        *nothing_new(),
        *thousand_media(),
        one_video(),
        *imports(ADAPTERS, peer="import boto3, requests"),
        *exports(),
        *costs(a_backup),
    ]
    write("photos", rows)


ADAPTERS = {
    "photo_backup": ["graph_http", "instagram", "media_http", "s3", "dynamodb", "events", "secrets"],
    "photo_post": ["ghost", "s3", "dynamodb", "secrets"],
    "token_refresh": ["graph_http", "instagram_token", "secrets"],
}


def a_backup(standin: Spawned, archive: Archive, catalog: Catalog) -> Backup:
    """A backup as the Lambda makes it, over the given stores."""
    return Backup(
        source=GraphSource(
            GraphHttp(standin.url),
            token=lambda: standin.token,
            media=MediaDownloads([standin.url], max_bytes=4_000_000_000, concurrency=CONCURRENCY),
            page_size=PAGE,
        ),
        archive=archive,
        catalog=catalog,
        events=MemoryEvents(),
        clock=lambda: datetime.now(UTC),
        options=BackupOptions(max_file_bytes=4_000_000_000, concurrency=CONCURRENCY),
        new_id=wiring.new_id,
    )


def nothing_new() -> Iterator[Row]:
    """Requests of a run that finds nothing new, counted where they leave the program."""
    with local_aws() as session, spawned("--bulk", "300", "--bytes", "2000") as standin:
        counts = Counter[str]()
        stores = {name: client(session, name) for name in ("s3", "dynamodb")}
        for name, each in stores.items():
            each.meta.events.register("before-send", lambda _name=name, **_: counts.update([_name]))
        archive = S3Archive(stores["s3"], BUCKET)
        catalog = DynamoCatalog(stores["dynamodb"], TABLE)
        a_backup(standin, archive, catalog).run()
        counts.clear()
        asked = _calls(standin)
        report = a_backup(standin, archive, catalog).run()
        note = f"300 media in the archive, {report.unchanged} looked at"
        yield Row(
            name="nothing new: Instagram requests",
            value=_calls(standin) - asked,
            unit="requests",
            better="lower",
            goal=1,
            note=note,
        )
        yield Row(
            name="nothing new: S3 requests", value=counts["s3"], unit="requests", better="lower", goal=0
        )
        yield Row(
            name="nothing new: DynamoDB requests",
            value=counts["dynamodb"],
            unit="requests",
            better="lower",
            goal=2,
        )


def _calls(standin: Spawned) -> int:
    log = requests.get(f"{standin.url}/_standin/log", timeout=10).json()["calls"]
    return len(log)


def thousand_media() -> Iterator[Row]:
    """1,000 media of 200 KB from a server that takes 50 ms: against the ideal and against a loop."""
    arguments = ("--bulk", str(MEDIA), "--bytes", "200000", "--delay-ms", f"{DELAY_SECONDS * 1000:.0f}")
    with spawned(*arguments) as standin:
        best = min(
            (timed(lambda: a_backup(standin, MemoryArchive(), MemoryCatalog()).run()) for _ in range(3)),
            key=lambda it: it.seconds,
        )
        loop = timed(lambda: one_at_a_time(standin)).seconds
    ideal = MEDIA * DELAY_SECONDS / CONCURRENCY
    yield Row(
        name=f"1,000 media of 200 KB at 50 ms, {CONCURRENCY} side by side",
        value=ideal / best.seconds,
        unit="of the ideal",
        better="higher",
        goal=0.8,
        limit=1.0,
        note=f"{best.seconds:.2f} s, ideal {ideal:.2f} s, {best.cpu_seconds:.2f} s CPU; the best of three",
    )
    yield Row(
        name="the same, against a loop that takes one at a time",
        value=loop / best.seconds,
        unit="times as fast",
        better="higher",
        goal=8,
        peers={"requests loop": 1.0},
        note=f"the loop took {loop:.1f} s",
    )


def one_at_a_time(standin: Spawned) -> None:
    """What a script does: list, then fetch one file after the other."""
    session, after = requests.Session(), ""
    while True:
        fields = "id,media_url,caption,timestamp"
        page = session.get(
            f"{standin.url}/me/media",
            params={"fields": fields, "limit": str(PAGE), "after": after, "access_token": standin.token},
            timeout=30,
        ).json()
        for medium in page["data"]:
            _ = session.get(medium["media_url"], timeout=30).content
        if "next" not in page.get("paging", {}):
            return
        after = page["paging"]["cursors"]["after"]


def one_video() -> Row:
    """How much memory one large video takes, in a process of its own."""
    with spawned("--bulk", "1", "--bytes", str(VIDEO_BYTES), "--film") as standin, local_aws() as session:
        endpoint = os.environ["AWS_ENDPOINT_URL"]
        assert session
        child = subprocess.run(
            [sys.executable, __file__, "video", standin.url, standin.token, endpoint],
            check=True,
            capture_output=True,
            text=True,
        )
    grown, size = (float(text) for text in child.stdout.split())
    return Row(
        name="one 650 MB video: memory grows by",
        value=grown,
        unit="MiB",
        better="lower",
        goal=48,
        note=f"{size / 1e6:.0f} MB stored by multipart upload to the local AWS",
    )


def back_up_video(url: str, token: str, endpoint: str) -> None:
    """In the child: peak memory before and after, in MiB, and the bytes stored."""
    os.environ["AWS_ENDPOINT_URL"] = endpoint
    session = boto3.Session("test", "test", region_name="us-east-1")
    standin = Spawned(url, token, "", "", 1, "", "")
    archive = S3Archive(client(session, "s3"), BUCKET)
    backup = a_backup(standin, archive, DynamoCatalog(client(session, "dynamodb"), TABLE))
    list(archive.list("none"))  # what a first request imports is not the video's
    before = peak_mib(anew=True)
    report = backup.run()
    print(peak_mib() - before, report.stored_bytes)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["video", url, token, endpoint]:
            back_up_video(url, token, endpoint)
        case _:
            main()
