"""Task definitions as ECS tells of them: what their tasks need by default, and what cannot be placed here."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from everyday.jobs.ecs_shapes import whole
from everyday.jobs.model import Amount, Demand, TaskDefinition

Detail = Mapping[str, Any]

_ATTRIBUTE = re.compile(r"attribute:([\w./-]+)\s*(?:(exists)|==\s*([\w./:-]+))")
"""The placement expressions that an instance's attributes answer without asking ECS."""


def definition_of(detail: Detail) -> TaskDefinition:
    """What DescribeTaskDefinition says, as far as it decides where a task fits.

    A task needs the cpu and memory of the task if it has them, else the sums over its containers:
    memoryReservation before memory, no cpu means 0. Host ports count in the network modes host and bridge,
    if they are fixed; `requiresAttributes` is what ECS itself wants of an instance.
    """
    containers: Sequence[Detail] = detail.get("containerDefinitions") or ()
    task = {it: whole(detail[it], it) for it in ("cpu", "memory") if detail.get(it)}
    amount = Amount(
        task.get("cpu", sum(int(it.get("cpu") or 0) for it in containers)),
        task.get("memory", sum(_reserved(it) for it in containers)),
        sum(map(_gpus, containers)),
    )
    expressions = [str(it.get("expression") or "") for it in detail.get("placementConstraints") or ()]
    attributes = {*_required(detail), *filter(None, map(_attribute, expressions))}
    ports = sorted(set(_host_ports(detail.get("networkMode") or "bridge", containers)))
    return TaskDefinition(
        arn=detail["taskDefinitionArn"],
        family=detail["family"],
        demand=Demand(amount, tuple(ports), tuple(sorted(attributes))),
        containers=tuple(it["name"] for it in containers),
        doubt=_doubt(detail, expressions),
        task_level=tuple(task),
        soft=bool(containers and containers[0].get("memoryReservation")),
    )


def _doubt(detail: Detail, expressions: Sequence[str]) -> str | None:
    """Why no task of it can be placed by this scheduler."""
    unclear = [it for it in expressions if not _attribute(it)]
    doubts = {
        f"it is {detail.get('status')}; register it again": detail.get("status") not in {None, "ACTIVE"},
        "it needs Fargate; this cluster runs tasks on EC2": detail.get("compatibilities") == ["FARGATE"]
        or detail.get("requiresCompatibilities") == ["FARGATE"],
        "network mode awsvpc needs subnets, which jobs do not have; use bridge, host or none": detail.get(
            "networkMode"
        )
        == "awsvpc",
        f"its placement constraint {''.join(unclear[:1])!r} is more than `attribute:name == value` or "
        "`attribute:name exists`": bool(unclear),
    }
    return next((reason for reason, holds in doubts.items() if holds), None)


def _required(detail: Detail) -> Iterator[str]:
    for each in detail.get("requiresAttributes") or ():
        yield f"{each['name']}={each['value']}" if each.get("value") else each["name"]


def _attribute(expression: str) -> str | None:
    """The demand that a placement expression is; None when it is more than one attribute's."""
    match = _ATTRIBUTE.fullmatch(expression.strip())
    if not match:
        return None
    return match[1] if match[2] else f"{match[1]}={match[3]}"


def _reserved(container: Detail) -> int:
    return int(container.get("memoryReservation") or container.get("memory") or 0)


def _gpus(container: Detail) -> int:
    needed = container.get("resourceRequirements") or ()
    return sum(int(it["value"]) for it in needed if it["type"] == "GPU")


def _host_ports(mode: str, containers: Sequence[Detail]) -> Iterator[str]:
    """For port 0 in mode bridge Docker finds a free one, which nobody has to keep free."""
    if mode not in {"host", "bridge"}:
        return
    for container in containers:
        for mapping in container.get("portMappings") or ():
            port = mapping.get("hostPort") or (mapping.get("containerPort") if mode == "host" else 0)
            if port:
                yield f"{port}/{mapping.get('protocol') or 'tcp'}"
