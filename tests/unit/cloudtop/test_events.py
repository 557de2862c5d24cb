"""What a Lambda's event means to the keeper."""

from typing import Any

import pytest

from everyday.cloudtop.events import Ask, Look, parse
from everyday.errors import InvalidMessageError


@pytest.mark.parametrize(
    ("event", "heard"),
    [
        ({"look": "now"}, Look("now")),
        ({"source": "aws.events", "detail-type": "Scheduled Event"}, Look("Scheduled Event")),
        ({"source": "aws.ec2spotfleet", "detail-type": "EC2 Spot Fleet Error"}, Look("EC2 Spot Fleet Error")),
        ({"source": "everyday.ec2", "detail-type": "x"}, Look("x")),
        ({"wish": "up", "reason": "schedule"}, Ask(up=True, reason="schedule")),
        ({"wish": "down"}, Ask(up=False, reason="schedule")),
        ({"Records": [{"EventSource": "aws:sns", "Sns": {}}]}, Ask(up=False, reason="budget")),
    ],
)
def test_an_event_is_understood(event: dict[str, Any], heard: Look | Ask) -> None:
    assert parse(event) == heard


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ({}, "none of"),
        ({"wish": "sideways"}, "wish"),
        ({"wish": "up", "reason": "whim"}, "reason"),
        ({"Records": []}, "none of"),
        ({"Records": [{"EventSource": "aws:s3"}]}, "none of"),
        ({"source": "elsewhere", "detail-type": "x"}, "none of"),
        ({"source": "aws.ec2"}, "none of"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(event: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidMessageError, match=named):
        parse(event)
