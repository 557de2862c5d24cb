"""Queue of submitted jobs -> ledger. Makes jobs durable, then asks for a scheduling pass."""

import os
from functools import cache
from typing import Any

from everyday import jobs_wiring
from everyday.jobs.ingest import Inbox
from everyday.jobs.messages import parse_jobs
from everyday.lambdas import Context, time_left
from everyday.settings import IngestSettings


@cache
def _inbox() -> Inbox:
    return jobs_wiring.ingest(IngestSettings.from_env(os.environ))


def handle(event: dict[str, Any], context: Context, *, inbox: Inbox | None = None) -> dict[str, Any]:
    """Name the messages that are not done, so that the queue brings back those and no others."""
    failed = (inbox or _inbox()).take(parse_jobs(event), time_left(context))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
