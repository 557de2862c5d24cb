"""What a message and its task definition together ask for."""

from typing import Any

import pytest

from everyday.errors import InvalidMessageError
from everyday.jobs.model import Amount, Demand, Group, Job, JobClass, Overrides, Retries, State
from everyday.jobs.overrides import of_child
from everyday.jobs.rank import rank_of
from everyday.jobs.submit import MAX_OVERRIDES, children_of, depending, job_of
from tests.job_builders import ENQUEUED, a_definition, a_job, sent_job

TASK_LEVEL: dict[str, Any] = {"task_level": ("cpu", "memory")}
TWO: dict[str, Any] = {"containers": ("main", "side")}


def submitted(definition: dict[str, Any] | None = None, **fields: Any) -> tuple[Job, Overrides]:
    return job_of(
        sent_job(**{"id": "a", **fields}), a_definition(**definition or {}), cluster="main", step_ms=1000
    )


def test_a_job_is_what_its_message_says_and_else_its_definition() -> None:
    job, overrides = submitted(
        **{"class": "high"}, queue="q", retries={"attempts": 2, "exit_codes": [1]}, timeout_seconds=5
    )
    assert job == a_job(
        rank=ENQUEUED - 2000,
        job_class=JobClass.HIGH,
        queue="q",
        retries=Retries(attempts=2, exit_codes=(1,)),
        timeout_seconds=5,
        payload=job.payload,
    )
    assert overrides == Overrides()


def test_a_job_goes_before_a_higher_one_that_came_a_step_later() -> None:
    low, normal, high = (
        [rank_of(at, job_class, 1000) for at in (0, 999, 1000, 1001, 2001)]
        for job_class in (JobClass.LOW, JobClass.NORMAL, JobClass.HIGH)
    )
    assert [normal[1] < low[0], normal[2] < low[0], normal[3] < low[0]] == [True, False, False]
    assert [high[3] < low[0], high[4] < low[0]] == [True, False]


@pytest.mark.parametrize(
    ("definition", "fields", "value"),
    [
        ({}, {"memory": 100, "cpu": 100}, {}),
        ({}, {"memory": 200}, {"containerOverrides": [{"name": "main", "memory": 200}]}),
        (
            TASK_LEVEL,
            {"memory": 200, "cpu": 7},
            {
                "cpu": "7",
                "memory": "200",
                "containerOverrides": [{"name": "main", "cpu": 7, "memory": 200}],
            },
        ),
        ({**TASK_LEVEL, **TWO}, {"memory": 200}, {"memory": "200"}),
        ({**TASK_LEVEL, "soft": True, **TWO}, {"memory": 200}, {"memory": "200"}),
        (
            {},
            {"gpu": 2},
            {
                "containerOverrides": [
                    {"name": "main", "resourceRequirements": [{"type": "GPU", "value": "2"}]}
                ]
            },
        ),
        (
            {},
            {"memory": 200, "overrides": {"containerOverrides": [{"command": ["x"]}], "taskRoleArn": "r"}},
            {
                "taskRoleArn": "r",
                "containerOverrides": [{"name": "main", "command": ["x"], "memory": 200}],
            },
        ),
    ],
)
def test_ecs_is_told_the_sizes_that_were_planned_with(
    definition: dict[str, Any], fields: dict[str, Any], value: dict[str, Any]
) -> None:
    job, overrides = submitted(definition, **fields)
    amount = {"cpu": 100, "memory": 100, "gpu": 0, **fields}
    assert job.demand.amount == Amount(amount["cpu"], amount["memory"], amount["gpu"])
    assert overrides.value == value


def test_what_the_definition_demands_besides_stays() -> None:
    demand = Demand(Amount(1, 2, 0), ports=("80/tcp",), attributes=("ecs.os-type=linux",))
    job, _ = submitted({"demand": demand}, memory=50)
    assert job.demand == Demand(Amount(1, 50, 0), demand.ports, demand.attributes)


@pytest.mark.parametrize(
    ("definition", "fields", "named"),
    [
        ({"doubt": "it is INACTIVE"}, {}, "task_definition: it is INACTIVE"),
        (TWO, {"memory": 5}, "memory: everyday-work has several containers"),
        (TWO, {"cpu": 5}, "cpu: everyday-work has several containers"),
        ({"soft": True}, {"memory": 5}, "memory: .*memoryReservation"),
        (TWO, {"gpu": 1}, "gpu: "),
        ({"demand": Demand(Amount(1, 1, 1))}, {"gpu": 0}, "gpu: "),
        ({}, {"depends_on": ["x", "a"]}, "depends_on: "),
        ({}, {"array": 3, "depends_on": ["a/1"]}, "depends_on: "),
        ({}, {"array": 3, "group": {"id": "g", "size": 2}}, "group.size: .* 3 "),
        (
            {},
            {"overrides": {"containerOverrides": [{"name": "main"}, {"name": "other"}]}},
            r"overrides.containerOverrides\[1\].name: .*'other', only main",
        ),
        (
            {},
            {"overrides": {"containerOverrides": [{"name": "main"}, {}]}},
            r"overrides.containerOverrides\[1\].name: .*twice",
        ),
        (
            {},
            {"overrides": {"containerOverrides": [{"command": ["x" * MAX_OVERRIDES]}]}},
            "overrides: .* ECS takes 8192",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_the_field(
    definition: dict[str, Any], fields: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidMessageError, match=f"^{named}"):
        submitted(definition, **fields)


def test_an_array_is_a_parent_and_children_that_know_their_place() -> None:
    parent, overrides = submitted(TWO, array=3, overrides={"containerOverrides": [{"name": "side"}]})
    assert (parent.size, parent.index, parent.parent) == (3, None, None)
    children = list(children_of(parent, held=False))
    assert [(it.id, it.index, it.parent, it.size) for it in children] == [
        (f"a/{index}", index, "a", None) for index in range(3)
    ]
    assert {(it.rank, it.payload, it.demand) for it in children} == {
        (parent.rank, parent.payload, parent.demand)
    }
    place = {"name": "EVERYDAY_ARRAY_INDEX", "value": "2"}
    assert of_child(overrides, 2).value == {
        "containerOverrides": [{"name": "main", "environment": [place]}, {"name": "side"}]
    }


def test_a_childs_place_takes_the_place_of_what_was_given() -> None:
    kept, fake = {"name": "A", "value": "1"}, {"name": "EVERYDAY_ARRAY_INDEX", "value": "9"}
    _, overrides = submitted(array=2, overrides={"containerOverrides": [{"environment": [kept, fake]}]})
    (container,) = of_child(overrides, 1).value["containerOverrides"]
    assert container["environment"] == [kept, {"name": "EVERYDAY_ARRAY_INDEX", "value": "1"}]


def test_an_array_may_be_one_group() -> None:
    job, _ = submitted(array=4, group={"id": "g", "size": 4})
    assert {it.group for it in children_of(job, held=False)} == {Group("g", 4)}


@pytest.mark.parametrize(
    ("parents", "state", "held"),
    [
        ({}, State.WAITING, True),
        ({"x": State.RUNNING}, State.WAITING, True),
        ({"x": State.SUCCEEDED}, State.WAITING, False),
        ({"x": State.FAILED}, State.CANCELLED, False),
    ],
)
def test_a_new_job_is_held_until_those_it_depends_on_succeeded(
    parents: dict[str, State], state: State, held: bool
) -> None:
    job, _ = submitted(depends_on=["x", "x"])
    assert job.depends_on == ("x",)
    ready = depending(job, parents, now=5)
    assert (ready.state, ready.held) == (state, held)


def test_a_job_that_depends_on_nobody_is_never_held() -> None:
    job, _ = submitted()
    assert not depending(job, {}, now=5).held
