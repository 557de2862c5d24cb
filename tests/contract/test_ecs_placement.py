"""Where the ECS stand-in places tasks, and what it says when it cannot."""

from collections import Counter
from typing import Any

import pytest

from everyday_local.ecs.ecs import Ecs
from tests.contract.ecs_world import amounts, container, define, pin, refused, run

AGENT_PORTS = {"22", "2375", "2376", "51678", "51679"}


def reasons(answer: dict[str, Any]) -> dict[str, str]:
    return {failure["arn"]: failure["reason"] for failure in answer["failures"]}


def test_what_fits_starts_and_the_rest_fails_with_the_reason(ecs: Ecs, aws: Any) -> None:
    """API reference, RunTask: `tasks` and `failures`; developer guide, API failure reasons: RESOURCE:*."""
    instance = ecs.add_instance(cpu=1024, memory=512)
    define(aws)
    answer = aws.run_task(taskDefinition="work", count=10)
    assert len(answer["tasks"]) == 5
    assert reasons(answer) == {instance.arn: "RESOURCE:MEMORY"}
    assert amounts(aws, instance)["MEMORY"] == 12
    again = aws.run_task(taskDefinition="work")
    assert (again["tasks"], reasons(again)) == ([], {instance.arn: "RESOURCE:MEMORY"})


def test_ten_instances_with_half_the_room_are_not_room(ecs: Ecs, aws: Any) -> None:
    """A task runs on one instance: ten times 50 MiB do not hold 100."""
    instances = [ecs.add_instance(cpu=0, memory=50) for _ in range(10)]
    define(aws)
    answer = aws.run_task(taskDefinition="work")
    assert answer["tasks"] == []
    assert reasons(answer) == {each.arn: "RESOURCE:MEMORY" for each in instances}


@pytest.mark.parametrize(
    ("members", "overrides", "taken"),
    [
        ({"containerDefinitions": [container(memory=100)]}, {}, (0, 100)),
        ({"containerDefinitions": [container(memory=100, memoryReservation=60, cpu=5)]}, {}, (5, 60)),
        ({"containerDefinitions": [container(cpu=5), container("b", cpu=6, memory=50)]}, {}, (11, 150)),
        ({"containerDefinitions": [container(cpu=5)], "memory": "200", "cpu": "64"}, {}, (64, 200)),
        ({"containerDefinitions": [container(cpu=5)], "memory": "1 GB", "cpu": ".5 vCPU"}, {}, (512, 1024)),
        ({"containerDefinitions": [container(cpu=5)], "memory": "200"}, {"memory": "300"}, (5, 300)),
        (
            {"containerDefinitions": [container(cpu=5), container("b")]},
            {"containerOverrides": [{"name": "b", "cpu": 7, "memory": 30}]},
            (12, 130),
        ),
        (
            {"containerDefinitions": [container(memoryReservation=50)]},
            {"containerOverrides": [{"name": "main", "memoryReservation": 70}], "cpu": "9"},
            (9, 70),
        ),
    ],
)
def test_a_task_takes_what_its_definition_and_its_overrides_say(
    ecs: Ecs, aws: Any, members: dict[str, Any], overrides: dict[str, Any], taken: tuple[int, int]
) -> None:
    """API reference, ContainerDefinition: memoryReservation is subtracted, else memory; the task's own size
    comes first; a container that says no cpu reserves none.
    """
    instance = ecs.add_instance(cpu=2048, memory=2048)
    define(aws, **members)
    run(aws, overrides=overrides)
    left = amounts(aws, instance)
    assert (2048 - left["CPU"], 2048 - left["MEMORY"]) == taken
    registered = amounts(aws, instance, "registeredResources")
    assert (registered["CPU"], registered["MEMORY"]) == (2048, 2048)


def test_ports_are_listed_while_they_are_in_use(ecs: Ecs, aws: Any) -> None:
    """API reference, remainingResources: ports that are taken; others are available."""
    instance = ecs.add_instance(cpu=0, memory=512)
    ports = [
        {"containerPort": 80, "hostPort": 8080},
        {"containerPort": 53, "hostPort": 53, "protocol": "udp"},
        {"containerPort": 9000},
    ]
    define(aws, containerDefinitions=[container(portMappings=ports)])
    assert set(amounts(aws, instance)["PORTS"]) == AGENT_PORTS
    arn = run(aws)
    assert set(amounts(aws, instance)["PORTS"]) == AGENT_PORTS | {"8080"}
    assert amounts(aws, instance)["PORTS_UDP"] == ["53"]
    assert set(amounts(aws, instance, "registeredResources")["PORTS"]) == AGENT_PORTS
    assert reasons(aws.run_task(taskDefinition="work")) == {instance.arn: "RESOURCE:PORTS"}
    aws.stop_task(task=arn)
    assert set(amounts(aws, instance)["PORTS"]) == AGENT_PORTS
    run(aws)


def test_only_host_and_bridge_networks_take_ports(ecs: Ecs, aws: Any) -> None:
    """API reference, PortMapping: in `host` the host port is the container port; `awsvpc` takes none."""
    ecs.add_instance(cpu=0, memory=512)
    ports = [{"containerPort": 8080}]
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    define(aws, "host", networkMode="host", containerDefinitions=[container(portMappings=ports)])
    define(aws, "vpc", networkMode="awsvpc", containerDefinitions=[container(portMappings=ports)])
    run(aws, taskDefinition="host")
    assert set(reasons(aws.run_task(taskDefinition="host")).values()) == {"RESOURCE:PORTS"}
    assert refused(aws.run_task, taskDefinition="vpc")[0] == "InvalidParameterException"
    for _ in range(2):
        run(aws, taskDefinition="vpc", networkConfiguration=network)
    left = aws.run_task(taskDefinition="vpc", networkConfiguration=network)
    assert set(reasons(left).values()) == {"RESOURCE:ENI"}


def test_gpus_are_handed_out_by_id(ecs: Ecs, aws: Any) -> None:
    """API reference, Resource: GPU is a STRINGSET of ids."""
    instance = ecs.add_instance(cpu=0, memory=1024, gpus=3)
    needs = [{"type": "GPU", "value": "2"}]
    define(aws, containerDefinitions=[container(resourceRequirements=needs)])
    everything = set(amounts(aws, instance)["GPU"])
    told = aws.run_task(taskDefinition="work")["tasks"][0]
    mine = set(told["containers"][0]["gpuIds"])
    assert len(mine) == 2
    assert set(amounts(aws, instance)["GPU"]) == everything - mine
    assert reasons(aws.run_task(taskDefinition="work")) == {instance.arn: "RESOURCE:GPU"}
    aws.stop_task(task=told["taskArn"])
    assert set(amounts(aws, instance)["GPU"]) == everything


def test_no_task_is_placed_where_the_agent_is_gone_or_the_instance_drains(ecs: Ecs, aws: Any) -> None:
    """API reference, agentConnected: «Only instances connected to an agent can accept placement requests»;
    developer guide, API failure reasons: AGENT, and for StartTask MISSING and INACTIVE.
    """
    cut, draining, gone = (ecs.add_instance(cpu=0, memory=512) for _ in range(3))
    define(aws)
    ecs.connect(cut, connected=False)
    aws.update_container_instances_state(containerInstances=[draining.id], status="DRAINING")
    aws.deregister_container_instance(containerInstance=gone.id)
    answer = aws.run_task(taskDefinition="work")
    assert (answer["tasks"], reasons(answer)) == ([], {cut.arn: "AGENT"})
    everywhere = [cut.arn, draining.id, gone.arn, "nowhere"]
    started = reasons(aws.start_task(taskDefinition="work", containerInstances=everywhere))
    assert started[cut.arn] == "AGENT"
    assert started[draining.arn] == started[gone.arn] == "INACTIVE"
    assert started["arn:aws:ecs:us-east-1:000000000000:container-instance/default/nowhere"] == "MISSING"


def test_a_cluster_without_instances_refuses_the_call(ecs: Ecs, aws: Any) -> None:
    """Seen on AWS (aws/amazon-ecs-cli#1122): InvalidParameterException, not a failure."""
    define(aws)
    code, message = refused(aws.run_task, taskDefinition="work")
    assert (code, message) == (
        "InvalidParameterException",
        "No Container Instances were found in your cluster.",
    )


def test_an_instance_without_a_needed_attribute_is_passed_over(ecs: Ecs, aws: Any) -> None:
    """Developer guide, API failure reasons: ATTRIBUTE."""
    instance = ecs.add_instance(cpu=0, memory=512)
    logs = {"logDriver": "splunk"}
    define(aws, containerDefinitions=[container(logConfiguration=logs)])
    assert reasons(aws.run_task(taskDefinition="work")) == {instance.arn: "ATTRIBUTE"}
    driver = "com.amazonaws.ecs.capability.logging-driver.splunk"
    aws.put_attributes(
        attributes=[{"name": driver, "targetId": instance.arn, "targetType": "container-instance"}]
    )
    run(aws)


def test_a_pinned_task_goes_to_its_machine_or_nowhere(ecs: Ecs, aws: Any) -> None:
    """Developer guide, cluster query language: ec2InstanceId; seen on AWS (amazon-ecs-agent#3044): «MemberOf
    placement constraint unsatisfied.»
    """
    other, mine = ecs.add_instance(cpu=0, memory=512), ecs.add_instance(cpu=0, memory=150)
    define(aws)
    constraint = [{"type": "memberOf", "expression": f"ec2InstanceId == {mine.ec2_id}"}]
    told = aws.run_task(taskDefinition="work", placementConstraints=constraint)["tasks"][0]
    assert told["containerInstanceArn"] == mine.arn
    answer = aws.run_task(taskDefinition="work", placementConstraints=constraint)
    assert answer["tasks"] == []
    assert reasons(answer) == {
        mine.arn: "RESOURCE:MEMORY",
        other.arn: "MemberOf placement constraint unsatisfied.",
    }
    assert set(reasons(aws.run_task(taskDefinition="work", placementConstraints=pin("i-0"))).values()) == {
        "MemberOf placement constraint unsatisfied."
    }


def test_constraints_of_the_definition_and_of_the_call_all_hold(ecs: Ecs, aws: Any) -> None:
    ecs.add_instance(cpu=0, memory=512, attributes={"ecs.instance-type": "t3.small"})
    large = ecs.add_instance(cpu=0, memory=512, attributes={"ecs.instance-type": "m5.large", "disk": "ssd"})
    ecs.add_instance(cpu=0, memory=512, attributes={"ecs.instance-type": "m5.large"})
    of_definition = [{"type": "memberOf", "expression": "attribute:ecs.instance-type =~ m5.*"}]
    define(aws, placementConstraints=of_definition)
    of_call = [{"type": "memberOf", "expression": "attribute:disk exists"}]
    told = aws.run_task(taskDefinition="work", placementConstraints=of_call, count=5)
    assert {task["containerInstanceArn"] for task in told["tasks"]} == {large.arn}


def test_distinct_instances_hold_one_task_of_a_group_each(ecs: Ecs, aws: Any) -> None:
    """Developer guide, task placement constraints: distinctInstance."""
    instances = {ecs.add_instance(cpu=0, memory=512).arn for _ in range(3)}
    define(aws)
    distinct = [{"type": "distinctInstance"}]
    answer = aws.run_task(taskDefinition="work", placementConstraints=distinct, count=4)
    assert {task["containerInstanceArn"] for task in answer["tasks"]} == instances
    assert len(answer["tasks"]) == 3
    assert set(reasons(answer)) == instances


def test_strategies_pack_and_spread(ecs: Ecs, aws: Any) -> None:
    """API reference, PlacementStrategy: binpack takes the least that is left; spread evens out."""
    small = ecs.add_instance(cpu=0, memory=250, attributes={"ecs.availability-zone": "us-east-1b"})
    for _ in range(3):
        ecs.add_instance(cpu=0, memory=1000)
    define(aws)
    packed = aws.run_task(taskDefinition="work", count=2, placementStrategy=[_strategy("binpack", "memory")])
    assert {task["containerInstanceArn"] for task in packed["tasks"]} == {small.arn}
    spread = [_strategy("spread", "instanceId")]
    even = aws.run_task(taskDefinition="work", group="batch", count=6, placementStrategy=spread)
    assert set(Counter(task["containerInstanceArn"] for task in even["tasks"]).values()) == {2}
    zones = [_strategy("spread", "attribute:ecs.availability-zone")]
    ecs.add_instance(cpu=0, memory=1000, attributes={"ecs.availability-zone": "us-east-1b"})
    told = aws.run_task(taskDefinition="work", group="zones", count=4, placementStrategy=zones)["tasks"]
    assert Counter(task["availabilityZone"] for task in told) == {"us-east-1a": 2, "us-east-1b": 2}


def _strategy(kind: str, field: str) -> dict[str, str]:
    return {"type": kind, "field": field}


@pytest.mark.parametrize(
    "params",
    [
        {"count": 0},
        {"count": 11},
        {"startedBy": "x" * 129},
        {"startedBy": "job#1"},
        {"group": "x" * 256},
        {"clientToken": "x" * 65},
        {"clientToken": "a b"},
        {"clientToken": "é"},
        {"placementStrategy": [{"type": "random"}] * 6},
        {"placementStrategy": [{"type": "binpack", "field": "disk"}]},
        {"placementStrategy": [{"type": "spread", "field": "moon"}]},
        {"placementConstraints": [{"type": "memberOf", "expression": "runningTasksCount < 9"}] * 11},
        {"placementConstraints": [{"type": "memberOf"}]},
        {"placementConstraints": [{"type": "distinctInstance", "expression": "runningTasksCount < 9"}]},
        {"placementConstraints": [{"type": "memberOf", "expression": "moon == full"}]},
        {
            "placementConstraints": [
                {
                    "type": "memberOf",
                    "expression": f"ec2InstanceId in [{','.join(['i-0123456789abcdef0'] * 101)}]",
                }
            ]
        },
        {"overrides": {"containerOverrides": [{"name": "nobody"}]}},
        {"overrides": {"memory": "lots"}},
        {"launchType": "EC2", "capacityProviderStrategy": [{"capacityProvider": "spot"}]},
        {"tags": [{"key": "aws:mine", "value": "x"}]},
    ],
)
def test_a_call_beyond_the_limits_is_refused_and_places_nothing(
    ecs: Ecs, aws: Any, params: dict[str, Any]
) -> None:
    """API reference, RunTask: count <= 10, startedBy <= 128 of A-Za-z0-9-/_, clientToken <= 64 of 33-126,
    <= 5 strategies, <= 10 constraints, expression <= 2,000 characters, no launch type with a provider.
    """
    ecs.add_instance(cpu=0, memory=512)
    define(aws)
    assert refused(aws.run_task, taskDefinition="work", **params)[0] == "InvalidParameterException"
    assert aws.list_tasks()["taskArns"] == []


def test_a_call_at_the_limits_is_taken(ecs: Ecs, aws: Any) -> None:
    ecs.add_instance(cpu=0, memory=1024)
    define(aws)
    expression = "runningTasksCount < 99".ljust(2000)
    answer = aws.run_task(
        taskDefinition="work",
        count=10,
        startedBy="Aa0-/_" + "x" * 122,
        clientToken="!~" + "x" * 62,
        placementStrategy=[{"type": "random"}] * 5,
        placementConstraints=[{"type": "memberOf", "expression": expression}] * 10,
    )
    assert len(answer["tasks"]) == 10


def test_start_task_takes_a_shorter_started_by_and_ten_instances(ecs: Ecs, aws: Any) -> None:
    """API reference, StartTask: startedBy <= 36; up to 10 container instances."""
    instance = ecs.add_instance(cpu=0, memory=1024)
    define(aws)
    here = {"taskDefinition": "work", "containerInstances": [instance.arn]}
    assert len(aws.start_task(**here, startedBy="x" * 36)["tasks"]) == 1
    assert refused(aws.start_task, **here, startedBy="x" * 37)[0] == "InvalidParameterException"
    crowd = {"taskDefinition": "work", "containerInstances": [instance.arn] * 11}
    assert refused(aws.start_task, **crowd)[0] == "InvalidParameterException"


def test_definitions_have_revisions_and_only_active_ones_run(ecs: Ecs, aws: Any) -> None:
    """API reference, taskDefinition of RunTask: the family means its latest active revision; seen on AWS
    (DefangLabs/defang#775): «TaskDefinition is inactive».
    """
    ecs.add_instance(cpu=0, memory=512)
    first, second = define(aws), define(aws)
    assert (first[-7:], second[-7:]) == ("/work:1", "/work:2")
    assert run_definition(aws, "work") == second
    assert run_definition(aws, "work:1") == run_definition(aws, first) == first
    aws.deregister_task_definition(taskDefinition="work:2")
    assert run_definition(aws, "work") == first
    assert refused(aws.run_task, taskDefinition=second) == (
        "InvalidParameterException",
        "TaskDefinition is inactive",
    )
    assert refused(aws.run_task, taskDefinition="gone") == ("ClientException", "TaskDefinition not found.")
    assert aws.list_task_definitions()["taskDefinitionArns"] == [first]
    assert aws.list_task_definitions(status="INACTIVE")["taskDefinitionArns"] == [second]
    assert aws.describe_task_definition(taskDefinition=second)["taskDefinition"]["status"] == "INACTIVE"
    assert define(aws)[-7:] == "/work:3"


def run_definition(aws: Any, reference: str) -> str:
    arn: str = aws.run_task(taskDefinition=reference)["tasks"][0]["taskDefinitionArn"]
    return arn


@pytest.mark.parametrize(
    "members",
    [
        {"family": "no spaces"},
        {"containerDefinitions": []},
        {"containerDefinitions": [{"name": "main", "image": "x"}]},
        {"containerDefinitions": [container(memory=5)]},
        {"containerDefinitions": [container(memory=100, memoryReservation=100)]},
        {"containerDefinitions": [container(), container()]},
        {"containerDefinitions": [container(essential=False)]},
        {"containerDefinitions": [container("no spaces")]},
        {"containerDefinitions": [container(memory=300)], "memory": "200"},
        {"containerDefinitions": [container()], "cpu": "much"},
        {"containerDefinitions": [container(resourceRequirements=[{"type": "GPU", "value": "some"}])]},
        {
            "networkMode": "host",
            "containerDefinitions": [container(portMappings=[{"containerPort": 80, "hostPort": 81}])],
        },
        {"containerDefinitions": [container()], "requiresCompatibilities": ["FARGATE"]},
    ],
)
def test_a_bad_definition_is_refused(aws: Any, members: dict[str, Any]) -> None:
    """API reference, RegisterTaskDefinition and ContainerDefinition."""
    whole = {"family": "work", "containerDefinitions": [container()], **members}
    assert refused(aws.register_task_definition, **whole)[0] == "ClientException"
    assert aws.list_task_definitions()["taskDefinitionArns"] == []
