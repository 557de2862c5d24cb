"""Wake queue -> passes: what fits is started."""

import os
from functools import cache
from typing import Any

from everyday import jobs_wiring
from everyday.clients import now
from everyday.jobs.messages import parse_wakes
from everyday.jobs.pass_batch import figures, pass_batch
from everyday.jobs.scheduling import Scheduler
from everyday.lambdas import Context, metrics_line, tell, time_left
from everyday.settings import SchedulerSettings


@cache
def _scheduler() -> Scheduler:
    return jobs_wiring.scheduler(SchedulerSettings.from_env(os.environ))


def handle(event: dict[str, Any], context: Context, *, scheduler: Scheduler | None = None) -> dict[str, Any]:
    """Name the wakes whose pass did not end, so that the queue brings back those and no others."""
    passed = pass_batch(parse_wakes(event), scheduler or _scheduler(), time_left(context))
    for report in passed.reports:
        print(metrics_line("everyday/jobs", figures(report), at=now()))  # noqa: T201
        tell("pass ended", report)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in passed.failed]}
