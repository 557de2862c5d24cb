"""An ECS stand-in for one test, behind one server and one boto3 client for all of them."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from starlette.types import ASGIApp, Receive, Scope, Send

from everyday_local.ecs.app import build_app
from everyday_local.ecs.ecs import Ecs
from everyday_local.ecs.records import Instance
from everyday_local.serving import served


class Switchboard:
    """Serves whichever stand-in is plugged in."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None, "no stand-in is plugged in"
        await self.app(scope, receive, send)


def boto_client(url: str) -> Any:
    """An unmodified boto3 client that tries once."""
    config = Config(retries={"total_max_attempts": 1}, max_pool_connections=20, read_timeout=10)
    session = boto3.Session("test", "test", region_name="us-east-1")
    return session.client("ecs", endpoint_url=url, config=config)


@pytest.fixture(scope="session")
def ecs_board() -> Iterator[tuple[Switchboard, str, Any]]:
    board = Switchboard()
    with served(board) as url:
        yield board, url, boto_client(url)


@pytest.fixture
def ecs(ecs_board: tuple[Switchboard, str, Any]) -> Iterator[Ecs]:
    """A new account with an empty cluster `default`; its clock stands until it is advanced."""
    ecs = Ecs(seed=7)
    ecs.throttle.scale = 0
    ecs.add_cluster()
    ecs_board[0].app = build_app(ecs)
    yield ecs
    ecs_board[0].app = None


@pytest.fixture
def aws(ecs_board: tuple[Switchboard, str, Any], ecs: Ecs) -> Any:
    """boto3's client of `ecs`."""
    return ecs_board[2]


@pytest.fixture
def ecs_url(ecs_board: tuple[Switchboard, str, Any], ecs: Ecs) -> str:
    return ecs_board[1]


def refused(call: Any, **params: Any) -> tuple[str, str]:
    """The code and the message with which this call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def container(name: str = "main", **members: Any) -> dict[str, Any]:
    return {"name": name, "image": "image", **({"memory": 100} if "memory" not in members else {}), **members}


def define(aws: Any, family: str = "work", **members: Any) -> str:
    """Register a task definition of one container of 100 MiB, unless members say otherwise; its ARN."""
    members.setdefault("containerDefinitions", [container()])
    arn: str = aws.register_task_definition(family=family, **members)["taskDefinition"]["taskDefinitionArn"]
    return arn


def amounts(aws: Any, instance: Instance, which: str = "remainingResources") -> dict[str, Any]:
    """An instance's resources by name."""
    told = aws.describe_container_instances(containerInstances=[instance.arn])["containerInstances"][0]
    return {each["name"]: each.get("stringSetValue", each["integerValue"]) for each in told[which]}


def task(aws: Any, arn: str) -> dict[str, Any]:
    found: dict[str, Any] = aws.describe_tasks(tasks=[arn])["tasks"][0]
    return found


def run(aws: Any, **params: Any) -> str:
    """Run one task that has room; its ARN."""
    answer = aws.run_task(**{"taskDefinition": "work", **params})
    assert not answer["failures"]
    arn: str = answer["tasks"][0]["taskArn"]
    return arn


def pin(*ec2_ids: str) -> list[dict[str, str]]:
    """The placement constraint that allows only these machines."""
    return [{"type": "memberOf", "expression": f"ec2InstanceId in [{', '.join(ec2_ids)}]"}]


def seconds(text: float, **more: Any) -> dict[str, Any]:
    """Overrides that make a scripted task run this long."""
    environment = [{"name": "STANDIN_SECONDS", "value": str(text)}]
    environment += [{"name": name, "value": str(value)} for name, value in more.items()]
    return {"containerOverrides": [{"name": "main", "environment": environment}]}
