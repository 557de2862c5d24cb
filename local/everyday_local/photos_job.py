"""The main job of `photos` in local mode: back the sample account up, await its posts, count."""

import base64
import textwrap
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from botocore.config import Config

from everyday.adapters.aws import client_config
from everyday.adapters.dynamodb import DynamoCatalog
from everyday.photos import archive
from everyday.photos.catalog import Entry, State, Work
from everyday.ports import Progress
from everyday_local.errors import LocalError

if TYPE_CHECKING:
    import boto3

_LAMBDA_SECONDS = 900
_STALL_SECONDS = 180.0
_LOOK_SECONDS = 0.5


class Count(NamedTuple):
    """How far the media of a catalog have come. `busy`: something will still be done by itself, soon."""

    media: int
    archived: int
    posted: int
    busy: int


def count(entries: Iterable[Entry], *, now: datetime) -> Count:
    """Count the entries; one that waits for a later try is not busy."""
    known = list(entries)
    waiting = [entry for entry in known if entry.work and not (entry.retry_at and entry.retry_at > now)]
    return Count(
        media=len(known),
        archived=sum(entry.state is not State.LISTED for entry in known),
        posted=sum(entry.post is not None for entry in known),
        busy=len(waiting),
    )


class PhotosJob:
    """Runs the deployed functions. `outputs` are the stacks' outputs."""

    def __init__(self, session: "boto3.Session", outputs: Mapping[str, str], progress: Progress) -> None:
        self._outputs = outputs
        self._progress = progress
        # One attempt and a long wait: a second call would start a second run.
        patient = Config(read_timeout=_LAMBDA_SECONDS + 30, retries={"total_max_attempts": 1})
        self._lambda = session.client("lambda", config=patient)
        self._s3 = session.client("s3", config=client_config())
        self._sqs = session.client("sqs", config=client_config())
        self._catalog = DynamoCatalog(
            session.client("dynamodb", config=client_config()), outputs["CatalogTable"]
        )

    def run(self) -> None:
        """Back up, and wait until every medium is where it belongs. Raises LocalError when nothing moves."""
        before = self._count()
        self._progress.begin("Backing up the sample account", before.media or None)
        with ThreadPoolExecutor(1) as pool:
            run = pool.submit(self._invoke, "PhotoBackup")
            self._watch(lambda now: now.archived, until=lambda _: run.done())
        self._raise_failure(run)
        self._finish_posts()

    def archived(self) -> int:
        """How many media the archive holds whole: described in the bucket, and nothing of them to come."""
        whole = {entry.id for entry in self._catalog.timeline() if entry.state is not State.LISTED}
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._outputs["ArchiveBucket"], Prefix=archive.ROOT
        )
        keys = (found["Key"] for page in pages for found in page.get("Contents", []))
        return sum(key.endswith(f"/{archive.SIDECAR}") and key.split("/")[1] in whole for key in keys)

    def media(self) -> int:
        """How many media the catalog knows."""
        return self._count().media

    def _finish_posts(self) -> None:
        now = self._count()
        self._progress.begin("Posting on the blog", now.archived)
        if any(self._catalog.due(Work.POST, now=datetime.now(UTC))) and now.posted:
            self._sweep()
        self._watch(lambda now: now.posted, until=lambda now: not now.busy)

    def _watch(self, number: Callable[[Count], int], *, until: Callable[[Count], bool]) -> None:
        """Look at the catalog and show how `number` grows, until it is done. Raises LocalError on a stall."""
        shown, last, moved = 0, None, time.monotonic()
        while True:
            now = self._count()
            for done in range(shown, number(now)):
                self._progress.step(f"{done + 1} of {now.media} media")
            shown = max(shown, number(now))
            if until(now):
                return
            if now != last:
                last, moved = now, time.monotonic()
            if time.monotonic() - moved > _STALL_SECONDS:
                raise LocalError(_stalled(now))
            time.sleep(_LOOK_SECONDS)

    def _count(self) -> Count:
        return count(self._catalog.timeline(), now=datetime.now(UTC))

    def _sweep(self) -> None:
        """What an earlier, cut run left behind has no event of its own any more."""
        self._sqs.send_message(QueueUrl=self._outputs["PostQueueUrl"], MessageBody='{"sweep": true}')

    def _invoke(self, function: str) -> None:
        answer = self._lambda.invoke(FunctionName=self._outputs[function], Payload=b"{}", LogType="Tail")
        said = answer["Payload"].read()
        if "FunctionError" in answer:
            problem = msgspec.json.decode(said)
            log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace").strip()
            raise LocalError(
                f"{function} failed: {problem.get('errorType')}: {problem.get('errorMessage')}. "
                f"The end of its log:\n{textwrap.indent(log, '    ')}"
            )

    def _raise_failure(self, run: "Future[None]") -> None:
        if error := run.exception():
            raise error


def _stalled(now: Count) -> str:
    return (
        f"nothing moved for {_STALL_SECONDS:.0f} s: {now.archived} of {now.media} media archived, "
        f"{now.posted} posted, {now.busy} still to do. Look at the functions' log, "
        "logs/ministack.log in the folder that `everyday local status` names, then run the command again"
    )
