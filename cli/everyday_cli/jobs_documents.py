"""Jobs as the documents that `--json` prints. Times are ISO 8601 in UTC."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from everyday.jobs.board import Board, BoardInstance
    from everyday.jobs.desk import Depth, Sight
    from everyday.jobs.model import Amount, Job

Document = dict[str, Any]


def of_time(milliseconds: int | None) -> str | None:
    """Such as `2026-03-04T12:04:10Z`."""
    if milliseconds is None:
        return None
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def of_amount(amount: "Amount") -> Document:
    """CPU units, MiB, whole GPUs."""
    return {"cpu": amount.cpu, "memory": amount.memory, "gpu": amount.gpu}


def of_job(job: "Job") -> Document:
    """One job, or an array with what its children came to."""
    return {
        "id": job.id,
        "class": job.job_class,
        "queue": job.queue,
        "cluster": job.cluster,
        "state": job.outcome,
        "reason": job.reason,
        **of_amount(job.demand.amount),
        "task_definition": job.task_definition,
        "submitted_at": of_time(job.enqueued_at),
        "started_at": of_time(job.started_at),
        "finished_at": of_time(job.finished_at),
        "attempt": job.attempt,
        "instance": job.ec2_id,
        "task": job.task,
        "exit_code": job.exit_code,
        "depends_on": job.depends_on,
        "group": job.group.id if job.group else None,
        "array": _array(job),
    }


def of_sight(sight: "Sight") -> Document:
    """Everything about one job."""
    return {
        **of_job(sight.job),
        "waits": sight.waits,
        "place": sight.place,
        "waits_for": dict(sight.parents),
        "circle": sight.circle,
        "children": dict(sight.children),
    }


def of_depth(depth: "Depth", now: int) -> Document:
    """How many of one queue and class wait, and how long the oldest does."""
    return {
        "queue": depth.queue,
        "class": depth.job_class,
        "waiting": depth.waiting,
        "held": depth.held,
        "oldest_seconds": max(0, (now - depth.oldest_at) // 1000),
    }


def of_waiting(jobs: "Sequence[tuple[int, Job]]", whys: Mapping[str, str], now: int) -> list[Document]:
    """Waiting jobs with their places and reasons."""
    return [
        {
            "place": place,
            **of_job(job),
            "reason": whys.get(job.id, job.reason),
            "waiting_seconds": max(0, (now - job.enqueued_at) // 1000),
        }
        for place, job in jobs
    ]


def of_board(cluster: str, board: "Board | None") -> Document:
    """What the last pass had to say of a cluster; empty when there was none."""
    return {
        "cluster": cluster,
        "at": of_time(board.at) if board else None,
        "trouble": board.trouble if board else None,
        "waiting": board.waiting if board else 0,
        "instances_total": board.instances_total if board else 0,
        "instances": [_of_instance(each) for each in board.instances] if board else [],
    }


def _of_instance(instance: "BoardInstance") -> Document:
    return {
        "id": instance.ec2_id,
        "arn": instance.arn,
        "open": instance.open,
        "tasks": instance.tasks,
        "registered": of_amount(instance.registered),
        "free": of_amount(instance.free),
        "reserved_for": instance.reserved_for,
        "expected_at": of_time(instance.expected_at),
    }


def _array(job: "Job") -> Document | None:
    if job.size is None:
        return None
    return {"size": job.size, "succeeded": job.tally.succeeded, "failed": job.tally.failed}
