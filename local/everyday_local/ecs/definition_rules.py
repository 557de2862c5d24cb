"""What ECS demands of a task definition before it takes it, after the API reference."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from everyday_local.ecs.errors import client_error
from everyday_local.ecs.placement import rules_of
from everyday_local.ecs.resources import cpu_units, mebibytes

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
SMALLEST_MEMORY = 6
"""MiB: the Docker daemon reserves 6 for a container, so ECS takes no less."""


def check_definition(params: Mapping[str, Any]) -> None:
    """Raises EcsError (ClientException) for a definition that ECS refuses."""
    containers: Sequence[Mapping[str, Any]] = params["containerDefinitions"]
    if not _NAME.fullmatch(params["family"]):
        raise client_error("Family contains invalid characters: use letters, numbers, hyphens, underscores.")
    if not containers:
        raise client_error("Container list cannot be empty.")
    for each in containers:
        _check_container(each, params)
    _check_together(containers)
    _check_size(containers, params)
    rules_of(params.get("placementConstraints", []))
    if any(each.get("type") != "memberOf" for each in params.get("placementConstraints", [])):
        raise client_error("The placement constraint of a task definition is of type memberOf.")
    if "FARGATE" in params.get("requiresCompatibilities", []):
        raise client_error("The stand-in has no Fargate.")


def required_attributes(params: Mapping[str, Any]) -> list[str]:
    """The instance attributes that ECS derives from a definition (the ones that matter to placement here)."""
    drivers = {each.get("logConfiguration", {}).get("logDriver") for each in params["containerDefinitions"]}
    needed = {f"com.amazonaws.ecs.capability.logging-driver.{driver}" for driver in drivers if driver}
    mode = params.get("networkMode", "bridge")
    if mode == "awsvpc":
        needed.add("ecs.capability.task-eni")
    if "taskRoleArn" in params:
        needed.add("com.amazonaws.ecs.capability.task-iam-role" + ("-network-host" if mode == "host" else ""))
    if "executionRoleArn" in params and "awslogs" in drivers:
        needed.add("ecs.capability.execution-role-awslogs")
    return sorted(needed)


def _check_container(container: Mapping[str, Any], params: Mapping[str, Any]) -> None:
    name = container.get("name", "")
    if not _NAME.fullmatch(name):
        raise client_error("Container.name contains invalid characters.")
    if not container.get("image"):
        raise client_error("Container.image should not be null or empty.")
    _check_memory(container, params)
    if container.get("cpu", 0) < 0:
        raise client_error(f"Invalid setting for container '{name}'. cpu must not be negative.")
    _check_ports(container, params.get("networkMode", "bridge"))
    for each in container.get("resourceRequirements", []):
        if each["type"] == "GPU" and not (each["value"].isdigit() and int(each["value"]) > 0):
            raise client_error(f"Invalid setting for container '{name}'. GPU needs a whole number above 0.")


def _check_memory(container: Mapping[str, Any], params: Mapping[str, Any]) -> None:
    hard, soft = container.get("memory"), container.get("memoryReservation")
    what = f"Invalid setting for container '{container['name']}'."
    if hard is None and soft is None and not params.get("memory"):
        raise client_error(f"{what} At least one of 'memory' or 'memoryReservation' must be specified.")
    if any(each is not None and each < SMALLEST_MEMORY for each in (hard, soft)):
        raise client_error(f"{what} The least memory is {SMALLEST_MEMORY} MiB.")
    if hard is not None and soft is not None and soft >= hard:
        raise client_error(f"{what} memory must exceed memoryReservation.")


def _check_ports(container: Mapping[str, Any], mode: str) -> None:
    for each in container.get("portMappings", []):
        inner, outer = each.get("containerPort"), each.get("hostPort")
        if inner is None and "containerPortRange" not in each:
            raise client_error("Container port must be specified.")
        if any(port is not None and not 0 <= port <= 65535 for port in (inner, outer)):
            raise client_error("A port is between 0 and 65535.")
        if mode in {"host", "awsvpc"} and outer not in {None, 0, inner}:
            raise client_error(f"With network mode {mode} the host port equals the container port.")


def _check_together(containers: Sequence[Mapping[str, Any]]) -> None:
    names = [each["name"] for each in containers]
    if len(set(names)) < len(names):
        raise client_error("Container names must be unique in a task definition.")
    if not any(each.get("essential", True) for each in containers):
        raise client_error("At least one container must be essential.")


def _check_size(containers: Sequence[Mapping[str, Any]], params: Mapping[str, Any]) -> None:
    """What the containers reserve must fit into what the task says it needs."""
    reserved = sum(each.get("memoryReservation") or each.get("memory") or 0 for each in containers)
    sizes: list[tuple[str, Callable[[str], int], int]] = [
        ("cpu", cpu_units, sum(each.get("cpu", 0) for each in containers)),
        ("memory", mebibytes, reserved),
    ]
    for name, parsed, needed in sizes:
        if params.get(name) and size(parsed, name, params[name]) < needed:
            raise client_error(f"Invalid setting: the containers need more than the task's {name}.")


def size(parsed: Callable[[str], int], name: str, text: str) -> int:
    """A task's cpu or memory. Raises EcsError (ClientException)."""
    try:
        value = parsed(text)
    except ValueError as error:
        raise client_error(f"Invalid '{name}' setting for task: {text!r}.") from error
    if value <= 0:
        raise client_error(f"Invalid '{name}' setting for task: {text!r}.")
    return value
