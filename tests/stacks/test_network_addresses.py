"""What AWS's library makes of the variables that a function in the network is told."""

from typing import Any

import boto3
import pytest

from tests.stacks.conftest import Synthesised

QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/wakes"


class Seen(Exception):
    """The request was about to leave."""


@pytest.fixture
def told(aws: Synthesised, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a function that stands in the network, as far as it is about addresses."""
    functions = aws.resources("AWS::Lambda::Function")
    (variables,) = (
        each["Properties"]["Environment"]["Variables"] for name, each in functions if "Snapshot" in name
    )
    for name, value in variables.items():
        if name.startswith("AWS_"):
            text = value if isinstance(value, str) else value["Fn::Join"][1][0] + "amazonaws.com"
            monkeypatch.setenv(name, text)


def _address(service: str, operation: str, **arguments: Any) -> str:
    session: Any = boto3.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
    )
    client = session.client(service)

    def stop(request: Any, **_: Any) -> None:
        raise Seen(request.url)

    client.meta.events.register("before-send", stop)
    with pytest.raises(Seen) as seen:
        getattr(client, operation)(**arguments)
    return str(seen.value)


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("service", "operation", "arguments", "address"),
    [
        ("sqs", "send_message", {"QueueUrl": QUEUE, "MessageBody": "{}"}, "sqs.us-east-1.api.aws"),
        ("ecs", "list_tasks", {"cluster": "everyday"}, "ecs.us-east-1.api.aws"),
        ("autoscaling", "describe_auto_scaling_groups", {}, "autoscaling.us-east-1.api.aws"),
        ("ec2", "describe_instance_types", {}, "ec2.us-east-1.api.aws"),
        # Its ordinary name has addresses of both kinds.
        ("secretsmanager", "get_secret_value", {"SecretId": "x"}, "secretsmanager.us-east-1.amazonaws.com"),
        # The gateway endpoint serves this one, over IPv4.
        ("dynamodb", "describe_table", {"TableName": "jobs"}, "dynamodb.us-east-1.amazonaws.com"),
    ],
)
def test_every_service_that_they_call_can_be_reached_without_an_ipv4_way_out(
    service: str, operation: str, arguments: dict[str, Any], address: str
) -> None:
    assert _address(service, operation, **arguments) == f"https://{address}/"
