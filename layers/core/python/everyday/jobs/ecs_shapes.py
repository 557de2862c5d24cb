"""Container instances and tasks as ECS tells of them: one shape for what Describe answers and for events.

Events say times as ISO 8601 text, Describe as datetimes; everything else is the same (ECS developer guide,
«Amazon ECS task state change events»).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from everyday.errors import InvalidMessageError
from everyday.jobs.model import Amount, ContainerInstance, Demand, Task

Detail = Mapping[str, Any]

_ENDED_BY_ECS = 143  # SIGTERM: what the other containers of a task get when an essential one has exited


def instance_of(detail: Detail) -> ContainerInstance:
    """A container instance. Raises InvalidMessageError naming the field.

    `remainingResources` tells of CPU, MEMORY and GPU what is free, but of PORTS and PORTS_UDP what is in use.
    An attribute without a value has the value "".
    """
    registered, remaining = (_resources(detail, it) for it in ("registeredResources", "remainingResources"))
    return ContainerInstance(
        arn=_text(detail, "containerInstanceArn"),
        ec2_id=_text(detail, "ec2InstanceId"),
        version=_number(detail, "version"),
        registered=_amount(registered),
        remaining=_amount(remaining),
        status=_text(detail, "status"),
        agent_connected=bool(detail.get("agentConnected")),
        running_tasks=int(detail.get("runningTasksCount") or 0),
        pending_tasks=int(detail.get("pendingTasksCount") or 0),
        ports=frozenset(_ports(remaining)),
        attributes={it["name"]: it.get("value") or "" for it in detail.get("attributes") or ()},
        capacity_provider=detail.get("capacityProviderName"),
    )


def task_of(detail: Detail) -> Task:
    """A task. Raises InvalidMessageError naming the field."""
    containers: Sequence[Detail] = detail.get("containers") or ()
    return Task(
        arn=_text(detail, "taskArn"),
        version=_number(detail, "version"),
        status=_text(detail, "lastStatus"),
        demand=_demand(detail, containers),
        definition=detail.get("taskDefinitionArn") or "",
        instance=detail.get("containerInstanceArn"),
        desired=detail.get("desiredStatus") or "RUNNING",
        started_by=detail.get("startedBy"),
        group=detail.get("group"),
        stop_code=detail.get("stopCode"),
        stopped_reason=_why_stopped(detail, containers),
        exit_code=_exit_code(it["exitCode"] for it in containers if it.get("exitCode") is not None),
        started_at=_moment(detail, "startedAt"),
        stopped_at=_moment(detail, "stoppedAt"),
    )


def cluster_of(detail: Detail) -> str:
    """The name of the cluster. Raises InvalidMessageError."""
    return _text(detail, "clusterArn").rpartition("/")[2]


def _demand(detail: Detail, containers: Sequence[Detail]) -> Demand:
    """What the task holds: the task's own cpu and memory if it has them, else the sums over its containers.

    Of a container memoryReservation goes before memory, and no cpu means 0 (ECS developer guide, «Task
    definition parameters»). The host's ports are known only while the containers run.
    """
    said = detail.get("overrides") or {}
    overrides = {it.get("name"): it for it in said.get("containerOverrides") or ()}
    laid = [{**it, **overrides.get(it.get("name"), {})} for it in containers]
    cpu = whole(said.get("cpu")) or whole(detail.get("cpu")) or sum(whole(it.get("cpu")) for it in laid)
    memory = whole(said.get("memory")) or whole(detail.get("memory")) or sum(map(_reserved, laid))
    gpu = sum(len(it.get("gpuIds") or ()) for it in containers)
    return Demand(Amount(cpu, memory, gpu), tuple(sorted(set(_bound(containers)))))


def _reserved(container: Detail) -> int:
    return whole(container.get("memoryReservation")) or whole(container.get("memory"))


def _bound(containers: Iterable[Detail]) -> Iterator[str]:
    for container in containers:
        for binding in container.get("networkBindings") or ():
            if binding.get("hostPort"):
                yield f"{binding['hostPort']}/{binding.get('protocol') or 'tcp'}"


def _exit_code(codes: Iterable[int]) -> int | None:
    """The task's: 0 when all ended well, not counting those that ECS ended because another one had ended."""
    told = list(codes)
    bad = [it for it in told if it != 0 and not (it == _ENDED_BY_ECS and 0 in told)]
    return next(iter(bad or told), None)


def _why_stopped(detail: Detail, containers: Iterable[Detail]) -> str | None:
    """ECS's reason with those of the containers: why an image was not found stands only there."""
    said = [detail.get("stoppedReason"), *(it.get("reason") for it in containers)]
    return "; ".join(dict.fromkeys(it for it in said if it)) or None


def _resources(detail: Detail, field: str) -> Mapping[str, Detail]:
    given = detail.get(field)
    if not isinstance(given, Sequence) or not all(isinstance(it, Mapping) and "name" in it for it in given):
        raise InvalidMessageError(f"{field}: expected a list of named resources")
    return {it["name"]: it for it in given}


def _amount(resources: Mapping[str, Detail]) -> Amount:
    return Amount(*(_count(resources.get(it, {})) for it in ("CPU", "MEMORY", "GPU")))


def _count(resource: Detail) -> int:
    """GPUs are listed by id, the others are numbers."""
    named = resource.get("stringSetValue")
    return len(named) if named else int(resource.get("integerValue") or 0)


def _ports(remaining: Mapping[str, Detail]) -> Iterator[str]:
    for name, protocol in (("PORTS", "tcp"), ("PORTS_UDP", "udp")):
        for port in remaining.get(name, {}).get("stringSetValue") or ():
            yield f"{port}/{protocol}"


def _text(detail: Detail, field: str) -> str:
    value = detail.get(field)
    if not isinstance(value, str) or not value:
        raise InvalidMessageError(f"{field}: expected a text, got {value!r}")
    return value


def _number(detail: Detail, field: str) -> int:
    value = detail.get(field)
    if not isinstance(value, int):
        raise InvalidMessageError(f"{field}: expected a whole number, got {value!r}")
    return value


def whole(value: object, field: str = "size") -> int:
    """A size of a task or container: a number, or a text such as `512`, `1 vCPU`, `.25 vcpu`, `1 GB` (ECS
    developer guide, «Task size»); 0 when there is none. Raises InvalidMessageError."""
    match = re.fullmatch(r"(\d+)|([\d.]+)\s*(?:vcpu|gb)", str(value or 0).strip().lower())
    try:
        return int(match[1]) if match and match[1] else round(float(match[2] if match else "") * 1024)
    except ValueError as error:
        raise InvalidMessageError(f"{field}: {value!r} is no size") from error


def _moment(detail: Detail, field: str) -> int | None:
    """Milliseconds since 1970 in UTC."""
    value = detail.get(field)
    if value is None:
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise InvalidMessageError(f"{field}: {error}") from error
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
