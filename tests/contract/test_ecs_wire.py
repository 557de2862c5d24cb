"""The ECS stand-in's wire protocol against ECS's service model and what its API reference promises."""

import itertools
import json
from datetime import UTC
from typing import Any

import botocore.session
import pytest
import requests
from botocore.model import ListShape, Shape, StructureShape

from everyday_local.ecs.client import Client
from everyday_local.ecs.ecs import Ecs
from tests.contract.ecs_world import container, define, refused, run

MODEL = botocore.session.get_session().get_service_model("ecs")


def post(url: str, action: str, body: Any) -> requests.Response:
    target = {"x-amz-target": f"AmazonEC2ContainerServiceV20141113.{action}"}
    data = body if isinstance(body, str) else json.dumps(body)
    return requests.post(f"{url}/", data=data, headers=target, timeout=10)


def unknown(value: Any, shape: Shape, path: str = "") -> list[str]:
    """Members that ECS's model does not have."""
    if isinstance(shape, StructureShape):
        found = [f"{path}.{name}" for name in value.keys() - shape.members.keys()]
        known = [(name, each) for name, each in value.items() if name in shape.members]
        return found + [
            bad for name, each in known for bad in unknown(each, shape.members[name], f"{path}.{name}")
        ]
    if isinstance(shape, ListShape):
        return [bad for each in value for bad in unknown(each, shape.member, f"{path}[]")]
    return []


def test_every_answer_has_only_members_of_the_service_model(ecs: Ecs, ecs_url: str) -> None:
    """botocore's service-2.json for ECS: the output shapes."""
    instance = ecs.add_instance(cpu=2048, memory=2048, gpus=1)
    definition = {
        "family": "work",
        "containerDefinitions": [
            container(portMappings=[{"containerPort": 80, "hostPort": 8080}], command=["x"]),
            container("side", essential=False, resourceRequirements=[{"type": "GPU", "value": "1"}]),
        ],
    }
    calls: list[tuple[str, dict[str, Any]]] = [
        ("CreateCluster", {"clusterName": "other"}),
        ("DescribeClusters", {"clusters": ["other", "gone"]}),
        ("ListClusters", {}),
        ("RegisterTaskDefinition", definition),
        ("DescribeTaskDefinition", {"taskDefinition": "work"}),
        ("ListTaskDefinitions", {}),
        ("ListTaskDefinitionFamilies", {}),
        ("RegisterContainerInstance", {"totalResources": [{"name": "CPU", "integerValue": 1024}]}),
        ("RunTask", {"taskDefinition": "work", "count": 2, "overrides": {"cpu": "10"}}),
        ("StartTask", {"taskDefinition": "work", "containerInstances": [instance.id, "gone"]}),
        ("ListTasks", {}),
        ("ListContainerInstances", {"maxResults": 1}),
        ("DescribeContainerInstances", {"containerInstances": [instance.id, "gone"]}),
        ("UpdateContainerInstancesState", {"containerInstances": [instance.id], "status": "DRAINING"}),
        ("DeregisterContainerInstance", {"containerInstance": instance.id, "force": True}),
        ("DeregisterTaskDefinition", {"taskDefinition": "work:1"}),
        ("DeleteCluster", {"cluster": "other"}),
    ]
    for action, params in calls:
        answer = post(ecs_url, action, params)
        assert answer.status_code == 200, (action, answer.text)
        told = answer.json()
        assert told, action
        assert unknown(told, MODEL.operation_model(action).output_shape) == [], action
    tasks = post(ecs_url, "ListTasks", {"desiredStatus": "STOPPED"}).json()["taskArns"]
    told = post(ecs_url, "DescribeTasks", {"tasks": tasks}).json()
    assert told["tasks"]
    assert unknown(told, MODEL.operation_model("DescribeTasks").output_shape) == []


def test_times_are_seconds_since_the_epoch(ecs: Ecs, ecs_url: str, aws: Any) -> None:
    """AWS JSON 1.1: a timestamp is a number."""
    ecs.add_instance(cpu=0, memory=512)
    define(aws)
    run(aws)
    told = post(ecs_url, "RunTask", {"taskDefinition": "work"}).json()["tasks"][0]
    assert told["createdAt"] == ecs.now().timestamp()
    assert aws.describe_tasks(tasks=[told["taskArn"]])["tasks"][0]["createdAt"].astimezone(UTC) == ecs.now()


@pytest.mark.parametrize(
    ("action", "body", "code"),
    [
        ("RunTask", {}, "InvalidParameterException"),
        ("RunTask", {"taskDefinition": 1}, "InvalidParameterException"),
        ("RunTask", {"taskDefinition": "work", "colour": "red"}, "InvalidParameterException"),
        ("RunTask", {"taskDefinition": "work", "launchType": "MOON"}, "InvalidParameterException"),
        ("ListTasks", {"desiredStatus": "ASLEEP"}, "InvalidParameterException"),
        ("RunTask", "{", "SerializationException"),
        pytest.param("RunTask", '{"overrides":' * 10_000, "SerializationException", id="nested too deep"),
        ("RunTask", "[]", "SerializationException"),
        ("Dance", {}, "UnknownOperationException"),
    ],
)
def test_a_request_that_is_not_as_the_model_says_is_refused(
    ecs_url: str, action: str, body: Any, code: str
) -> None:
    """botocore's service-2.json for ECS: the input shapes."""
    answer = post(ecs_url, action, body)
    assert (answer.status_code, answer.json()["__type"]) == (400, code)


def test_what_only_the_real_one_has_is_refused_aloud(aws: Any) -> None:
    code, message = refused(aws.describe_services, services=["web"])
    assert code == "UnsupportedOperationException"
    assert "DescribeServices" in message


def test_a_cluster_that_is_not_there_is_not_found(ecs: Ecs, aws: Any) -> None:
    """API reference, RunTask and ListTasks: ClusterNotFoundException."""
    define(aws)
    for call, params in (
        (aws.run_task, {"taskDefinition": "work"}),
        (aws.list_tasks, {}),
        (aws.list_container_instances, {}),
        (aws.describe_tasks, {"tasks": ["x"]}),
    ):
        assert refused(call, cluster="gone", **params)[0] == "ClusterNotFoundException"
    other_account = "arn:aws:ecs:us-east-1:999999999999:cluster/default"
    assert refused(aws.list_tasks, cluster=other_account)[0] == "ClusterNotFoundException"


def test_clusters_are_separate_and_default_is_meant_when_none_is_named(ecs: Ecs, aws: Any) -> None:
    """API reference: «If you do not specify a cluster, the default cluster is assumed.»"""
    aws.create_cluster(clusterName="other")
    mine, theirs = ecs.add_instance(cpu=0, memory=512), ecs.add_instance("other", cpu=0, memory=512)
    assert aws.list_container_instances()["containerInstanceArns"] == [mine.arn]
    assert aws.list_container_instances(cluster="other")["containerInstanceArns"] == [theirs.arn]
    assert aws.describe_container_instances(containerInstances=[theirs.arn])["failures"] == [
        {"arn": theirs.arn, "reason": "MISSING"}
    ]
    assert len(aws.list_clusters()["clusterArns"]) == 2


def test_a_cluster_with_instances_cannot_be_deleted(ecs: Ecs, aws: Any) -> None:
    """API reference, DeleteCluster: deregister all container instances first; then it is INACTIVE."""
    instance = ecs.add_instance(cpu=0, memory=512)
    assert refused(aws.delete_cluster, cluster="default")[0] == "ClusterContainsContainerInstancesException"
    aws.deregister_container_instance(containerInstance=instance.arn)
    assert aws.delete_cluster(cluster="default")["cluster"]["status"] == "INACTIVE"
    assert aws.describe_clusters(clusters=["default"])["clusters"][0]["status"] == "INACTIVE"


def test_lists_come_in_pages_of_at_most_100(ecs: Ecs, aws: Any) -> None:
    """API reference, maxResults of ListTasks and ListContainerInstances: between 1 and 100, default 100."""
    arns = {ecs.add_instance(cpu=0, memory=512).arn for _ in range(230)}
    pages = list(aws.get_paginator("list_container_instances").paginate())
    assert [len(page["containerInstanceArns"]) for page in pages] == [100, 100, 30]
    assert set(itertools.chain.from_iterable(page["containerInstanceArns"] for page in pages)) == arns
    assert len(aws.list_container_instances(maxResults=7)["containerInstanceArns"]) == 7
    for size in (0, 101):
        assert refused(aws.list_container_instances, maxResults=size)[0] == "InvalidParameterException"


def test_a_token_of_another_question_is_refused(ecs: Ecs, aws: Any) -> None:
    for _ in range(3):
        ecs.add_instance(cpu=0, memory=512)
    token = aws.list_container_instances(maxResults=1)["nextToken"]
    for params in ({"nextToken": token, "status": "DRAINING"}, {"nextToken": "bm9uc2Vuc2U="}):
        assert refused(aws.list_container_instances, **params)[0] == "InvalidParameterException"


def test_describe_takes_1_to_100_and_names_what_is_missing(ecs: Ecs, aws: Any) -> None:
    """API reference: «A list of up to 100 task IDs or full ARN entries»; failures with MISSING."""
    instance = ecs.add_instance(cpu=0, memory=512)
    define(aws)
    arn = run(aws)
    told = aws.describe_tasks(tasks=[arn.rpartition("/")[2], "nobody"])
    assert [task["taskArn"] for task in told["tasks"]] == [arn]
    assert told["failures"] == [
        {"arn": "arn:aws:ecs:us-east-1:000000000000:task/default/nobody", "reason": "MISSING"}
    ]
    for ids in ([], ["x"] * 101):
        assert refused(aws.describe_tasks, tasks=ids)[0] == "InvalidParameterException"
        assert refused(aws.describe_container_instances, containerInstances=ids)[0] == (
            "InvalidParameterException"
        )
    assert aws.describe_container_instances(containerInstances=[instance.id])["failures"] == []


def test_list_tasks_shows_what_should_run_unless_asked_for_what_should_not(ecs: Ecs, aws: Any) -> None:
    """API reference, desiredStatus of ListTasks: default RUNNING; PENDING returns nothing."""
    ecs.add_instance(cpu=0, memory=512)
    define(aws)
    kept, ended = run(aws), run(aws)
    aws.stop_task(task=ended)
    assert aws.list_tasks()["taskArns"] == [kept]
    assert aws.list_tasks(desiredStatus="STOPPED")["taskArns"] == [ended]
    assert aws.list_tasks(desiredStatus="PENDING")["taskArns"] == []


def test_started_by_must_be_the_only_filter(ecs: Ecs, aws: Any) -> None:
    """API reference, startedBy of ListTasks: «it must be the only filter that you use»."""
    ecs.add_instance(cpu=0, memory=512)
    define(aws)
    mine = run(aws, startedBy="job-1/0")
    run(aws, startedBy="job-2/0")
    assert aws.list_tasks(startedBy="job-1/0", maxResults=1)["taskArns"] == [mine]
    for other in ({"desiredStatus": "STOPPED"}, {"family": "work"}, {"launchType": "EC2"}):
        assert refused(aws.list_tasks, startedBy="job-1/0", **other)[0] == "InvalidParameterException"


def test_list_tasks_filters_by_instance_and_family(ecs: Ecs, aws: Any) -> None:
    first, second = ecs.add_instance(cpu=0, memory=100), ecs.add_instance(cpu=0, memory=100)
    define(aws)
    define(aws, "play")
    for instance, family in ((first, "work"), (second, "play")):
        aws.start_task(taskDefinition=family, containerInstances=[instance.arn])
    on_first = aws.list_tasks(containerInstance=first.id)["taskArns"]
    assert [aws.describe_tasks(tasks=on_first)["tasks"][0]["containerInstanceArn"]] == [first.arn]
    assert aws.list_tasks(family="work")["taskArns"] == on_first
    assert aws.list_tasks(family="wor")["taskArns"] == []


def test_the_client_without_http_gives_the_same_answers(ecs: Ecs, aws: Any) -> None:
    ecs.add_instance(cpu=0, memory=512)
    define(aws)
    arn = run(aws)
    near, far = Client(ecs).describe_tasks(tasks=[arn, "x"]), aws.describe_tasks(tasks=[arn, "x"])
    for answer in (near, far):
        del answer["ResponseMetadata"]
    assert near == far
    codes = [refused(client.run_task, taskDefinition="gone") for client in (Client(ecs), aws)]
    assert codes[0][0] == codes[1][0] == "ClientException"
