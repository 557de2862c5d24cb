"""The ECS stand-in's control page, and the way of its events into EventBridge."""

import json
import threading
from typing import Any
from uuid import uuid4

import pytest
import requests
from botocore.exceptions import ClientError, ConnectionClosedError

from everyday_local.aws import local_session
from everyday_local.ecs.bus import Bus, connected
from everyday_local.ecs.ecs import Ecs
from everyday_local.ecs.run import spawned
from tests.contract.ecs_world import boto_client, container, define, run, seconds, task


class Page:
    """Speaks to the control page."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, method: str, path: str, code: int, /, **body: Any) -> Any:
        answer = requests.request(method, f"{self.url}/_standin/{path}", json=body, timeout=10)
        assert answer.status_code == code, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def page(ecs_url: str) -> Page:
    return Page(ecs_url)


def test_a_machine_joins_drains_loses_its_agent_and_is_taken_away(aws: Any, page: Page) -> None:
    added = page(
        "POST", "instances", 201, cluster="blog", cpu=1024, memory=512, gpus=1, instance_type="g5.xlarge"
    )
    arn, ec2_id = added["containerInstanceArn"], added["ec2InstanceId"]

    def told() -> tuple[str, bool]:
        found = aws.describe_container_instances(cluster="blog", containerInstances=[arn])
        return found["containerInstances"][0]["status"], found["containerInstances"][0]["agentConnected"]

    assert told() == ("ACTIVE", True)
    page("PATCH", f"instances/{ec2_id}", 200, status="DRAINING")
    assert told() == ("DRAINING", True)
    page("PATCH", f"instances/{ec2_id}", 200, status="ACTIVE", connected=False)
    assert told() == ("ACTIVE", False)
    page("DELETE", f"instances/{ec2_id}", 204)
    assert told() == ("INACTIVE", False)
    page("DELETE", f"instances/{ec2_id}", 404)


def test_time_faults_and_lag_can_be_turned(ecs: Ecs, aws: Any, page: Page) -> None:
    page("POST", "instances", 201, cpu=0, memory=512)
    define(aws)
    arn = run(aws, overrides=seconds(10))
    page("POST", "settings", 204, advance_seconds=10)
    assert task(aws, arn)["lastStatus"] == "STOPPED"
    page("POST", "settings", 204, visible_after_seconds=60)
    assert aws.describe_tasks(tasks=[run(aws)])["failures"]
    page("POST", "settings", 204, visible_after_seconds=0, throttle_scale=0.001)
    with pytest.raises(ClientError, match="ThrottlingException"):
        aws.run_task(taskDefinition="work")
    page("POST", "settings", 204, throttle_scale=0)
    faults = [{"on": "RunTask", "do": "lost"}]
    answer = requests.post(f"{page.url}/_standin/faults", json=faults, timeout=10)
    assert answer.status_code == 204
    with pytest.raises(ConnectionClosedError):
        aws.run_task(taskDefinition="work")
    page("DELETE", "faults", 204)
    page("POST", "settings", 204, events={"lose": 1.0}, start_seconds=5, keep_failures=False)
    assert task(aws, run(aws))["lastStatus"] == "PENDING"


def test_somebody_elses_task_can_be_placed(ecs: Ecs, aws: Any, page: Page) -> None:
    added = page("POST", "instances", 201, cpu=0, memory=512, ec2_instance_id="i-1")
    placed = page("POST", "tasks", 201, instance="i-1", memory=500)
    assert task(aws, placed["taskArn"])["containerInstanceArn"] == added["containerInstanceArn"]
    assert "RESOURCE:MEMORY" in page("POST", "tasks", 409, instance="i-1", memory=500)["error"]
    page("POST", "tasks", 404, instance="i-2", memory=500)


def test_the_log_can_be_read_and_emptied(ecs: Ecs, aws: Any, page: Page) -> None:
    page("POST", "instances", 201, cpu=0, memory=512)
    define(aws)
    arn = run(aws, clientToken="job-1.0")
    log = page("DELETE", "log", 200)
    assert [(each["op"], each["key"], each["effect"]) for each in log["operations"]][-1] == (
        "RunTask",
        "job-1.0",
        [arn],
    )
    assert [each["status"] for each in log["transitions"]] == ["PENDING", "RUNNING"]
    assert log["transitions"][0]["demand"]["memory"] == 100
    assert page("GET", "log", 200) == {"operations": [], "transitions": []}
    assert page("GET", "health", 200) == {"instances": 1, "tasks": 1}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "instances", {"cpu": 1}),
        ("POST", "instances", {"cpu": 1, "memory": 2, "colour": "red"}),
        ("POST", "settings", {"advance": 1}),
        ("POST", "faults", {"on": "RunTask", "do": "lost"}),
        ("POST", "tasks", {"instance": "i-1"}),
        ("PATCH", "instances/i-1", {"status": "ASLEEP"}),
        ("PATCH", "instances/i-1", {"connected": "no"}),
    ],
)
def test_what_is_not_understood_is_refused_with_the_reason(
    ecs: Ecs, page: Page, method: str, path: str, body: dict[str, Any]
) -> None:
    ecs.add_instance(cpu=0, memory=512, ec2_id="i-1")
    assert page(method, path, 400, **body)["error"]


class Recorder:
    """An EventBridge client that takes ten entries a call, as PutEvents does; the first calls fail."""

    def __init__(self, *, failures: int = 0) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self._failures = failures

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        assert 1 <= len(Entries) <= 10
        if self._failures:
            self._failures -= 1
            raise ClientError({"Error": {"Code": "InternalFailure"}}, "PutEvents")
        self.batches.append(Entries)
        return {"FailedEntryCount": 0}


def an_event(number: int) -> dict[str, Any]:
    return {
        "source": "everyday.ecs",
        "detail-type": "ECS Task State Change",
        "time": "2026-01-01T00:00:00Z",
        "resources": ["arn"],
        "detail": {"version": number},
    }


def test_events_go_in_their_order_ten_at_most_a_call() -> None:
    """EventBridge API reference, PutEvents: at most 10 entries."""
    recorder = Recorder()
    bus = Bus(recorder)
    for number in range(25):
        bus(an_event(number))
    bus.end()
    bus.send()
    sent = [json.loads(entry["Detail"])["version"] for batch in recorder.batches for entry in batch]
    assert sent == list(range(25))
    assert len(recorder.batches) == 3


def test_events_that_are_not_taken_are_lost_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder(failures=1)
    bus = Bus(recorder)
    for number in range(12):
        bus(an_event(number))
    bus.end()
    bus.send()
    assert [json.loads(entry["Detail"])["version"] for entry in recorder.batches[0]] == [10, 11]
    assert "10 state changes lost" in caplog.text


def test_a_rule_on_the_bus_gets_the_state_changes(ministack: str) -> None:
    """PutEvents to a local AWS, whose rules listen to the source `everyday.ecs`."""
    session, name = local_session(ministack), f"changes-{uuid4().hex}"
    sqs, rules = session.client("sqs"), session.client("events")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue_arn = f"arn:aws:sqs:us-east-1:000000000000:{name}"
    pattern = {"source": ["everyday.ecs"], "detail-type": ["ECS Task State Change"]}
    rules.put_rule(Name=name, EventPattern=json.dumps(pattern))
    rules.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue_arn}])
    ecs = Ecs()
    with connected(ministack) as bus:
        ecs.events.sinks.append(bus)
        ecs.add_cluster()
        instance = ecs.add_instance(cpu=0, memory=512)
        foreign = ecs.place_foreign(instance, cpu=0, memory=100)
    messages: list[dict[str, Any]] = []
    while len(messages) < 2:
        got = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20, MaxNumberOfMessages=10)
        assert got.get("Messages"), "no event within 20 s"
        messages += [json.loads(each["Body"]) for each in got["Messages"]]
    assert {each["detail"]["taskArn"] for each in messages} == {foreign.arn}
    assert {each["detail"]["lastStatus"] for each in messages} == {"PENDING", "RUNNING"}
    assert messages[0]["resources"] == [foreign.arn]
    rules.remove_targets(Rule=name, Ids=["queue"])
    rules.delete_rule(Name=name)


def test_many_callers_at_once_never_get_more_than_there_is(ecs: Ecs, aws: Any) -> None:
    ecs.add_instance(cpu=0, memory=512)
    define(aws)
    answers: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(aws.run_task(taskDefinition="work")))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(len(answer["tasks"]) for answer in answers) == 5
    assert sum(bool(answer["failures"]) for answer in answers) == 7


def test_the_program_says_where_it_is_and_has_what_it_was_told() -> None:
    with spawned("--cluster", "blog", "--instance", "i-1:1024:512", "--instance", "i-2:2048:1024") as standin:
        aws = boto_client(standin.url)
        arns = aws.list_container_instances(cluster="blog")["containerInstanceArns"]
        told = aws.describe_container_instances(cluster="blog", containerInstances=arns)["containerInstances"]
        assert {each["ec2InstanceId"] for each in told} == {"i-1", "i-2"}
        aws.register_task_definition(family="work", containerDefinitions=[container(command=["true"])])
        assert run(aws, cluster="blog")
