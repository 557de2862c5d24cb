"""The cluster query language of the ECS stand-in, after the ECS developer guide."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday_local.ecs.errors import EcsError
from everyday_local.ecs.expressions import parse, pinned

FACTS = {
    "ec2InstanceId": ["i-abcd1234"],
    "agentConnected": ["true"],
    "agentVersion": ["1.14.4"],
    "registeredAt": ["2018-02-12T08:00:00"],
    "runningTasksCount": ["9"],
    "task:group": ["database", "service:production"],
    "attribute:ecs.instance-type": ["g2.2xlarge"],
    "attribute:ecs.availability-zone": ["us-east-1a"],
    "attribute:marked": [""],
}


@pytest.mark.parametrize(
    ("expression", "selected"),
    [
        ("attribute:ecs.instance-type == t2.small", False),
        ("attribute:ecs.instance-type == g2.2xlarge", True),
        ("attribute:ecs.availability-zone in [us-east-1a, us-east-1b]", True),
        ("attribute:ecs.availability-zone !in [us-east-1a,us-east-1b]", False),
        ("attribute:ecs.instance-type =~ g2.* and attribute:ecs.availability-zone != us-east-1d", True),
        ("attribute:ecs.instance-type =~ g2", False),
        ("attribute:ecs.instance-type =~ (g2|t3)\\..*", True),
        ("attribute:ecs.instance-type !~ g2.*", False),
        ("task:group == service:production", True),
        ("not(task:group == database)", False),
        ("runningTasksCount == 9", True),
        ("runningTasksCount < 10", True),
        ("runningTasksCount >= 10", False),
        ("agentVersion < 1.14.5", True),
        ("agentVersion < 1.9.0", False),
        ("registeredAt < 2018-02-13", True),
        ("registeredAt > 2018-02-13T00:00:00", False),
        ("ec2InstanceId in ['i-abcd1234', 'i-wxyx7890']", True),
        ("ec2InstanceId equals 'i-abcd1234'", True),
        ("ec2InstanceId not_equals i-abcd1234", False),
        ("ec2InstanceId not_in [i-0]", True),
        ("agentConnected == true", True),
        ("attribute:marked exists", True),
        ("attribute:unmarked exists", False),
        ("attribute:unmarked !exists", True),
        ("attribute:unmarked not_exists", True),
        ("attribute:unmarked == x", False),
        ("attribute:unmarked != x", True),
        ("(runningTasksCount > 100 or agentConnected == true) and attribute:marked exists", True),
        ("runningTasksCount > 100 or agentConnected == true and attribute:unmarked exists", False),
        ("!(runningTasksCount > 100) && !(agentConnected == false)", True),
        ("runningTasksCount > 100 || agentConnected == true", True),
        ("not not agentConnected == true", True),
    ],
)
def test_an_expression_selects_as_the_guide_says(expression: str, selected: bool) -> None:
    """«Create expressions to define container instances»: subjects, operators, examples."""
    assert parse(expression)(FACTS) is selected


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "ec2InstanceId",
        "ec2InstanceId ==",
        "ec2InstanceId == i-1 i-2",
        "ec2InstanceId === i-1",
        "ec2InstanceId > i-1",
        "ec2InstanceId exists",
        "ec2InstanceId in i-1",
        "ec2InstanceId in []",
        "ec2InstanceId in [i-1",
        "runningTasksCount =~ 9",
        "moon == full",
        "(runningTasksCount == 9",
        "runningTasksCount == 9)",
        "runningTasksCount == 9 and",
        "and runningTasksCount == 9",
        "attribute:x =~ [",
        "x" * 2001,
    ],
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(EcsError) as caught:
        parse(expression)
    assert caught.value.code == "InvalidParameterException"


@given(st.text(alphabet="abc :=!<>~()[],'\"&|.*19 ", max_size=40))
def test_any_text_is_an_expression_or_is_refused(text: str) -> None:
    with suppress(EcsError):
        assert parse(text)(FACTS) in {True, False}


def test_only_the_plainest_expression_pins() -> None:
    assert pinned("ec2InstanceId == i-1") == pinned(" ec2InstanceId equals 'i-1' ") == "i-1"
    for other in ("ec2InstanceId != i-1", "ec2InstanceId == i-1 or ec2InstanceId == i-2", ""):
        assert pinned(other) is None
