"""The main job of `jobs` in local mode: many small jobs for one small instance, drained in their order."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec
import requests

from everyday.adapters.aws import client_config
from everyday.adapters.dynamo_ledger import DynamoLedger
from everyday.adapters.jobs_queue import SqsJobs
from everyday.jobs.calls import token_of
from everyday.jobs.model import Job, JobClass, State
from everyday.ports import Progress
from everyday_local.aws import local_session
from everyday_local.errors import LocalError

if TYPE_CHECKING:
    import boto3

FAMILY = "everyday-sample"
INSTANCE = {"ec2_instance_id": "i-0e7e4dad512512512", "cpu": 1024, "memory": 512}
COUNTS = {JobClass.HIGH: 20, JobClass.NORMAL: 30, JobClass.LOW: 50}
_CONTAINER = {
    "name": "sample",
    "image": "public.ecr.aws/docker/library/busybox:1",
    "command": ["sh", "-c", "sleep $SECONDS_TO_RUN"],
    "environment": [{"name": "SECONDS_TO_RUN", "value": "3"}],
    "cpu": 128,
    "memory": 100,
    "essential": True,
}
_STALL_SECONDS = 180.0
_LOOK_SECONDS = 0.5
_ONE_PASS_MS = 1_000
_HTTP_SECONDS = 30


class JobsSummary(msgspec.Struct, frozen=True):
    """What became of the sample jobs, and how ECS was asked: calls that it answered, and those of them that
    placed nothing. `inversions`: jobs that started while one of a higher class waited."""

    submitted: int
    succeeded: int
    run_task_calls: int
    rejects: int
    inversions: int


def workload() -> Sequence[Mapping[str, Any]]:
    """100 jobs of 100 MiB in three classes, in no order, each of 2 to 4 seconds: a twentieth of a minute or
    so each. Always the same, so that a job that is known is never run again."""
    chance = Random("everyday")  # noqa: S311 - a sample must be repeatable
    jobs = [_message(each, number, chance) for each, count in COUNTS.items() for number in range(count)]
    chance.shuffle(jobs)
    return jobs


def _message(job_class: JobClass, number: int, chance: Random) -> Mapping[str, Any]:
    seconds = {"name": "SECONDS_TO_RUN", "value": str(chance.randint(40, 80) / 20)}
    return {
        "id": f"sample-{job_class}-{number + 1:02}",
        "class": job_class.value,
        "task_definition": FAMILY,
        "estimate_seconds": 3,
        "overrides": {"containerOverrides": [{"environment": [seconds]}]},
    }


def inversions(jobs: Sequence[Job]) -> int:
    """How many started while one of a higher class waited. All of them need the same, and were there before
    the first one started. One pass claims several jobs side by side, within a second."""
    order = list(JobClass)
    last = {
        each: max((it.placed_at or 0 for it in jobs if it.job_class is each), default=0) for each in order
    }
    return sum(
        any(last[higher] > job.placed_at + _ONE_PASS_MS for higher in order[: order.index(job.job_class)])
        for job in jobs
        if job.placed_at
    )


class JobsJob:
    """Submits the sample jobs and waits for them. `outputs` are the stacks' outputs."""

    def __init__(
        self, session: "boto3.Session", outputs: Mapping[str, str], progress: Progress, *, ecs_url: str
    ) -> None:
        self._progress = progress
        self._ecs_url = ecs_url
        self._cluster = outputs["Clusters"].split(",")[0]
        self._ledger = DynamoLedger(session.client("dynamodb", config=client_config()), outputs["JobsTable"])
        self._queue = SqsJobs(session.client("sqs", config=client_config()), outputs["JobsQueueUrl"])
        self._ecs: Any = local_session(ecs_url).client("ecs", config=client_config())
        self._messages = {each["id"]: each for each in workload()}

    def run(self) -> JobsSummary:
        """Submit what is not known yet, and wait until all has ended. Raises LocalError when nothing moves.

        The instance joins when every job is in the ledger, so that there is an order to be seen.
        """
        self._define()
        self._submit()
        self._watch("Taking sample jobs in", lambda jobs: len(jobs))
        self._join()
        self._watch("Running sample jobs", _ended)
        return self._summary()

    def _define(self) -> None:
        """The cluster and the task definition, unless they are there as they should be."""
        self._ecs.create_cluster(clusterName=self._cluster)
        known = self._ecs.list_task_definitions(familyPrefix=FAMILY, sort="DESC")["taskDefinitionArns"]
        if known:
            found = self._ecs.describe_task_definition(taskDefinition=known[0])["taskDefinition"]
            if _CONTAINER.items() <= found["containerDefinitions"][0].items():
                return
        self._ecs.register_task_definition(family=FAMILY, containerDefinitions=[_CONTAINER])

    def _submit(self) -> None:
        known = self._ledger.get_many([*self._messages])
        new = [each for id_, each in self._messages.items() if id_ not in known]
        self._queue.submit([msgspec.json.encode(each).decode() for each in new])

    def _join(self) -> None:
        if not self._ecs.list_container_instances(cluster=self._cluster)["containerInstanceArns"]:
            answer = requests.post(
                f"{self._ecs_url}/_standin/instances",
                json={"cluster": self._cluster, **INSTANCE},
                timeout=_HTTP_SECONDS,
            )
            answer.raise_for_status()

    def _watch(self, what: str, number: Any) -> None:
        """Look at the ledger and show how `number` of the jobs grows, until it is all of them."""
        self._progress.begin(what, len(self._messages))
        shown, last, moved = 0, (-1, 0), time.monotonic()
        while shown < len(self._messages):
            jobs = list(self._ledger.get_many([*self._messages]).values())
            for _ in range(shown, number(jobs)):
                self._progress.step(_standing(jobs))
            shown = number(jobs)
            now = (shown, sum(job.version for job in jobs))
            if now != last:
                last, moved = now, time.monotonic()
            if time.monotonic() - moved > _STALL_SECONDS:
                raise LocalError(_stalled(jobs, len(self._messages)))
            time.sleep(_LOOK_SECONDS)

    def _summary(self) -> JobsSummary:
        jobs = list(self._ledger.get_many([*self._messages]).values())
        tokens = {token for job in jobs for token in _tokens(job)}
        calls = [each for each in self._answered() if each["key"] in tokens]
        return JobsSummary(
            submitted=len(jobs),
            succeeded=sum(job.state is State.SUCCEEDED for job in jobs),
            run_task_calls=len(calls),
            rejects=sum(not call["effect"] for call in calls),
            inversions=inversions(jobs),
        )

    def _answered(self) -> Iterator[Mapping[str, Any]]:
        """The calls of RunTask, counted where they arrive."""
        log = requests.get(f"{self._ecs_url}/_standin/log", timeout=_HTTP_SECONDS).json()
        return (each for each in log["operations"] if each["op"] == "RunTask")


def _tokens(job: Job) -> Iterator[str]:
    """The client tokens of all its attempts; of an earlier one that shared its call nothing is kept."""
    yield job.token or ""
    yield from (token_of(f"{job.id}/{attempt}") for attempt in range(1, job.attempt))


def _ended(jobs: Sequence[Job]) -> int:
    return sum(job.state.final for job in jobs)


def _standing(jobs: Sequence[Job]) -> str:
    """How many of each class have ended."""
    ended = Counter(job.job_class for job in jobs if job.state.final)
    return ", ".join(f"{ended[each]} {each}" for each in COUNTS)


def _stalled(jobs: Sequence[Job], expected: int) -> str:
    return (
        f"nothing moved for {_STALL_SECONDS:.0f} s: {len(jobs)} of {expected} jobs taken in, "
        f"{_ended(jobs)} ended. Look at the functions' log, logs/ministack.log in the folder that "
        "`everyday local status` names, then run the command again"
    )
