"""Small values of `jobs` for tests: `a_job()` gives a whole one, keywords change what the test is about."""

from typing import Any

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
