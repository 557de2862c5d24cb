"""Cost Explorer's requests and answers, held to its service model by botocore's stubber."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from everyday.adapters.cost_explorer import CostExplorer
from everyday.errors import BillUnavailable

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
ASKED = {
    "TimePeriod": {"Start": "2026-11-01", "End": "2026-11-02"},
    "Granularity": "MONTHLY",
    "Metrics": ["UnblendedCost", "UsageQuantity"],
    "GroupBy": [{"Type": "DIMENSION", "Key": "USAGE_TYPE"}],
    "Filter": {"Dimensions": {"Key": "REGION", "Values": ["eu-central-1"]}},
}


@pytest.fixture
def stubbed() -> Iterator[tuple[CostExplorer, Stubber]]:
    session = boto3.Session("testing", "testing", region_name="eu-central-1")
    client: Any = session.client("ce")
    with Stubber(client) as stub:
        yield CostExplorer(client, "eu-central-1"), stub
        stub.assert_no_pending_responses()


def _answer(usage_type: str, usd: str, **more: str) -> dict[str, Any]:
    metrics = {
        "UnblendedCost": {"Amount": usd, "Unit": "USD"},
        "UsageQuantity": {"Amount": "12.5", "Unit": "Hrs"},
    }
    return {"ResultsByTime": [{"Groups": [{"Keys": [usage_type], "Metrics": metrics}]}], **more}


def test_every_page_of_the_bill_is_read(stubbed: tuple[CostExplorer, Stubber]) -> None:
    bills, stub = stubbed
    stub.add_response("get_cost_and_usage", _answer("SpotUsage:a", "0.5", NextPageToken="t"), ASKED)
    stub.add_response("get_cost_and_usage", _answer("BoxUsage:a", "2"), {**ASKED, "NextPageToken": "t"})
    assert [(it.type, it.usd, it.quantity) for it in bills.month(NOW)] == [
        ("SpotUsage:a", 0.5, 12.5),
        ("BoxUsage:a", 2.0, 12.5),
    ]


def test_a_refusal_says_who_refused(stubbed: tuple[CostExplorer, Stubber]) -> None:
    bills, stub = stubbed
    stub.add_client_error("get_cost_and_usage", "AccessDeniedException")
    with pytest.raises(BillUnavailable, match="Cost Explorer did not answer"):
        bills.month(NOW)
