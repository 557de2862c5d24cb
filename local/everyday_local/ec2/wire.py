"""EC2's query protocol, by the service model that boto3 itself has: forms in, XML out.

An action, a parameter or a value that the model does not have is refused, as EC2 refuses it.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from xml.etree import ElementTree as Xml

from botocore.loaders import Loader
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

from everyday_local.ec2.things import Ec2Error

NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
_NEVER_SENT = {"Action", "Version"}


@cache
def service() -> ServiceModel:
    """EC2, as boto3 knows it."""
    return ServiceModel(Loader().load_service_model("ec2", "service-2"), "ec2")


def operation(form: Mapping[str, str]) -> OperationModel:
    """What is asked for. Raises Ec2Error."""
    name = form.get("Action", "")
    if name not in service().operation_names:
        raise Ec2Error("InvalidAction", f"The action {name} is not valid for this web service.")
    return service().operation_model(name)


def read(asked: OperationModel, form: Mapping[str, str]) -> dict[str, Any]:
    """The parameters. Raises Ec2Error for one that is unknown, missing or of another type."""
    left = {key: value for key, value in form.items() if key not in _NEVER_SENT}
    shape = asked.input_shape
    found = _structure(shape, "", left) if isinstance(shape, StructureShape) else {}
    if left:
        raise Ec2Error("UnknownParameter", f"The parameter {min(left)} is not recognized")
    for name in shape.required_members if isinstance(shape, StructureShape) else ():
        if name not in found:
            raise Ec2Error("MissingParameter", f"The request must contain the parameter {name}")
    return found


def write(asked: OperationModel, answer: Mapping[str, Any]) -> bytes:
    """The answer as XML. Raises KeyError for a member that the model does not have."""
    root = Xml.Element(f"{asked.name}Response", xmlns=NAMESPACE)
    Xml.SubElement(root, "requestId").text = "0"
    if asked.output_shape is not None:
        _write(asked.output_shape, answer, root)
    return bytes(Xml.tostring(root, encoding="utf-8"))


def refusal(error: Ec2Error) -> bytes:
    """An error as EC2 tells it."""
    root = Xml.Element("Response")
    told = Xml.SubElement(Xml.SubElement(root, "Errors"), "Error")
    Xml.SubElement(told, "Code").text = error.code
    Xml.SubElement(told, "Message").text = error.message
    Xml.SubElement(root, "RequestID").text = "0"
    return bytes(Xml.tostring(root, encoding="utf-8"))


def _structure(shape: StructureShape, prefix: str, left: dict[str, str]) -> dict[str, Any]:
    members = ((name, member, prefix + _sent_as(name, member)) for name, member in shape.members.items())
    return {name: _value(member, key, left) for name, member, key in members if _sent(key, left)}


def _value(shape: Shape, key: str, left: dict[str, str]) -> Any:
    if isinstance(shape, StructureShape):
        return _structure(shape, f"{key}.", left)
    if isinstance(shape, ListShape):
        return [_value(shape.member, f"{key}.{number}", left) for number in _numbers(key, left)]
    return _scalar(shape, key, left.pop(key))


def _scalar(shape: Shape, key: str, text: str) -> Any:
    try:
        match shape.type_name:
            case "integer" | "long":
                return int(text)
            case "boolean":
                return {"true": True, "false": False}[text]
            case "timestamp":
                return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, KeyError) as error:
        raise Ec2Error("InvalidParameterValue", f"Value ({text}) for parameter {key} is invalid.") from error
    allowed = shape.metadata.get("enum")
    if allowed and text not in allowed:
        raise Ec2Error("InvalidParameterValue", f"Value ({text}) for parameter {key} is invalid.")
    return text


def _numbers(key: str, left: Mapping[str, str]) -> Iterator[int]:
    number = 1
    while _sent(f"{key}.{number}", left):
        yield number
        number += 1


def _sent(key: str, left: Mapping[str, str]) -> bool:
    return any(each == key or each.startswith(f"{key}.") for each in left)


def _sent_as(name: str, shape: Shape) -> str:
    """The name on the wire: the model's own for queries, or the XML one with a capital."""
    if query := shape.serialization.get("queryName"):
        return str(query)
    told = shape.serialization.get("name", name)
    return str(told[:1].upper() + told[1:])


def _write(shape: Shape, value: Any, node: Xml.Element) -> None:
    if isinstance(shape, StructureShape):
        for name, each in value.items():
            if each is not None:
                member = shape.members[name]
                _write(member, each, Xml.SubElement(node, member.serialization.get("name", name)))
    elif isinstance(shape, ListShape):
        for each in value:
            _write(shape.member, each, Xml.SubElement(node, "item"))
    else:
        node.text = _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:%Y-%m-%dT%H:%M:%S.000Z}" if isinstance(value, datetime) else str(value)
