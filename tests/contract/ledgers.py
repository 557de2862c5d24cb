"""What both suites of the ledger share: tables, and jobs on their way."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from everyday.adapters.dynamo_ledger import DynamoLedger
from everyday.jobs.model import Job, Overrides, State
from everyday.jobs.ports import Ledger
from everyday_local.throwaway import make_ledger
from tests.job_builders import ENQUEUED, a_job

NONE = Overrides()


@pytest.fixture
def dynamodb(client: Callable[[str], Any]) -> Any:
    return client("dynamodb")


@pytest.fixture
def jobs_table(dynamodb: Any) -> str:
    name = f"jobs-{uuid4().hex}"
    make_ledger(dynamodb, name)
    return name


@pytest.fixture
def dynamo(dynamodb: Any, jobs_table: str) -> DynamoLedger:
    return DynamoLedger(dynamodb, jobs_table, sleep=lambda seconds: None)


def ended(job: Job, state: State = State.SUCCEEDED, at: int = ENQUEUED) -> Job:
    return replace(job, state=state, finished_at=at)


def an_array(ledger: Ledger, size: int, **changes: Any) -> list[Job]:
    ledger.add(a_job("p", size=size, **changes), Overrides({"containerOverrides": [{"name": "main"}]}))
    ledger.add_all([a_job(f"p/{index}", parent="p", index=index) for index in range(size)])
    known = ledger.get_many([f"p/{index}" for index in range(size)])
    return [known[f"p/{index}"] for index in range(size)]


def parent_of(ledger: Ledger) -> Job:
    return ledger.get_many(["p"])["p"]
