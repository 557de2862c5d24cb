"""Small values of `jobs` for tests: `a_job()` gives a whole one, keywords change what the test is about."""

import json
from typing import Any

from everyday.jobs.messages import Submission, parse_jobs
from everyday.jobs.model import Amount, Demand, Job, Task, TaskDefinition

ENQUEUED = 1_770_000_000_000
"""When the jobs of tests were enqueued, in milliseconds."""

ACCOUNT = "arn:aws:ecs:us-east-1:000000000000"
CLUSTER_ARN = f"{ACCOUNT}:cluster/main"
DEFINITION = f"{ACCOUNT}:task-definition/everyday-work:3"
TASK = f"{ACCOUNT}:task/main/0123456789abcdef0123456789abcdef"


def a_job(job_id: str = "a", **changes: Any) -> Job:
    whole: dict[str, Any] = {
        "id": job_id,
        "cluster": "main",
        "task_definition": DEFINITION,
        "demand": Demand(Amount(cpu=100, memory=100)),
        "enqueued_at": ENQUEUED,
        "rank": ENQUEUED,
    }
    return Job(**{**whole, **changes})


def a_definition(**changes: Any) -> TaskDefinition:
    whole: dict[str, Any] = {
        "arn": DEFINITION,
        "family": "everyday-work",
        "demand": Demand(Amount(cpu=100, memory=100)),
        "containers": ("main",),
    }
    return TaskDefinition(**{**whole, **changes})


def a_task(**changes: Any) -> Task:
    whole: dict[str, Any] = {
        "arn": TASK,
        "version": 3,
        "status": "RUNNING",
        "demand": Demand(Amount(cpu=100, memory=100)),
    }
    return Task(**{**whole, **changes})


def job_record(
    message_id: str = "m", *, sent_at: int = ENQUEUED, body: str | None = None, **fields: Any
) -> Any:
    """A job message as SQS hands it to a Lambda; `body` None: the fields as JSON."""
    text = json.dumps({"task_definition": DEFINITION, **fields}) if body is None else body
    return {"messageId": message_id, "body": text, "attributes": {"SentTimestamp": str(sent_at)}}


def sent_job(message_id: str = "m", *, sent_at: int = ENQUEUED, **fields: Any) -> Submission:
    batch = parse_jobs({"Records": [job_record(message_id, sent_at=sent_at, **fields)]})
    assert not batch.refused, batch.refused[0].reason
    return batch.jobs[0]
