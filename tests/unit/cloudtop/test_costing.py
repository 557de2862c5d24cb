"""The month's bill by part, and its end."""

from datetime import UTC, datetime

import pytest

from everyday.cloudtop.costing import Usage, bill, elapsed

MIDDLE = datetime(2026, 11, 16, tzinfo=UTC)  # 15 of 30 days have passed


@pytest.mark.parametrize(
    ("usage_type", "part"),
    [
        ("SpotUsage:m6i.xlarge", "machine on spot"),
        ("EUC1-SpotUsage:c6i.xlarge", "machine on spot"),
        ("EUC1-BoxUsage:m5.xlarge", "machine on demand"),
        ("EUC1-EBS:VolumeUsage.gp3", "volume"),
        ("EBS:SnapshotUsage", "snapshots"),
        ("USW2-PublicIPv4:InUseAddress", "IPv4 address"),
    ],
)
def test_each_line_of_the_bill_is_its_part(usage_type: str, part: str) -> None:
    told = bill([Usage(type=usage_type, usd=3, quantity=10)], MIDDLE, size_gib=0)
    assert {it.name: it.usd for it in told.parts if it.usd} == {part: 3}
    assert told.usd == 3


def test_what_is_no_part_of_it_is_left_out() -> None:
    lines = [Usage(type=each, usd=9, quantity=1) for each in ("Lambda-GB-Second", "NatGateway-Hours")]
    assert bill(lines, MIDDLE, size_gib=0).usd == 0


def test_half_a_month_is_half_of_the_end() -> None:
    told = bill([Usage(type="EBS:VolumeUsage.gp3", usd=2, quantity=25)], MIDDLE, size_gib=50)
    assert told.forecast_usd == pytest.approx(4)
    assert told.month == "2026-11"


def test_the_other_one_is_asked_for_the_same_hours_and_the_same_disk() -> None:
    lines = [
        Usage(type="SpotUsage:m6i.xlarge", usd=3, quantity=40),
        Usage(type="BoxUsage:m6i.xlarge", usd=2, quantity=10),
    ]
    told = bill(lines, MIDDLE, size_gib=50)
    assert told.codespaces_usd == pytest.approx(50 * 0.36 + 50 * 0.07 / 2)


def test_the_first_minute_of_a_month_divides_by_something() -> None:
    assert elapsed(datetime(2026, 11, 1, tzinfo=UTC)) == pytest.approx(1 / 720)
    assert elapsed(datetime(2026, 2, 28, 23, 59, tzinfo=UTC)) == pytest.approx(1, abs=0.001)
