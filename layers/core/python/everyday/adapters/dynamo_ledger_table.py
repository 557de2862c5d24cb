"""How the ledger speaks to its table: one item, many items, one list, many writes in one step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from everyday.adapters.aws import pauses, translated
from everyday.adapters.dynamo_ledger_items import lane_name, padded
from everyday.errors import LedgerUnavailable
from everyday.jobs.ports import Lane

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

# DynamoDB API reference, BatchGetItem: at most 100 keys a request.
_BATCH = 100

FAILED = "ConditionalCheckFailed"
"""Why an item of a transaction was refused: its condition does not hold."""

_Value = TypeVar("_Value")


class LedgerTable:
    """Raises LedgerUnavailable, when throttled too. All but `pages` read consistently."""

    def __init__(
        self, client: DynamoDBClient, name: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.client = client
        self.name = name
        self._sleep = sleep

    def get(self, pk: str) -> Mapping[str, AttributeValueTypeDef] | None:
        with translated(LedgerUnavailable, f"reading {pk} from the ledger"):
            answer = self.client.get_item(TableName=self.name, Key={"pk": {"S": pk}}, ConsistentRead=True)
        return answer.get("Item")

    def get_many(
        self, ids: Sequence[str], attributes: Sequence[str]
    ) -> Mapping[str, Mapping[str, AttributeValueTypeDef]]:
        wanted = list(dict.fromkeys(ids))
        found: dict[str, Mapping[str, AttributeValueTypeDef]] = {}
        for chunk in chunks(wanted, _BATCH):
            found.update((item["pk"]["S"], item) for item in self._batch(chunk, attributes))
        return found

    def _batch(
        self, ids: Sequence[str], attributes: Sequence[str]
    ) -> Iterator[Mapping[str, AttributeValueTypeDef]]:
        request: Any = {
            self.name: {
                "Keys": [{"pk": {"S": id_}} for id_ in ids],
                "ConsistentRead": True,
                "ProjectionExpression": ", ".join(f"#{name}" for name in attributes),
                "ExpressionAttributeNames": {f"#{name}": name for name in attributes},
            }
        }
        for pause in [0.0, *pauses(8)]:
            self._sleep(pause)
            with translated(LedgerUnavailable, "reading the ledger"):
                answer = self.client.batch_get_item(RequestItems=request)
            yield from answer["Responses"].get(self.name, [])
            request = answer.get("UnprocessedKeys", {})
            if not request:
                return
        raise LedgerUnavailable("reading the ledger: DynamoDB left keys unprocessed, it is throttled")

    def transact(self, items: Any) -> Sequence[str]:
        """Do all of it or nothing; what each was refused for when a condition does not hold, else nothing."""
        for pause in [0.0, *pauses(8)]:
            self._sleep(pause)
            try:
                self.client.transact_write_items(TransactItems=items)
            except self.client.exceptions.TransactionCanceledException as error:
                codes = [reason.get("Code", "") for reason in error.response["CancellationReasons"]]
                if FAILED in codes:
                    return codes
            else:
                return ()
        raise LedgerUnavailable("writing the ledger: others write the same jobs at the same time; try again")

    def pages(
        self, cluster: str, lane: Lane, until: int | None, limit: int | None
    ) -> Iterator[Sequence[Mapping[str, AttributeValueTypeDef]]]:
        """One list, page by page, from the index, which lags a little."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            IndexName="lanes",
            ScanIndexForward=lane is not Lane.DONE,
            PaginationConfig={"PageSize": limit} if limit else {},
            **_range(cluster, lane, until),
        )
        with translated(LedgerUnavailable, f"reading the ledger's list of {lane.value} jobs"):
            for page in pages:
                yield page["Items"]


def chunks(values: Sequence[_Value], size: int) -> Iterator[Sequence[_Value]]:
    """The values in order, at most `size` together."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _range(cluster: str, lane: Lane, until: int | None) -> dict[str, Any]:
    """The part of one list up to `until`; of what is done, from then on."""
    condition, values = "#lane = :lane", {":lane": {"S": lane_name(cluster, lane)}}
    names = {"#lane": "lane"}
    if until is not None and lane in {Lane.OPEN, Lane.DONE}:
        newest_first = lane is Lane.DONE
        # A sort key is "<number>#<id>": every key of `until` lies below that of the next number.
        condition += " AND #sort >= :bound" if newest_first else " AND #sort < :bound"
        values[":bound"] = {"S": padded(until if newest_first else until + 1)}
        names["#sort"] = "sort"
    return {
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
