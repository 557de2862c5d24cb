"""The Ecs port over boto3's own client and the ECS stand-in, on loopback."""

from typing import Any

import pytest

from everyday.adapters.ecs import BotoEcs
from everyday.errors import EcsConflict, EcsRefused, EcsThrottled, EcsUnavailable
from everyday.jobs.model import Amount
from everyday.jobs.ports import Launch
from everyday_local.ecs.ecs import Ecs
from everyday_local.ecs.faults import Effect, Fault
from everyday_local.ecs.records import Instance
from tests.contract.ecs_world import define, seconds


@pytest.fixture
def port(aws: Any) -> BotoEcs:
    return BotoEcs(aws)


@pytest.fixture
def machine(ecs: Ecs, aws: Any) -> Instance:
    define(aws)
    return ecs.add_instance(cpu=1024, memory=512)


def a_launch(instance: Instance, **changes: Any) -> Launch:
    launch = Launch(
        cluster="default",
        task_definition="work",
        instance=instance.arn,
        ec2_id=instance.ec2_id,
        call="job/1",
        token="t" * 64,
        copies=1,
        overrides=seconds(600),
        group="everyday-jobs",
    )
    return launch._replace(**changes)


def test_a_task_starts_on_its_instance_under_the_names_of_its_call(
    port: BotoEcs, ecs: Ecs, machine: Instance
) -> None:
    ecs.add_instance(cpu=1024, memory=4096)
    answer = port.run(a_launch(machine, copies=3))
    assert ([task.instance for task in answer.tasks], answer.failures) == ([machine.arn] * 3, ())
    assert {(task.started_by, task.group) for task in answer.tasks} == {("job/1", "everyday-jobs")}
    assert {task.demand.amount for task in answer.tasks} == {Amount(0, 100)}


def test_the_same_token_gives_the_same_task_and_with_another_request_a_conflict(
    port: BotoEcs, machine: Instance
) -> None:
    first, second = (port.run(a_launch(machine)) for _ in range(2))
    assert [task.arn for task in first.tasks] == [task.arn for task in second.tasks]
    with pytest.raises(EcsConflict):
        port.run(a_launch(machine, copies=2))


def test_what_does_not_fit_is_told_beside_what_does(port: BotoEcs, machine: Instance) -> None:
    answer = port.run(a_launch(machine, copies=7))
    assert len(answer.tasks) == 5
    assert set(answer.failures) == {"RESOURCE:MEMORY"}


def test_every_live_task_is_listed_also_the_stopping_ones_and_none_that_stopped(
    port: BotoEcs, ecs: Ecs, machine: Instance
) -> None:
    runs = port.run(a_launch(machine, call="runs/1", token="r" * 64)).tasks[0]
    stops = port.run(
        a_launch(machine, call="stops/1", token="s" * 64, overrides=seconds(600, STANDIN_STOP_SECONDS=20))
    ).tasks[0]
    ended = port.run(a_launch(machine, call="ends/1", token="e" * 64, overrides=seconds(5))).tasks[0]
    ecs.advance(10)
    port.stop("default", stops.arn, "test")
    assert {task.arn for task in port.tasks("default")} == {runs.arn, stops.arn}
    found = {task.arn: task for task in port.describe_tasks("default", [ended.arn, runs.arn])}
    assert (found[ended.arn].status, found[ended.arn].exit_code) == ("STOPPED", 0)
    assert found[runs.arn].started_at is not None


def test_a_stopped_task_may_be_stopped_again_and_a_forgotten_one_too(
    port: BotoEcs, ecs: Ecs, machine: Instance
) -> None:
    task = port.run(a_launch(machine)).tasks[0]
    port.stop("default", task.arn, "x" * 5000)
    ecs.advance(60)
    port.stop("default", task.arn, "again")
    port.stop("default", task.arn.rpartition("/")[0] + "/" + "0" * 32, "never was")


def test_tasks_are_found_by_their_call(port: BotoEcs, machine: Instance) -> None:
    shared = port.run(a_launch(machine, call="/abc", token="a" * 64, copies=2)).tasks
    port.run(a_launch(machine, call="other/1", token="b" * 64))
    assert {task.arn for task in port.started_by("default", "/abc")} == {task.arn for task in shared}
    assert port.started_by("default", "nobody/1") == []


def test_a_cluster_of_more_than_a_page_is_read_whole_in_two_calls_for_each_hundred(
    port: BotoEcs, ecs: Ecs
) -> None:
    made = {ecs.add_instance(cpu=1024, memory=512).arn for _ in range(205)}
    before = len(ecs.history.operations)
    assert {instance.arn for instance in port.instances("default")} == made
    assert len(ecs.history.operations) - before == 6


def test_a_draining_instance_is_known_and_closed(port: BotoEcs, ecs: Ecs, machine: Instance) -> None:
    ecs.set_status(machine, "DRAINING")
    (instance,) = port.instances("default")
    assert (instance.status, instance.open) == ("DRAINING", False)


def test_an_instance_that_went_while_it_was_read_is_left_out(port: BotoEcs, machine: Instance) -> None:
    missing = machine.arn.rpartition("/")[0] + "/" + "0" * 32
    assert [it.arn for it in port.describe_instances("default", [machine.arn, missing])] == [machine.arn]


def test_what_is_registered_and_what_remains_is_told(port: BotoEcs, machine: Instance) -> None:
    before = port.describe_instances("default", [machine.arn])[0]
    port.run(a_launch(machine))
    after = port.describe_instances("default", [machine.arn])[0]
    assert (after.registered, after.remaining) == (Amount(1024, 512), Amount(1024, 412))
    assert after.version > before.version
    assert "22/tcp" in after.ports


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(on="RunTask", do=Effect.THROTTLED), EcsThrottled),
        (Fault(on="RunTask", do=Effect.ERROR), EcsUnavailable),
        (Fault(on="RunTask", do=Effect.LOST), EcsUnavailable),
        (Fault(on="RunTask", do=Effect.ERROR, status=400, code="ClusterNotFoundException"), EcsUnavailable),
        (Fault(on="RunTask", do=Effect.ERROR, status=400, code="AccessDeniedException"), EcsUnavailable),
        (Fault(on="RunTask", do=Effect.ERROR, status=400, code="InvalidParameterException"), EcsRefused),
        (Fault(on="RunTask", do=Effect.ERROR, status=400, code="ClientException"), EcsRefused),
    ],
)
def test_an_error_says_whether_it_passes_by_itself(
    port: BotoEcs, ecs: Ecs, machine: Instance, fault: Fault, error: type[Exception]
) -> None:
    ecs.faults.plant(fault)
    with pytest.raises(error) as caught:
        port.run(a_launch(machine))
    assert type(caught.value) is error
    assert "job/1" in str(caught.value)


def test_a_definition_is_found_by_family_revision_and_arn(port: BotoEcs, aws: Any, ecs: Ecs) -> None:
    arn = define(aws, "twice")
    newest = define(aws, "twice")
    found = {name: port.task_definition(name) for name in ("twice", "twice:1", newest, "nothing", "twice:9")}
    arns = {name: it.arn if it else None for name, it in found.items()}
    assert arns == {"twice": newest, "twice:1": arn, newest: newest, "nothing": None, "twice:9": None}
    assert found["twice"] is not None
    assert found["twice"].demand.amount == Amount(0, 100)
