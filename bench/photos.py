"""What `photos` costs in requests, time, memory and money. Run: make bench, or python bench/photos.py

Times are ratios against a limit or a peer of the same run; nothing here is asserted by a test.
"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import boto3
import requests
from _aws import BUCKET, TABLE, client, local_aws
from _photos_cost import costs
from _photos_imports import imports
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
from everyday_local.instagram.export_writer import write_export
from everyday_local.instagram.run import Spawned, spawned
from everyday_local.instagram.sample import bulk_posts

CONCURRENCY = 16
DELAY_SECONDS = 0.05
MEDIA = 1_000
PAGE = 50
VIDEO_BYTES = 650_000_000


def main() -> None:
    rows = [*nothing_new(), *thousand_media(), one_video(), *imports(), *exports(), *costs(a_backup)]
    write("photos", rows)


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


class Timed(NamedTuple):
    seconds: float
    cpu_seconds: float


def timed(work: Callable[[], object]) -> Timed:
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return Timed(time.perf_counter() - start, time.process_time() - cpu)


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
    before = _peak_mib(anew=True)
    report = backup.run()
    print(_peak_mib() - before, report.stored_bytes)


def _peak_mib(*, anew: bool = False) -> float:
    """Peak resident memory of this process; `anew` begins the peak at what is resident now."""
    status, reset = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not status.exists():  # macOS counts in bytes, and cannot begin anew
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    if anew:
        reset.write_text("5")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) / 2**10


def exports() -> Iterator[Row]:
    """A data export into a folder: time against size, and memory."""
    few, many = (_export(count) for count in (2_000, 20_000))
    yield Row(
        name="export of 20,000 media, against 2,000",
        value=many[0] / few[0],
        unit="times as long",
        better="lower",
        goal=11,
        limit=10,
        note=f"{many[0]:.1f} s and {few[0]:.1f} s CPU",
    )
    yield Row(name="export of 20,000 media: memory", value=many[1], unit="MiB", better="lower", note="peak")


def _export(count: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        zipped = Path(folder) / "export.zip"
        write_export(bulk_posts(count, size=2_000), zipped)
        child = subprocess.run(
            [sys.executable, __file__, "export", str(zipped), str(Path(folder) / "archive")],
            check=True,
            capture_output=True,
            text=True,
        )
    seconds, peak = (float(text) for text in re.findall(r"[\d.]+", child.stdout))
    return seconds, peak


def back_up_export(zipped: str, folder: str) -> None:
    """In the child: CPU seconds and peak memory in MiB."""
    _peak_mib(anew=True)
    spent = timed(lambda: wiring.folder_backup(Path(folder), [Path(zipped)]).run())
    print(spent.cpu_seconds, _peak_mib())


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["video", url, token, endpoint]:
            back_up_video(url, token, endpoint)
        case ["export", zipped, folder]:
            back_up_export(zipped, folder)
        case _:
            main()
