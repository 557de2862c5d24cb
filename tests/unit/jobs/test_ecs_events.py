"""What ECS tells is read in one shape, from events and from Describe, and what is wrong is named."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from everyday.errors import InvalidMessageError
from everyday.jobs.definitions import definition_of
from everyday.jobs.ecs_events import parse_events
from everyday.jobs.ecs_shapes import instance_of, task_of
from everyday.jobs.model import Amount, ContainerInstance, Demand, Task

BATCH = json.loads((Path(__file__).parents[2] / "events" / "ecs_changes_batch.json").read_text())
TASK, INSTANCE = (json.loads(record["body"])["detail"] for record in BATCH["Records"][:2])


def test_a_batch_of_the_queue_is_read_and_the_poisonous_message_set_apart() -> None:
    batch = parse_events(BATCH)
    assert [type(it.change) for it in batch.told] == [Task, ContainerInstance, type(None)]
    assert {(it.cluster, it.sent_at) for it in batch.told} == {("everyday", 1777636865100)}
    ((message_id, reason),) = batch.unreadable
    assert message_id.startswith("00000003")
    assert reason.startswith("body: ")


def test_a_stopped_task_is_read_with_why_it_stopped() -> None:
    task = task_of(TASK)
    assert (task.status, task.stopped, task.exit_code) == ("STOPPED", True, 137)
    assert task.demand == Demand(Amount(128, 100), ("8080/tcp",))
    assert (task.started_by, task.group, task.version) == ("photo-resize/1", "everyday-jobs", 5)
    assert (task.started_at, task.stopped_at) == (1777636804250, 1777636864750)
    assert task.stopped_reason == (
        "Essential container in task exited; OutOfMemoryError: Container killed due to memory usage"
    )


def test_remaining_ports_are_those_in_use_and_gpus_are_counted() -> None:
    instance = instance_of(INSTANCE)
    assert (instance.registered, instance.remaining) == (Amount(2048, 3796, 2), Amount(1920, 3696, 1))
    assert instance.ports == {
        "22/tcp",
        "2375/tcp",
        "2376/tcp",
        "51678/tcp",
        "51679/tcp",
        "8080/tcp",
        "53/udp",
    }
    assert instance.attributes["ecs.instance-type"] == "c7g.large"
    assert instance.attributes["com.amazonaws.ecs.capability.docker-remote-api.1.19"] == ""
    assert (instance.open, instance.version, instance.ec2_id) == (True, 14801, "i-0f3f5a8c2b4d4e6f9")


def test_describe_tells_the_same_with_times_as_datetimes() -> None:
    times = {name: datetime.fromisoformat(TASK[name]) for name in ("startedAt", "stoppedAt")}
    assert task_of({**TASK, **times}) == task_of(TASK)
    naive = {name: moment.astimezone(UTC).replace(tzinfo=None) for name, moment in times.items()}
    assert task_of({**TASK, **naive}) == task_of(TASK)


@pytest.mark.parametrize(
    ("changes", "amount"),
    [
        ({}, Amount(128, 100)),
        ({"cpu": "0", "memory": "0"}, Amount(128, 100)),
        ({"cpu": None, "memory": None}, Amount(128, 100)),
        ({"cpu": "256", "memory": "1 GB"}, Amount(256, 1024)),
        ({"cpu": ".5 vCPU", "memory": "512"}, Amount(512, 512)),
        ({"overrides": {"memory": "300"}}, Amount(128, 300)),
        (
            {
                "memory": None,
                "overrides": {"containerOverrides": [{"name": "main", "memoryReservation": 70, "cpu": 1}]},
            },
            Amount(128, 70),
        ),
    ],
)
def test_a_task_holds_its_own_size_else_the_sum_over_its_containers(
    changes: dict[str, Any], amount: Amount
) -> None:
    assert task_of({**TASK, **changes}).demand.amount == amount


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([0], 0),
        ([3], 3),
        ([0, 143], 0),
        ([143], 143),
        ([0, 137], 137),
        ([0, 3], 3),
        ([None], None),
        ([], None),
    ],
)
def test_the_exit_code_of_a_task_is_that_of_what_went_wrong(
    codes: list[int | None], code: int | None
) -> None:
    containers = [{"name": str(number), "exitCode": each} for number, each in enumerate(codes)]
    assert task_of({**TASK, "containers": containers}).exit_code == code


@pytest.mark.parametrize("field", ["taskArn", "version", "lastStatus"])
def test_a_task_without_a_needed_field_is_refused_by_its_name(field: str) -> None:
    with pytest.raises(InvalidMessageError, match=field):
        task_of({**TASK, field: None})


@pytest.mark.parametrize(
    ("field", "value"),
    [("containerInstanceArn", None), ("version", "x"), ("registeredResources", None), ("status", 3)],
)
def test_an_instance_without_a_needed_field_is_refused_by_its_name(field: str, value: object) -> None:
    with pytest.raises(InvalidMessageError, match=field):
        instance_of({**INSTANCE, field: value})


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"source": "aws.s3"}, "source"),
        ({"source": "aws.ecs"}, "detail"),
        ({"source": "aws.ecs", "detail": {}}, "clusterArn"),
        ({"source": "aws.ecs", "detail": {"clusterArn": "c/x"}, "detail-type": "News"}, "detail-type"),
        ({"reconcile": 7}, "reconcile"),
        (
            {
                "source": "aws.ecs",
                "detail-type": "ECS Task State Change",
                "detail": {**TASK, "memory": "much"},
            },
            "",
        ),
    ],
)
def test_a_message_about_something_else_is_refused_with_the_field(
    message: dict[str, Any], reason: str
) -> None:
    batch = parse_events({"Records": [{"messageId": "1", "body": json.dumps(message)}]})
    assert (len(batch.told), len(batch.unreadable)) == (0, 1)
    assert reason in batch.unreadable[0].reason


def _definition(**changes: Any) -> dict[str, Any]:
    return {
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:1:task-definition/work:1",
        "family": "work",
        "status": "ACTIVE",
        "compatibilities": ["EC2", "FARGATE"],
        "containerDefinitions": [{"name": "main", "cpu": 128, "memory": 256, "memoryReservation": 100}],
        **changes,
    }


def _with_ports(mode: str | None, *mappings: dict[str, Any]) -> dict[str, Any]:
    containers = [{"name": "main", "memory": 100, "portMappings": list(mappings)}]
    return _definition(containerDefinitions=containers, **({"networkMode": mode} if mode else {}))


@pytest.mark.parametrize(
    ("definition", "demand"),
    [
        (_definition(), Demand(Amount(128, 100))),
        (_definition(cpu="512", memory="1 GB"), Demand(Amount(512, 1024))),
        (
            _definition(
                containerDefinitions=[
                    {"name": "a", "memory": 50},
                    {"name": "b", "memory": 60, "resourceRequirements": [{"type": "GPU", "value": "2"}]},
                ]
            ),
            Demand(Amount(0, 110, 2)),
        ),
        (_with_ports(None, {"containerPort": 80, "hostPort": 80}), Demand(Amount(0, 100), ("80/tcp",))),
        (_with_ports("bridge", {"containerPort": 80, "hostPort": 0}), Demand(Amount(0, 100))),
        (_with_ports("host", {"containerPort": 53, "protocol": "udp"}), Demand(Amount(0, 100), ("53/udp",))),
        (_with_ports("none", {"containerPort": 53, "hostPort": 53}), Demand(Amount(0, 100))),
        (
            _definition(
                requiresAttributes=[{"name": "com.amazonaws.ecs.capability.x"}],
                placementConstraints=[
                    {"type": "memberOf", "expression": "attribute:ecs.instance-type == c7g.large"},
                    {"type": "memberOf", "expression": "attribute:ssd exists"},
                ],
            ),
            Demand(
                Amount(128, 100),
                (),
                ("com.amazonaws.ecs.capability.x", "ecs.instance-type=c7g.large", "ssd"),
            ),
        ),
    ],
)
def test_a_definitions_demand_is_what_its_tasks_take(definition: dict[str, Any], demand: Demand) -> None:
    found = definition_of(definition)
    assert (found.demand, found.doubt) == (demand, None)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"status": "INACTIVE"}, "INACTIVE"),
        ({"compatibilities": ["FARGATE"]}, "Fargate"),
        ({"networkMode": "awsvpc"}, "awsvpc"),
        (
            {"placementConstraints": [{"type": "memberOf", "expression": "runningTasksCount < 3"}]},
            "runningTasksCount",
        ),
    ],
)
def test_what_cannot_be_placed_here_says_why(changes: dict[str, Any], word: str) -> None:
    assert word in (definition_of(_definition(**changes)).doubt or "")


def test_what_overrides_must_know_of_a_definition_is_told() -> None:
    found = definition_of(_definition(cpu="512"))
    assert (found.containers, found.task_level, found.soft) == (("main",), ("cpu",), True)
