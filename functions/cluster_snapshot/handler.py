"""Queue of ECS's events and of requests to read a cluster -> state, ledger and wakes."""

import os
from functools import cache
from typing import Any

from everyday import jobs_wiring
from everyday.jobs.ecs_events import parse_events
from everyday.jobs.snapshot import Snapshotter
from everyday.lambdas import Context
from everyday.settings import ClusterSettings


@cache
def _snapshotter() -> Snapshotter:
    return jobs_wiring.snapshotter(ClusterSettings.from_env(os.environ))


def handle(event: dict[str, Any], _: Context, *, snapshotter: Snapshotter | None = None) -> dict[str, Any]:
    """Name the messages that are not applied, so that the queue brings back those and no others."""
    failed = (snapshotter or _snapshotter()).apply(parse_events(event))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
