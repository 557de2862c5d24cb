"""The rules and queues of `jobs`, deployed to the local AWS: what is said arrives, once and where it should.

The functions are left out, so that nobody takes the messages away; and the clock's rules listen to an event
of the test instead, or the test would have to wait for minutes.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from everyday_local.aws import local_session
from tests.stacks.conftest import Synthesised

CLOCK = "test.clock"
CLUSTER = "arn:aws:ecs:us-east-1:000000000000:cluster/everyday"
QUEUES = {"Wakes": "WakesQueue", "Events": "EventsQueue"}


@pytest.fixture(scope="module")
def urls(local_aws: str, local: Synthesised) -> dict[str, str]:
    """The queues' addresses, after the deployment."""
    resources = local.stacks["EverydayJobs"]["Resources"]
    chosen = {
        name: each
        for name, each in resources.items()
        if each["Type"] in ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "AWS::Events::Rule")
    }
    for each in chosen.values():
        if each["Properties"].pop("ScheduleExpression", None):
            each["Properties"]["EventPattern"] = {"source": [CLOCK]}
    ids = {
        name: next(key for key in chosen if key.startswith(prefix) and "Policy" not in key)
        for name, prefix in QUEUES.items()
    }
    outputs = {name: {"Value": {"Ref": key}} for name, key in ids.items()}
    cloudformation = local_session(local_aws).client("cloudformation")
    body = json.dumps({"Resources": chosen, "Outputs": outputs})
    cloudformation.create_stack(StackName="JobsDelivery", TemplateBody=body)
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="JobsDelivery", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    (stack,) = cloudformation.describe_stacks(StackName="JobsDelivery")["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


@pytest.fixture
def aws_api(local_aws: str, urls: dict[str, str]) -> Iterator[Any]:
    api = local_session(local_aws)
    yield api
    for url in urls.values():
        api.client("sqs").purge_queue(QueueUrl=url)


def _say(api: Any, source: str, kind: str, **detail: Any) -> None:
    entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail)}
    answer = api.client("events").put_events(Entries=[entry])
    assert not answer["FailedEntryCount"]


def _take(sqs: Any, url: str, *, wanted: int = 100, seconds: float = 20) -> list[dict[str, Any]]:
    """Up to so many messages, deleted; fewer when no more came in time."""
    taken: list[dict[str, Any]] = []
    until = time.monotonic() + seconds
    while len(taken) < wanted and time.monotonic() < until:
        answer = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, AttributeNames=["All"]
        )
        for message in answer.get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            taken.append(message)
    return taken


def test_two_ticks_are_two_wakes_of_the_cluster(aws_api: Any, urls: dict[str, str]) -> None:
    for _ in range(2):
        _say(aws_api, CLOCK, "tick")
    wakes = _take(aws_api.client("sqs"), urls["Wakes"], wanted=2)
    bodies = [json.loads(each["Body"]) for each in wakes]
    assert [body["cluster"] for body in bodies] == ["everyday", "everyday"]
    assert bodies[0]["tick"] != bodies[1]["tick"]
    assert {each["Attributes"]["MessageGroupId"] for each in wakes} == {"everyday"}


def test_the_same_wake_twice_is_one(aws_api: Any, urls: dict[str, str]) -> None:
    """Why a tick must not say the same each time."""
    sqs = aws_api.client("sqs")
    for _ in range(2):
        sqs.send_message(
            QueueUrl=urls["Wakes"], MessageBody='{"cluster": "everyday"}', MessageGroupId="everyday"
        )
    assert len(_take(sqs, urls["Wakes"], seconds=2)) == 1


def test_a_change_in_the_cluster_reaches_the_queue_and_one_elsewhere_does_not(
    aws_api: Any, urls: dict[str, str]
) -> None:
    task = "ECS Task State Change"
    _say(aws_api, "everyday.ecs", task, clusterArn=f"{CLUSTER}-of-somebody", version=1)
    _say(aws_api, "everyday.photos", task, clusterArn=CLUSTER, version=2)
    _say(aws_api, "everyday.ecs", "ECS Deployment State Change", clusterArn=CLUSTER, version=3)
    _say(aws_api, "everyday.ecs", task, clusterArn=CLUSTER, version=4)
    _say(aws_api, "everyday.ecs", "ECS Container Instance State Change", clusterArn=CLUSTER, version=5)
    envelopes = [json.loads(each["Body"]) for each in _take(aws_api.client("sqs"), urls["Events"], wanted=2)]
    assert sorted(each["detail"]["version"] for each in envelopes) == [4, 5]
    assert {each["source"] for each in envelopes} == {"everyday.ecs"}


def test_a_tick_also_asks_for_a_reading(aws_api: Any, urls: dict[str, str]) -> None:
    _say(aws_api, CLOCK, "tick")
    (message,) = _take(aws_api.client("sqs"), urls["Events"], wanted=1)
    assert json.loads(message["Body"])["reconcile"] == "everyday"
