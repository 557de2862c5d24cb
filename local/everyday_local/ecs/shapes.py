"""Requests against ECS's own service model, as botocore brings it."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

from everyday_local.ecs.errors import EcsError, invalid

TARGET = "AmazonEC2ContainerServiceV20141113"


@cache
def model() -> ServiceModel:
    # By hand: a session would load all of botocore before the stand-in can start.
    return ServiceModel(Loader().load_service_model("ecs", "service-2"), "ecs")


def check(action: str, params: Mapping[str, Any]) -> None:
    """Raises EcsError for an action ECS has not, and for members that are missing, unknown, of another type
    or not among the values of their enumeration.
    """
    if action not in model().operation_names:
        raise EcsError("UnknownOperationException", f"There is no action {action}.")
    shape = model().operation_model(action).input_shape
    if shape is None:
        return
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        raise invalid(report.generate_report())
    _check_values(params, shape, "")


def _check_values(value: Any, shape: Shape, path: str) -> None:
    """Enumerations, which botocore's validator leaves to the service."""
    if isinstance(shape, StructureShape):
        for name, inner in value.items():
            _check_values(inner, shape.members[name], f"{path}.{name}".lstrip("."))
    elif isinstance(shape, ListShape):
        for number, inner in enumerate(value):
            _check_values(inner, shape.member, f"{path}[{number}]")
    elif isinstance(shape, MapShape):
        for name, inner in value.items():
            _check_values(inner, shape.value, f"{path}.{name}")
    elif shape.type_name == "string" and (allowed := shape.metadata.get("enum")) and value not in allowed:
        raise invalid(f"{path} must be one of {', '.join(allowed)}; it is {value!r}.")


def listed(params: Mapping[str, Any], name: str, *, most: int = 100) -> list[str]:
    """A list of 1 to `most` ids or ARNs. Raises EcsError (InvalidParameterException)."""
    values: list[str] = params.get(name, [])
    if not values:
        raise invalid(f"{name[0].upper()}{name[1:]} cannot be empty.")
    if len(values) > most:
        raise invalid(f"{name} cannot have more than {most} elements.")
    return values
