"""job_scheduler: one pass over each cluster that was named, and only unfinished ones come back."""

import json
import logging
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from everyday.errors import LedgerUnavailable
from everyday.jobs.scheduling import PassReport
from functions.job_scheduler import handler
from tests.functions.handling import AContext, an_event
from tests.jobs_world import a_world


class NotedScheduler:
    """Remembers its passes; `trouble` is raised for the clusters that have one."""

    def __init__(self, trouble: dict[str, Exception] | None = None) -> None:
        self.trouble = trouble or {}
        self.passes: list[tuple[str, tuple[str, ...], float]] = []

    def run(self, cluster: str, *, fresh: Sequence[str], time_left: Callable[[], float]) -> PassReport:
        if cluster in self.trouble:
            raise self.trouble[cluster]
        self.passes.append((cluster, tuple(fresh), time_left()))
        return PassReport(cluster=cluster, waiting=3, ends={"placed": 2, "refused by ECS": 1})


def _handle(event: Any, scheduler: Any) -> list[str]:
    answer = handler.handle(event, AContext(60), scheduler=scheduler)
    return [each["itemIdentifier"][:8] for each in answer["batchItemFailures"]]


def test_wakes_of_one_cluster_are_one_pass_with_all_fresh_jobs() -> None:
    scheduler = NotedScheduler()
    assert _handle(an_event("wake_batch"), scheduler) == ["00000005"]
    assert scheduler.passes == [("everyday", ("photo-resize", "other"), 60), ("second", (), 60)]


def test_the_wakes_of_a_pass_that_did_not_end_come_back_and_others_do_not() -> None:
    scheduler = NotedScheduler({"everyday": LedgerUnavailable("no answer")})
    failed = _handle(an_event("wake_batch"), scheduler)
    assert failed == ["00000005", "00000001", "00000002", "00000003"]
    assert [each[0] for each in scheduler.passes] == ["second"]


def test_a_pass_leaves_its_figures_as_metrics_and_its_report_in_the_log(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        _handle(an_event("wake_batch"), NotedScheduler())
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "everyday/jobs"
    names = {metric["Name"] for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert {"Waiting", "OldestWaitSeconds", "Placed", "Refused", "NeedsScale"} <= names
    assert (line["Waiting"], line["Placed"], line["Refused"]) == (3, 2, 1)
    reports = [vars(record)["report"] for record in caplog.records if record.message == "pass ended"]
    assert [report["cluster"] for report in reports] == ["everyday", "second"]


def test_a_wake_starts_what_waits() -> None:
    world = a_world()
    world.submit("job")
    body = json.dumps({"cluster": "default", "fresh": ["job"]})
    event = {"Records": [{"messageId": "1", "body": body}]}
    assert _handle(event, world.scheduler) == []
    assert world.live() == ["job/1"]
