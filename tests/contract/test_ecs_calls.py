"""Client tokens, throttling, eventual consistency and faults of the ECS stand-in."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from everyday_local.ecs.client import Client
from everyday_local.ecs.ecs import Ecs
from everyday_local.ecs.faults import Effect, Fault
from tests.contract.ecs_world import amounts, define, refused, run, seconds, task


@pytest.fixture(autouse=True)
def room(ecs: Ecs, aws: Any) -> None:
    ecs.add_instance(cpu=0, memory=2048, ec2_id="i-1")
    define(aws)


def test_a_repeated_token_is_answered_as_the_first_time(ecs: Ecs, aws: Any) -> None:
    """«Ensuring idempotency in ECS API calls»: same token and parameters, no second effect."""
    asked = {"taskDefinition": "work", "clientToken": "job-1.0", "count": 3, "startedBy": "job-1/0"}
    first = aws.run_task(**asked)
    ecs.advance(3600 * 23.9)
    again = aws.run_task(**asked)
    assert [each["taskArn"] for each in again["tasks"]] == [each["taskArn"] for each in first["tasks"]]
    assert aws.list_tasks()["taskArns"] == []


def test_a_token_with_other_parameters_is_a_conflict_that_names_the_tasks(ecs: Ecs, aws: Any) -> None:
    """API reference, ConflictException: `resourceIds`."""
    arn = run(aws, clientToken="job-1.0")
    with pytest.raises(ClientError) as caught:
        aws.run_task(taskDefinition="work", clientToken="job-1.0", count=2)
    assert caught.value.response["Error"]["Code"] == "ConflictException"
    assert caught.value.response["resourceIds"] == [arn]
    assert aws.list_tasks()["taskArns"] == [arn]


def test_a_token_lasts_24_hours_in_its_cluster(ecs: Ecs, aws: Any) -> None:
    """«Ensuring idempotency in ECS API calls»: after that the same token starts another task."""
    first = run(aws, clientToken="job-1.0")
    other = ecs.add_cluster("other")
    ecs.add_instance("other", cpu=0, memory=512)
    assert run(aws, clientToken="job-1.0", cluster=other.arn) != first
    ecs.advance(3600 * 24)
    assert run(aws, clientToken="job-1.0") != first


def test_tokens_are_case_sensitive(aws: Any) -> None:
    """API reference, clientToken: «It must be unique and is case sensitive.»"""
    assert run(aws, clientToken="job-a") != run(aws, clientToken="job-A")


@pytest.mark.parametrize(("kept", "placed"), [(True, 0), (False, 1)])
def test_whether_a_failure_is_kept_under_its_token_can_be_chosen(
    ecs: Ecs, aws: Any, kept: bool, placed: int
) -> None:
    """ECS's documentation does not say, so a caller must do with both."""
    ecs.actions.runs.keep_failures = kept
    held = run(aws, overrides={"memory": "2000"})
    assert aws.run_task(taskDefinition="work", clientToken="job-1.0")["failures"]
    aws.stop_task(task=held)
    assert len(aws.run_task(taskDefinition="work", clientToken="job-1.0")["tasks"]) == placed


def test_a_refused_call_leaves_its_token_unused(aws: Any) -> None:
    asked = {"taskDefinition": "work", "clientToken": "job-1.0"}
    assert refused(aws.run_task, **asked, count=11)[0] == "InvalidParameterException"
    assert len(aws.run_task(**asked)["tasks"]) == 1


def throttled_after(call: Any, **params: Any) -> int:
    """How many calls pass until one is throttled."""
    for passed in range(300):
        try:
            call(**params)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ThrottlingException":
                return passed
    raise AssertionError("never throttled")


@pytest.fixture
def near(ecs: Ecs) -> Client:
    """Without HTTP: hundreds of calls in no time."""
    return Client(ecs)


def test_a_throttled_call_is_refused_over_http_as_well(ecs: Ecs, aws: Any) -> None:
    ecs.throttle.scale = 0.01
    run(aws)
    assert refused(aws.run_task, taskDefinition="work") == ("ThrottlingException", "Rate exceeded")


def test_starting_and_stopping_share_a_bucket_of_100_that_refills_by_40(ecs: Ecs, near: Client) -> None:
    """«Request throttling for the Amazon ECS API»: cluster resource modify actions, 100 and 40 a second."""
    ecs.throttle.scale = 1
    for _ in range(60):
        near.run_task(taskDefinition="work")
    assert throttled_after(near.stop_task, task=near.list_tasks()["taskArns"][0]) == 40
    assert near.describe_clusters()["clusters"]
    ecs.advance(1)
    assert throttled_after(near.start_task, taskDefinition="work", containerInstances=["x"]) == 40
    ecs.advance(3600)
    assert throttled_after(near.start_task, taskDefinition="work", containerInstances=["x"]) == 100


def test_reading_has_buckets_of_its_own(ecs: Ecs, near: Client) -> None:
    """Same page: 100 and 20 a second for tasks and instances, 50 and 20 for clusters."""
    ecs.throttle.scale = 1
    assert throttled_after(near.list_tasks) == 100
    assert throttled_after(near.describe_tasks, tasks=["x"]) == 0
    ecs.advance(1)
    assert throttled_after(near.list_container_instances) == 20
    assert throttled_after(near.list_clusters) == 50
    run(near)


def test_the_buckets_can_be_scaled(ecs: Ecs, near: Client) -> None:
    ecs.throttle.scale = 0.1
    assert throttled_after(near.list_tasks) == 10


def test_lists_and_descriptions_may_lag_behind(ecs: Ecs, aws: Any) -> None:
    """API reference, RunTask: «eventual consistency model»; the calls that change something do not lag."""
    instance = ecs.find_instance("i-1")
    ecs.see_after(5)
    ecs.advance(60)
    arn = run(aws, overrides=seconds(3))
    assert aws.list_tasks()["taskArns"] == []
    assert aws.describe_tasks(tasks=[arn])["failures"] == [{"arn": arn, "reason": "MISSING"}]
    assert amounts(aws, instance)["MEMORY"] == 2048
    ecs.advance(5)
    assert task(aws, arn)["lastStatus"] == "RUNNING"
    assert amounts(aws, instance)["MEMORY"] == 1948
    ecs.advance(3)
    assert task(aws, arn)["lastStatus"] == "STOPPED"
    assert amounts(aws, instance)["MEMORY"] == 2048


def test_what_lags_is_an_older_version_never_a_mixture(ecs: Ecs, aws: Any) -> None:
    instance = ecs.find_instance("i-1")
    ecs.see_after(10)
    ecs.advance(60)
    seen = []
    for _ in range(20):
        if len(seen) % 3 == 0:
            run(aws)
        ecs.advance(1)
        told = aws.describe_container_instances(containerInstances=[instance.arn])["containerInstances"][0]
        memory = next(each for each in told["remainingResources"] if each["name"] == "MEMORY")
        seen.append((told["version"], memory["integerValue"], told["runningTasksCount"]))
    assert seen == sorted(seen, key=lambda each: each[0])
    assert all(memory == 2048 - 100 * count for _, memory, count in seen)


def test_a_lost_answer_has_its_effect_and_the_token_finds_it(ecs: Ecs, aws: Any) -> None:
    ecs.faults.plant(Fault(on="RunTask", do=Effect.LOST))
    with pytest.raises(ConnectionClosedError):
        aws.run_task(taskDefinition="work", clientToken="job-1.0")
    placed = aws.list_tasks()["taskArns"]
    assert placed == [run(aws, clientToken="job-1.0")]
    assert [(call.effect, call.reply) for call in ecs.history.calls("RunTask")] == [
        (tuple(placed), "lost"),
        (tuple(placed), "ok"),
    ]


def test_a_failed_call_has_no_effect(ecs: Ecs, aws: Any) -> None:
    ecs.faults.plant(Fault(on="RunTask", do=Effect.ERROR), Fault(on="RunTask", do=Effect.THROTTLED, nth=2))
    assert refused(aws.run_task, taskDefinition="work")[0] == "ServerException"
    assert refused(aws.run_task, taskDefinition="work")[0] == "ThrottlingException"
    assert aws.list_tasks()["taskArns"] == []
    run(aws)


def test_a_late_call_takes_effect_when_nobody_waits_for_it(ecs: Ecs, aws: Any) -> None:
    ecs.faults.plant(Fault(on="RunTask", do=Effect.LATE, seconds=90))
    with pytest.raises(ConnectionClosedError):
        aws.run_task(taskDefinition="work", startedBy="job-1/0")
    assert aws.list_tasks()["taskArns"] == []
    ecs.advance(90)
    assert len(aws.list_tasks(startedBy="job-1/0")["taskArns"]) == 1


def test_every_operation_is_in_the_log(ecs: Ecs, aws: Any) -> None:
    arn = run(aws, clientToken="job-1.0")
    aws.stop_task(task=arn)
    refused(aws.stop_task, task="nobody")
    assert [(call.op, call.key, call.effect, call.reply) for call in ecs.history.calls()[1:]] == [
        ("RunTask", "job-1.0", (arn,), "ok"),
        ("StopTask", arn, (arn,), "ok"),
        ("StopTask", "nobody", (), "InvalidParameterException"),
    ]
    assert [(each.status, each.desired) for each in ecs.history.transitions if each.task == arn][-1] == (
        "STOPPED",
        "STOPPED",
    )
