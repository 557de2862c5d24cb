"""The life of tasks and container instances on the ECS stand-in, and the events that tell of it."""

import json
from typing import Any

import pytest

from everyday_local.ecs.ecs import Ecs
from everyday_local.ecs.events import Event, Weather
from everyday_local.ecs.records import Instance
from tests.contract.ecs_world import amounts, container, define, refused, run, seconds, task

TASK, INSTANCE = "ECS Task State Change", "ECS Container Instance State Change"


@pytest.fixture
def events(ecs: Ecs) -> list[Event]:
    """What arrives, in its order."""
    arrived: list[Event] = []
    ecs.events.sinks.append(arrived.append)
    return arrived


@pytest.fixture
def instance(ecs: Ecs, aws: Any) -> Instance:
    define(aws)
    return ecs.add_instance(cpu=0, memory=512, ec2_id="i-1")


def statuses(events: list[Event], arn: str) -> list[tuple[str, str]]:
    told = [event["detail"] for event in events if event["resources"] == [arn]]
    return [(detail["lastStatus"], detail["desiredStatus"]) for detail in told]


def test_a_task_runs_and_ends_by_itself(ecs: Ecs, aws: Any, events: list[Event], instance: Instance) -> None:
    """Developer guide, task lifecycle; stopCode EssentialContainerExited."""
    ecs.agents.start_seconds = 2
    arn = run(aws, overrides=seconds(10, STANDIN_EXIT_CODE=3))
    assert task(aws, arn)["lastStatus"] == "PENDING"
    ecs.advance(2)
    running = task(aws, arn)
    assert (running["lastStatus"], running["desiredStatus"]) == ("RUNNING", "RUNNING")
    assert running["startedAt"] > running["createdAt"]
    ecs.advance(10)
    ended = task(aws, arn)
    assert (ended["lastStatus"], ended["desiredStatus"]) == ("STOPPED", "STOPPED")
    assert (ended["stopCode"], ended["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert ended["containers"][0]["exitCode"] == 3
    assert (ended["stoppedAt"] - ended["startedAt"]).total_seconds() == 10
    assert statuses(events, arn) == [("PENDING", "RUNNING"), ("RUNNING", "RUNNING"), ("STOPPED", "STOPPED")]


def test_capacity_is_free_when_a_task_is_stopped_and_not_when_it_should_stop(
    ecs: Ecs, aws: Any, events: list[Event], instance: Instance
) -> None:
    """Developer guide, task lifecycle: the agent ends the containers first; stopCode UserInitiated."""
    arn = run(aws, overrides={**seconds(900, STANDIN_STOP_SECONDS=20)})
    told = aws.stop_task(task=arn, reason="cancelled by its owner")["task"]
    assert (told["lastStatus"], told["desiredStatus"]) == ("RUNNING", "STOPPED")
    ecs.advance(19)
    assert task(aws, arn)["lastStatus"] == "STOPPING"
    assert amounts(aws, instance)["MEMORY"] == 412
    ecs.advance(1)
    stopped = task(aws, arn)
    assert (stopped["lastStatus"], stopped["stopCode"]) == ("STOPPED", "UserInitiated")
    assert stopped["stoppedReason"] == "cancelled by its owner"
    assert amounts(aws, instance)["MEMORY"] == 512
    assert [last for last, _ in statuses(events, arn)][2:] == [
        "RUNNING",
        "DEACTIVATING",
        "STOPPING",
        "STOPPED",
    ]


def test_a_task_that_does_not_end_is_killed_after_its_stop_timeout(
    ecs: Ecs, aws: Any, instance: Instance
) -> None:
    """API reference, StopTask and stopTimeout: SIGTERM, then SIGKILL, 30 seconds later by default."""
    define(aws, "hasty", containerDefinitions=[container(stopTimeout=5)])
    slow = seconds(900, STANDIN_STOP_SECONDS=1000)
    arns = [run(aws, taskDefinition=family, overrides=slow) for family in ("work", "hasty")]
    for arn in arns:
        aws.stop_task(task=arn)
    ecs.advance(5)
    assert [task(aws, arn)["lastStatus"] for arn in arns] == ["STOPPING", "STOPPED"]
    ecs.advance(25)
    assert [task(aws, arn)["containers"][0]["exitCode"] for arn in arns] == [137, 137]


def test_a_task_placed_behind_a_stopping_one_stays_pending(ecs: Ecs, aws: Any, instance: Instance) -> None:
    """Seen on AWS (aws/amazon-ecs-agent#3819, #3822): the agent holds new tasks until older ones stopped."""
    older = run(aws, overrides=seconds(900, STANDIN_STOP_SECONDS=25))
    aws.stop_task(task=older)
    newer = run(aws)
    ecs.advance(24)
    assert task(aws, newer)["lastStatus"] == "PENDING"
    assert counts(aws, instance) == [(1, 1), (0, 1)]
    ecs.advance(1)
    assert task(aws, newer)["lastStatus"] == "RUNNING"
    assert counts(aws, instance) == [(1, 0), (1, 0)]


def counts(aws: Any, instance: Instance) -> list[tuple[int, int]]:
    """Running and pending tasks of the instance (running by desired status) and of the cluster (by last)."""
    of_instance = aws.describe_container_instances(containerInstances=[instance.arn])["containerInstances"]
    both = [*of_instance, *aws.describe_clusters()["clusters"]]
    return [(each["runningTasksCount"], each["pendingTasksCount"]) for each in both]


def test_a_task_that_never_began_stops_at_once(ecs: Ecs, aws: Any, instance: Instance) -> None:
    ecs.agents.start_seconds = 60
    arn = run(aws)
    aws.stop_task(task=arn)
    stopped = task(aws, arn)
    assert (stopped["lastStatus"], stopped["stopCode"]) == ("STOPPED", "UserInitiated")
    assert "startedAt" not in stopped
    assert "exitCode" not in stopped["containers"][0]
    assert amounts(aws, instance)["MEMORY"] == 512


def test_stopping_twice_changes_nothing(ecs: Ecs, aws: Any, instance: Instance) -> None:
    arn = run(aws)
    aws.stop_task(task=arn, reason="first")
    before = task(aws, arn)
    assert aws.stop_task(task=arn, reason="second")["task"]["stoppedReason"] == "first"
    assert task(aws, arn) == before
    assert refused(aws.stop_task, task="nobody") == (
        "InvalidParameterException",
        "The referenced task was not found.",
    )


def test_a_task_ends_with_its_first_essential_container(ecs: Ecs, aws: Any, instance: Instance) -> None:
    """API reference, essential: when such a container stops, all others of the task are stopped."""
    short = [{"name": "STANDIN_SECONDS", "value": "5"}]
    side = container("side", memory=50, essential=False, environment=short)
    define(aws, containerDefinitions=[container(), side])
    arn = run(aws, overrides=seconds(20))
    ecs.advance(5)
    half = task(aws, arn)
    assert half["lastStatus"] == "RUNNING"
    assert [each["lastStatus"] for each in half["containers"]] == ["RUNNING", "STOPPED"]
    assert amounts(aws, instance)["MEMORY"] == 512 - 150
    ecs.advance(15)
    assert task(aws, arn)["lastStatus"] == "STOPPED"


def test_a_stopped_task_is_shown_for_an_hour(ecs: Ecs, aws: Any, instance: Instance) -> None:
    """API reference, DescribeTasks: «stopped tasks appear in the returned results for at least one hour»."""
    arn = run(aws, overrides=seconds(1))
    ecs.advance(3600)
    assert task(aws, arn)["lastStatus"] == "STOPPED"
    ecs.advance(2)
    assert aws.describe_tasks(tasks=[arn])["failures"] == [{"arn": arn, "reason": "MISSING"}]


def test_events_have_the_shape_and_the_versions_of_ecs(
    ecs: Ecs, aws: Any, events: list[Event], instance: Instance
) -> None:
    """Developer guide, «Amazon ECS events»: top-level version "0"; detail as Describe tells it, with its
    version and with ISO times.
    """
    arn = run(aws, overrides=seconds(5), startedBy="job-1/0")
    ecs.advance(5)
    shown = json.loads(json.dumps(events))
    for event in shown:
        assert event["version"] == "0"
        assert event["source"] == "everyday.ecs"
        assert set(event) == {
            "version",
            "id",
            "detail-type",
            "source",
            "account",
            "time",
            "region",
            "resources",
            "detail",
        }
    last = {event["detail-type"]: event["detail"] for event in shown}
    told, found = last[TASK], task(aws, arn)
    assert told["version"] == found["version"] == 3
    assert told["createdAt"] == "2026-01-01T00:00:00.000Z"
    assert {name for name in found if name != "tags"} <= told.keys()
    assert (told["lastStatus"], told["startedBy"]) == ("STOPPED", "job-1/0")
    of_instance = last[INSTANCE]
    described = aws.describe_container_instances(containerInstances=[instance.arn])["containerInstances"][0]
    assert of_instance["version"] == described["version"]
    assert of_instance["remainingResources"] == described["remainingResources"]
    assert of_instance["clusterArn"] == told["clusterArn"]


def test_the_version_rises_with_every_change(
    ecs: Ecs, aws: Any, events: list[Event], instance: Instance
) -> None:
    """API reference, version of ContainerInstance and Task: counts the changes that make an event."""
    for _ in range(3):
        run(aws, overrides=seconds(5))
    ecs.advance(9)
    by_resource: dict[str, list[int]] = {}
    for event in events:
        by_resource.setdefault(event["resources"][0], []).append(event["detail"]["version"])
    assert by_resource.pop(instance.arn) == [1, 2, 3, 4, 5, 6, 7]
    assert list(by_resource.values()) == [[1, 2, 3]] * 3


def test_a_machine_that_is_taken_away_takes_its_tasks_with_it(
    ecs: Ecs, aws: Any, events: list[Event], instance: Instance
) -> None:
    """Developer guide, stopped task error codes: TerminationNotice; a deregistered instance is INACTIVE."""
    arn = run(aws)
    ecs.terminate(instance)
    stopped = task(aws, arn)
    assert (stopped["lastStatus"], stopped["stopCode"]) == ("STOPPED", "TerminationNotice")
    assert stopped["stoppedReason"] == "Host EC2 (instance i-1) terminated."
    assert "exitCode" not in stopped["containers"][0]
    gone = aws.describe_container_instances(containerInstances=[instance.arn])["containerInstances"][0]
    assert (gone["status"], gone["agentConnected"]) == ("INACTIVE", False)
    assert aws.list_container_instances()["containerInstanceArns"] == []
    assert events[-1]["detail"]["status"] == "INACTIVE"
    ecs.advance(120)
    assert task(aws, arn)["version"] == stopped["version"]


def test_a_draining_instance_keeps_its_tasks_and_is_still_listed(
    ecs: Ecs, aws: Any, instance: Instance
) -> None:
    """API reference, UpdateContainerInstancesState; ListContainerInstances shows all states but INACTIVE."""
    arn = run(aws, overrides=seconds(30))
    told = aws.update_container_instances_state(
        containerInstances=["i-none", instance.arn], status="DRAINING"
    )
    assert [each["status"] for each in told["containerInstances"]] == ["DRAINING"]
    assert [each["reason"] for each in told["failures"]] == ["MISSING"]
    assert task(aws, arn)["lastStatus"] == "RUNNING"
    assert aws.list_container_instances()["containerInstanceArns"] == [instance.arn]
    assert aws.list_container_instances(status="ACTIVE")["containerInstanceArns"] == []
    assert aws.list_container_instances(status="DRAINING")["containerInstanceArns"] == [instance.arn]
    aws.update_container_instances_state(containerInstances=[instance.arn], status="ACTIVE")
    run(aws)
    call = aws.update_container_instances_state
    for params in ({"containerInstances": [], "status": "DRAINING"}, {"status": "REGISTERING"}):
        whole = {"containerInstances": [instance.arn], **params}
        assert refused(call, **whole)[0] == "InvalidParameterException"


def test_an_agent_without_connection_reports_when_it_is_back(ecs: Ecs, aws: Any, instance: Instance) -> None:
    """Developer guide: ECS knows of a task what the agent tells."""
    ends, told_to_stop = run(aws, overrides=seconds(10)), run(aws)
    ecs.connect(instance, connected=False)
    aws.stop_task(task=told_to_stop)
    ecs.advance(20)
    assert task(aws, ends)["lastStatus"] == task(aws, told_to_stop)["lastStatus"] == "RUNNING"
    assert task(aws, ends)["connectivity"] == "DISCONNECTED"
    assert amounts(aws, instance)["MEMORY"] == 312
    ecs.connect(instance, connected=True)
    assert task(aws, ends)["stopCode"] == "EssentialContainerExited"
    assert task(aws, told_to_stop)["stopCode"] == "UserInitiated"
    assert amounts(aws, instance)["MEMORY"] == 512


def test_an_instance_with_tasks_is_deregistered_by_force_only(ecs: Ecs, aws: Any, instance: Instance) -> None:
    """API reference, DeregisterContainerInstance: `force`."""
    arn = run(aws)
    call = aws.deregister_container_instance
    assert refused(call, containerInstance=instance.arn)[0] == "InvalidParameterException"
    told = call(containerInstance=instance.arn, force=True)["containerInstance"]
    assert told["status"] == "INACTIVE"
    assert task(aws, arn)["lastStatus"] == "STOPPED"


def test_an_agent_registers_its_machine(ecs: Ecs, aws: Any) -> None:
    """API reference, RegisterContainerInstance (the agent's call)."""
    resources = [
        {"name": "CPU", "type": "INTEGER", "integerValue": 2048},
        {"name": "MEMORY", "type": "INTEGER", "integerValue": 3767},
        {"name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22"]},
    ]
    told = aws.register_container_instance(
        instanceIdentityDocument=json.dumps({"instanceId": "i-77"}),
        totalResources=resources,
        attributes=[{"name": "ecs.instance-type", "value": "t3.medium"}],
    )["containerInstance"]
    assert (told["ec2InstanceId"], told["status"], told["agentConnected"]) == ("i-77", "ACTIVE", True)
    found = amounts(aws, ecs.find_instance("i-77"))
    assert (found["CPU"], found["MEMORY"], found["PORTS"]) == (2048, 3767, ["22"])
    again = aws.register_container_instance(containerInstanceArn=told["containerInstanceArn"])
    assert again["containerInstance"]["containerInstanceArn"] == told["containerInstanceArn"]
    assert len(aws.list_container_instances()["containerInstanceArns"]) == 1


def test_somebody_elses_task_takes_room(ecs: Ecs, aws: Any, instance: Instance) -> None:
    foreign = ecs.place_foreign(instance, cpu=0, memory=450, seconds=30)
    assert aws.run_task(taskDefinition="work")["failures"][0]["reason"] == "RESOURCE:MEMORY"
    assert task(aws, foreign.arn)["group"] == "family:foreign"
    ecs.advance(30)
    run(aws)


@pytest.mark.parametrize("weather", [Weather(lose=1.0), Weather(lose_next=100)])
def test_events_can_be_lost(
    ecs: Ecs, aws: Any, events: list[Event], instance: Instance, weather: Weather
) -> None:
    before = len(events)
    ecs.weather(weather)
    run(aws)
    assert len(events) == before
    ecs.weather(Weather())
    run(aws)
    assert len(events) > before


def test_events_can_come_twice_late_and_in_another_order(
    ecs: Ecs, aws: Any, events: list[Event], instance: Instance
) -> None:
    ecs.weather(Weather(duplicate=1.0, delay_seconds=60, seed=3))
    arn = run(aws, overrides=seconds(5))
    ecs.advance(4)
    assert len(statuses(events, arn)) < 4
    ecs.advance(100)
    versions = [event["detail"]["version"] for event in events if event["resources"] == [arn]]
    assert sorted(versions) == [1, 1, 2, 2, 3, 3]
    assert versions != sorted(versions)


def test_the_same_seed_makes_the_same_weather() -> None:
    def arrived(seed: int) -> list[tuple[int, str]]:
        got: list[tuple[int, str]] = []
        quiet = Ecs(seed=1)
        quiet.add_cluster()
        quiet.events.sinks.append(lambda event: got.append((event["detail"]["version"], event["time"])))
        quiet.weather(Weather(lose=0.3, duplicate=0.3, delay_seconds=9, seed=seed))
        for _ in range(20):
            quiet.add_instance(cpu=0, memory=512)
            quiet.advance(1)
        return got

    assert arrived(5) == arrived(5) != arrived(6)


def test_a_sink_may_call_back(ecs: Ecs, aws: Any, instance: Instance) -> None:
    """A listener that starts the next task when one has stopped, as a scheduler does."""
    started: list[str] = []

    def next_one(event: Event) -> None:
        if event["detail"].get("lastStatus") == "STOPPED" and len(started) < 5:
            answer = ecs.call("RunTask", {"taskDefinition": "work", "overrides": seconds(10)})
            started.append(answer["tasks"][0]["taskArn"])

    ecs.events.sinks.append(next_one)
    run(aws, overrides=seconds(10))
    ecs.advance(60)
    assert len(started) == 5
    assert {task(aws, arn)["lastStatus"] for arn in started} == {"STOPPED"}


def test_a_reader_that_fails_does_not_stop_the_events_after(ecs: Ecs) -> None:
    arrived: list[Event] = []

    def clumsy(event: Event) -> None:
        arrived.append(event)
        if len(arrived) == 1:
            raise KeyError(event["id"])

    ecs.events.sinks.append(clumsy)
    with pytest.raises(KeyError):
        ecs.add_instance(cpu=0, memory=512)
    ecs.add_instance(cpu=0, memory=512)
    assert len(arrived) == 2
