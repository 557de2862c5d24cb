"""Measure `jobs` against its goals: `python bench/jobs.py`, or parts of it, such as `planner state`."""

import sys
from collections.abc import Callable, Iterator

from _imports import imports
from _jobs_latency import decision_latency
from _jobs_planner import planner
from _jobs_simulations import simulations
from _jobs_state import state
from _report import Row, write

_STATE = ["valkey.state", "dynamo_ledger", "ecs", "jobs_queue", "secrets"]
ADAPTERS = {
    "job_ingest": ["dynamo_ledger", "ecs", "jobs_queue"],
    "job_scheduler": [*_STATE, "events_queue", "fleet"],
    "cluster_snapshot": _STATE,
}


def cold_starts() -> Iterator[Row]:
    yield from imports(ADAPTERS, peer="import boto3, redis")


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "planner": planner,
    "state": state,
    "imports": cold_starts,
    "latency": decision_latency,
    "simulations": simulations,
}


if __name__ == "__main__":
    write("jobs", [row for name in sys.argv[1:] or PARTS for row in PARTS[name]()])
