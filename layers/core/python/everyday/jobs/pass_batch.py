"""A batch of wakes: one pass over each cluster that is named, whoever asked and how often."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from everyday.errors import Unavailable
from everyday.jobs.messages import WakeCall, WakeCalls
from everyday.jobs.scheduling import PassReport, Scheduler
from everyday.ports import TimeLeft

log = logging.getLogger(__name__)


class Passed(NamedTuple):
    """The passes that were made, and the ids of the messages that must come back."""

    reports: Sequence[PassReport]
    failed: Sequence[str]


def pass_batch(batch: WakeCalls, scheduler: Scheduler, time_left: TimeLeft) -> Passed:
    """Do what the messages ask. One that can never succeed comes back too, until the queue gives it up."""
    for message_id, reason in batch.refused:
        log.error("wake refused", extra={"message_id": message_id, "reason": reason})
    reports: list[PassReport] = []
    failed = [message_id for message_id, _ in batch.refused]
    for cluster, calls in _by_cluster(batch.calls).items():
        fresh = dict.fromkeys(job_id for call in calls for job_id in call.wake.fresh)
        try:
            reports.append(scheduler.run(cluster, fresh=list(fresh), time_left=time_left))
        except Unavailable:
            log.exception("pass not finished", extra={"cluster": cluster})
            failed += [call.message_id for call in calls]
    return Passed(reports, failed)


def figures(report: PassReport) -> dict[str, float]:
    """A pass as metrics: counts, seconds, milliseconds."""
    return {
        "Waiting": report.waiting,
        "OldestWaitSeconds": report.oldest_wait_seconds,
        "Placed": report.placed,
        "Refused": report.refused,
        "Rejected": report.rejected,
        "NeedsScale": report.needs_scale,
        "PassMilliseconds": report.milliseconds,
    }


def _by_cluster(calls: Sequence[WakeCall]) -> dict[str, list[WakeCall]]:
    found: dict[str, list[WakeCall]] = {}
    for call in calls:
        found.setdefault(call.wake.cluster, []).append(call)
    return found
