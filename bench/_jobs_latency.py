"""How long room that became free stays unused: from a task's end to the RunTask call that uses it."""

import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import requests
from _report import Row

from everyday.ports import Silent
from everyday_local.folder import Folder
from everyday_local.jobs_job import INSTANCE
from everyday_local.up import Up

SLOTS = int(str(INSTANCE["memory"])) // 100
WARM_UP = 20
"""So many starts come before the functions are warm."""


class Drained(NamedTuple):
    """The log of the ECS stand-in after the sample workload, and what was counted."""

    latencies: Sequence[float]
    run_task_calls: int
    jobs: int


def latencies(log: Mapping[str, Any], slots: int) -> list[float]:
    """Seconds from each end of a task to the call that used its room.

    `slots` equal jobs fit at once, and there are always more: the n-th end makes room for the start that is
    `slots` after the n-th.
    """
    ends = sorted(
        {each["task"]: each["at"] for each in log["transitions"] if each["status"] == "STOPPED"}.values()
    )
    calls = [each for each in log["operations"] if each["op"] == "RunTask"]
    starts = sorted(each["at"] for each in calls for _ in each["effect"])
    return [_seconds(start, end) for end, start in zip(ends, starts[slots:], strict=False)]


def decision_latency() -> Iterator[Row]:
    """The sample workload on the local AWS, with the deployed functions and real processes as tasks."""
    drained = drain()
    warm = drained.latencies[WARM_UP:]
    quantiles = statistics.quantiles(warm, n=100, method="inclusive")
    note = f"{len(warm)} tasks of local mode's sample, warm functions; the longest took {max(warm):.2f} s"
    yield Row(
        name="capacity freed to RunTask sent: p50", value=quantiles[49], unit="s", better="lower", note=note
    )
    yield Row(
        name="capacity freed to RunTask sent: p99", value=quantiles[98], unit="s", better="lower", goal=1.0
    )
    yield Row(
        name="RunTask calls a job, on the local AWS",
        value=drained.run_task_calls / drained.jobs,
        unit="calls",
        better="lower",
        goal=1.0,
    )


def drain() -> Drained:
    """Bring everything up in a folder of its own, run the sample jobs, and read what ECS saw."""
    with tempfile.TemporaryDirectory() as path:
        up = Up(Folder(Path(path)), Silent(), Silent(), Silent())
        with up.deployed() as deployed:
            summary = deployed.jobs_job(Silent()).run()
            log = requests.get(f"{deployed.cast.ecs.address}/_standin/log", timeout=60).json()
    return Drained(latencies(log, SLOTS), summary.run_task_calls, summary.submitted)


def _seconds(later: str, earlier: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


if __name__ == "__main__":
    for row in decision_latency():
        print(f"{row.name}: {row.value:.3f} {row.unit} {row.note}")
