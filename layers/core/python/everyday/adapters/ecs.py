"""ECS by boto3."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from everyday.adapters.aws import code_of
from everyday.errors import EcsConflict, EcsRefused, EcsThrottled, EcsUnavailable
from everyday.jobs.definitions import definition_of
from everyday.jobs.ecs_shapes import instance_of, task_of
from everyday.jobs.model import ContainerInstance, Task, TaskDefinition
from everyday.jobs.ports import Launch, Launched

if TYPE_CHECKING:
    from types_boto3_ecs.client import ECSClient

# ECS API reference: List* returns and Describe* takes at most 100 ids.
_PAGE = 100

_THROTTLED = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException"})
_NEVER = frozenset(
    {
        "ClientException",
        "InvalidParameterException",
        "PlatformTaskDefinitionIncompatibilityException",
        "PlatformUnknownException",
        "UnsupportedFeatureException",
    }
)
"""RunTask's errors that are about this call. The others (no right, no such cluster, account blocked) are
about the deployment: the owner can put them right, and no job is to blame."""

_Record = TypeVar("_Record", Task, ContainerInstance)


class BotoEcs:
    """The Ecs port. `describe_tasks` and `tasks` see changes a little late, as ECS shows them."""

    def __init__(self, client: ECSClient) -> None:
        self._client: Any = client  # answers are read as what events tell, which has no types

    def instances(self, cluster: str) -> Sequence[ContainerInstance]:
        arns = self._listed("list_container_instances", "containerInstanceArns", cluster=cluster)
        return self.describe_instances(cluster, arns)

    def tasks(self, cluster: str) -> Sequence[Task]:
        """Tasks that are stopping are listed among the stopped ones, which ECS shows for about an hour."""
        arns = [
            arn
            for desired in ("RUNNING", "STOPPED")
            for arn in self._listed("list_tasks", "taskArns", cluster=cluster, desiredStatus=desired)
        ]
        found = self.describe_tasks(cluster, list(dict.fromkeys(arns)))
        return [task for task in found if not task.stopped]

    def describe_instances(self, cluster: str, arns: Sequence[str]) -> Sequence[ContainerInstance]:
        with _translated("describing container instances"):
            return self._described(
                arns,
                lambda page: _known(
                    self._client.describe_container_instances(cluster=cluster, containerInstances=page),
                    "containerInstances",
                ),
                instance_of,
            )

    def describe_tasks(self, cluster: str, arns: Sequence[str]) -> Sequence[Task]:
        with _translated("describing tasks"):
            return self._described(
                arns,
                lambda page: _known(self._client.describe_tasks(cluster=cluster, tasks=page), "tasks"),
                task_of,
            )

    def started_by(self, cluster: str, call: str) -> Sequence[Task]:
        arns = self._listed("list_tasks", "taskArns", cluster=cluster, startedBy=call)
        return [task for task in self.describe_tasks(cluster, arns) if not task.stopped]

    def run(self, launch: Launch) -> Launched:
        with _translated(f"starting {launch.call}"):
            answer = self._client.run_task(**_request(launch))
        failures = tuple(str(it.get("reason") or "no reason given") for it in answer.get("failures", ()))
        return Launched(tuple(map(task_of, answer.get("tasks", ()))), failures)

    def stop(self, cluster: str, task: str, reason: str) -> None:
        try:
            with _translated(f"stopping {task}"):
                # ECS API reference, StopTask: a reason has at most 1,024 characters.
                self._client.stop_task(cluster=cluster, task=task, reason=reason[:1024])
        except EcsRefused as error:
            if "not found" not in str(error).lower():
                raise

    def task_definition(self, name: str) -> TaskDefinition | None:
        try:
            with _translated(f"reading the task definition {name}"):
                answer = self._client.describe_task_definition(taskDefinition=name)
        except EcsRefused:
            return None  # «Unable to describe task definition» is a ClientException
        return definition_of(answer["taskDefinition"])

    def _listed(self, operation: str, field: str, **request: str) -> list[str]:
        with _translated(f"listing {field}"):
            call: Callable[..., Mapping[str, Any]] = getattr(self._client, operation)
            found: list[str] = []
            more: dict[str, str] = {}
            while True:
                page = call(maxResults=_PAGE, **request, **more)
                found += page[field]
                if not page.get("nextToken"):
                    return found
                more = {"nextToken": page["nextToken"]}

    def _described(
        self,
        arns: Sequence[str],
        describe: Callable[[Sequence[str]], Sequence[Mapping[str, Any]]],
        read: Callable[[Mapping[str, Any]], _Record],
    ) -> list[_Record]:
        pages = [arns[start : start + _PAGE] for start in range(0, len(arns), _PAGE)]
        return [read(it) for page in pages for it in describe(page)]


def _known(answer: Mapping[str, Any], field: str) -> Sequence[Mapping[str, Any]]:
    """What Describe tells. What is MISSING was forgotten since it was listed; with another failure the answer
    is not whole."""
    reasons = {str(it.get("reason")) for it in answer.get("failures", ())} - {"MISSING"}
    if reasons:
        raise EcsUnavailable(f"describing {field}: ECS left some out: {', '.join(sorted(reasons))}")
    known: Sequence[Mapping[str, Any]] = answer[field]
    return known


def _request(launch: Launch) -> dict[str, Any]:
    """The instance is pinned by a placement constraint, because StartTask, which takes one, has no token."""
    pin = {"type": "memberOf", "expression": f"ec2InstanceId == {launch.ec2_id}"}
    request = {
        "cluster": launch.cluster,
        "taskDefinition": launch.task_definition,
        "launchType": "EC2",
        "count": launch.copies,
        "startedBy": launch.call,
        "clientToken": launch.token,
        "group": launch.group,
        "placementConstraints": [pin],
    }
    return {**request, "overrides": dict(launch.overrides)} if launch.overrides else request


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {}).get("Message") or ""
        raise _kind(code_of(error))(f"{doing}: {code_of(error)}: {said}") from error
    except BotoCoreError as error:
        raise EcsUnavailable(f"{doing}: {type(error).__name__}") from error


def _kind(code: str) -> type[EcsUnavailable | EcsRefused | EcsConflict]:
    if code in _THROTTLED:
        return EcsThrottled
    if code == "ConflictException":
        return EcsConflict
    return EcsRefused if code in _NEVER else EcsUnavailable
