"""What ECS tells of its resources. Times are datetimes; the wire and the events each have their own form."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from everyday_local.ecs.records import AGENT_VERSION, Cluster, Container, Instance, Task

View = dict[str, Any]


def cluster_view(cluster: Cluster, instances: Iterable[Instance]) -> View:
    counted = [each for each in instances if each.status != "INACTIVE"]
    tasks = [task for instance in counted for task in instance.live.values()]
    return {
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status,
        "registeredContainerInstancesCount": len(counted),
        "runningTasksCount": sum(task.status == "RUNNING" for task in tasks),
        "pendingTasksCount": sum(task.status == "PENDING" for task in tasks),
        "activeServicesCount": 0,
        "statistics": [],
        "tags": [],
        "settings": list(cluster.settings),
        "capacityProviders": [],
        "defaultCapacityProviderStrategy": [],
    }


def instance_view(instance: Instance) -> View:
    """`runningTasksCount` counts by desired status, as the API reference says."""
    tasks = instance.live.values()
    return {
        "containerInstanceArn": instance.arn,
        "ec2InstanceId": instance.ec2_id,
        "version": instance.version,
        "versionInfo": {
            "agentVersion": AGENT_VERSION,
            "agentHash": "0000000",
            "dockerVersion": "DockerVersion: 25.0.6",
        },
        "remainingResources": instance.stock.remaining(),
        "registeredResources": instance.stock.registered(),
        "status": instance.status,
        "agentConnected": instance.connected,
        "runningTasksCount": sum(task.desired == "RUNNING" for task in tasks),
        "pendingTasksCount": sum(task.status == "PENDING" for task in tasks),
        "attributes": [_attribute(name, value) for name, value in sorted(instance.attributes.items())],
        "registeredAt": instance.registered_at,
        "attachments": [],
        "tags": [],
    }


def task_view(task: Task) -> View:
    content = task.definition.content
    told = {
        "attachments": [],
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
        "availabilityZone": task.instance.attributes.get("ecs.availability-zone"),
        "clusterArn": task.cluster.arn,
        "connectivity": "CONNECTED" if task.instance.connected else "DISCONNECTED",
        "containerInstanceArn": task.instance.arn,
        "containers": [_container_view(task, each) for each in task.containers],
        "cpu": task.overrides.get("cpu") or content.get("cpu") or str(task.demand.cpu),
        "createdAt": task.created_at,
        "desiredStatus": task.desired,
        "enableExecuteCommand": False,
        "group": task.group,
        "healthStatus": "UNKNOWN",
        "lastStatus": task.status,
        "launchType": "EC2",
        "memory": task.overrides.get("memory") or content.get("memory") or str(task.demand.memory),
        "overrides": _overrides_view(task),
        "startedBy": task.started_by,
        "stopCode": task.stop_code,
        "stoppedReason": task.stopped_reason,
        "tags": [],
        "taskArn": task.arn,
        "taskDefinitionArn": task.definition.arn,
        "version": task.version,
        **task.times,
    }
    return {name: value for name, value in told.items() if value is not None}


def with_tags(view: View, tags: list[dict[str, str]]) -> View:
    """What Describe answers when it is asked to include tags."""
    return {**view, "tags": list(tags)}


def _overrides_view(task: Task) -> View:
    said = {each["name"]: each for each in task.overrides.get("containerOverrides", [])}
    each = [said.get(container.name, {"name": container.name}) for container in task.containers]
    return {**task.overrides, "containerOverrides": each, "inferenceAcceleratorOverrides": []}


def _container_view(task: Task, container: Container) -> View:
    told = {
        "containerArn": container.arn,
        "taskArn": task.arn,
        "name": container.name,
        "image": container.launch["image"],
        "runtimeId": container.runtime_id,
        "lastStatus": container.status,
        "exitCode": container.exit_code,
        "reason": container.reason,
        "networkBindings": _bindings(task, container) if container.status == "RUNNING" else [],
        "networkInterfaces": [],
        "healthStatus": "UNKNOWN",
        "cpu": str(container.launch.get("cpu", 0)),
        "memory": _text(container.launch.get("memory")),
        "memoryReservation": _text(container.launch.get("memoryReservation")),
        "gpuIds": container.gpu_ids or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _bindings(task: Task, container: Container) -> list[View]:
    """Ports of the bridge network that the task definition fixes."""
    if task.definition.content.get("networkMode", "bridge") != "bridge":
        return []
    return [
        {
            "bindIP": "0.0.0.0",  # noqa: S104 - what ECS says; nothing listens there
            "containerPort": each["containerPort"],
            "hostPort": each["hostPort"],
            "protocol": each.get("protocol", "tcp"),
        }
        for each in container.launch.get("portMappings", [])
        if each.get("hostPort")
    ]


def _attribute(name: str, value: str | None) -> View:
    return {"name": name} if value is None else {"name": name, "value": value}


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def on_the_wire(value: Any) -> Any:
    """AWS JSON 1.1: times are seconds since the epoch."""
    return _mapped(value, lambda time: round(time.timestamp(), 3))


def in_an_event(value: Any) -> Any:
    """EventBridge: times are ISO 8601 in UTC, to the millisecond."""
    return _mapped(value, iso)


def iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"


def _mapped(value: Any, of_time: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _mapped(each, of_time) for name, each in value.items()}
    if isinstance(value, list):
        return [_mapped(each, of_time) for each in value]
    return of_time(value) if isinstance(value, datetime) else value
