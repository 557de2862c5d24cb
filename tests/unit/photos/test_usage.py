import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.photos.usage import pause_until
from tests.builders import NOW


def app(percent: float) -> dict[str, str]:
    return {"X-App-Usage": json.dumps({"call_count": percent, "total_time": 1, "total_cputime": 2})}


def case(percent: float = 0, minutes: float = 0) -> dict[str, str]:
    use = {"type": "instagram", "call_count": percent, "estimated_time_to_regain_access": minutes}
    return {"x-business-use-case-usage": json.dumps({"178": [use]})}


@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        ({}, None),
        (app(12), None),
        (app(80), None),
        (app(81), 15),
        (app(100), 60),
        (case(80.5), 15),
        (case(101), 60),
        (case(100, minutes=7), 7),
        (case(10, minutes=3), 3),
        (case(100, minutes=1e9), 24 * 60),
        (case(100, minutes=-4), 60),
        ({**app(5), **case(90)}, 15),
        ({**app(90), "x-business-use-case-usage": "oops"}, 15),
        ({"x-app-usage": "oops", **case(90)}, 15),
        ({"x-app-usage": "[]"}, None),
        ({"x-app-usage": '{"a":' * 10_000}, None),
        ({"x-app-usage": '{"call_count": "many"}'}, None),
    ],
)
def test_the_pause_follows_the_worst_header(headers: dict[str, str], minutes: int | None) -> None:
    expected = None if minutes is None else NOW + timedelta(minutes=minutes)
    assert pause_until(headers, now=NOW) == expected


@given(st.text(), st.text())
def test_odd_headers_never_fail(one: str, other: str) -> None:
    until = pause_until({"x-app-usage": one, "x-business-use-case-usage": other}, now=NOW)
    assert until is None or until > NOW
