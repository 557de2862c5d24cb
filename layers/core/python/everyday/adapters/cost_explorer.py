"""AWS's bill of a month, by Cost Explorer. AWS asks a cent for each request."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from everyday.cloudtop.costing import Usage, first_of
from everyday.errors import BillUnavailable

_PAGES = 20


class CostExplorer:
    """See `everyday.cloudtop.ports.Bills`. Counted is everything of that kind in the region."""

    def __init__(self, client: Any, region: str) -> None:
        self._client = client
        self._region = region

    def month(self, now: datetime) -> list[Usage]:
        try:
            return [_usage(group) for group in self._groups(now)]
        except (ClientError, BotoCoreError) as error:
            raise BillUnavailable(f"Cost Explorer did not answer: {error}") from error

    def _groups(self, now: datetime) -> Iterator[Mapping[str, Any]]:
        # The end is not counted; tomorrow is allowed, and on the first of a month it has to be.
        period = {"Start": f"{first_of(now)}", "End": f"{now.date() + timedelta(days=1)}"}
        more: dict[str, str] = {}
        for _ in range(_PAGES):
            answer = self._client.get_cost_and_usage(
                TimePeriod=period,
                Granularity="MONTHLY",
                Metrics=["UnblendedCost", "UsageQuantity"],
                GroupBy=[{"Type": "DIMENSION", "Key": "USAGE_TYPE"}],
                Filter={"Dimensions": {"Key": "REGION", "Values": [self._region]}},
                **more,
            )
            for result in answer["ResultsByTime"]:
                yield from result.get("Groups", ())
            if "NextPageToken" not in answer:
                return
            more = {"NextPageToken": answer["NextPageToken"]}


def _usage(group: Mapping[str, Any]) -> Usage:
    metrics = group["Metrics"]
    return Usage(
        type=group["Keys"][0],
        usd=float(metrics["UnblendedCost"]["Amount"]),
        quantity=float(metrics["UsageQuantity"]["Amount"]),
    )
