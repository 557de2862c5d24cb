"""Amounts, spans and instances in words."""

import pytest

from everyday.jobs.board import BoardInstance
from everyday.jobs.model import Amount
from everyday.jobs.words import said, span, standing

WHOLE = Amount(cpu=1024, memory=512)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (185, "3 min 5 s"),
        (3600, "1 h"),
        (7805, "2 h 10 min"),
        (273_600, "3 d 4 h"),
        (-5, "0 s"),
    ],
)
def test_a_span_is_told_in_two_units(seconds: int, told: str) -> None:
    assert span(seconds * 1000) == told


def test_an_amount_names_only_what_there_is_of_it() -> None:
    assert said(Amount(memory=100)) == "100 MiB"
    assert said(Amount(256, 100, 1)) == "256 CPU units and 100 MiB and 1 GPU"
    assert said(Amount()) == "nothing"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"tasks": 0}, "0 tasks"),
        ({"tasks": 1}, "1 task"),
        ({"tasks": 2, "open": False}, "2 tasks; takes no more"),
        ({"tasks": 2, "reserved_for": "a"}, "2 tasks; the rest is kept for a"),
        (
            {"tasks": 2, "reserved_for": "a", "expected_at": 43_440_000},
            "2 tasks; the rest is kept for a from about 12:04 UTC",
        ),
    ],
)
def test_an_instance_tells_what_it_does(changes, told: str) -> None:
    assert standing(BoardInstance(ec2_id="i", arn="a", registered=WHOLE, free=WHOLE, **changes)) == told
