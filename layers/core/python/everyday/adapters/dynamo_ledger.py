"""The ledger in one DynamoDB table with the index `lanes`.

What one job costs, in write units of 1 KB (the table, and the index beside it): stored 1 + 1, claimed 1 + 2,
confirmed 1 + 2, started 1 + 1 (+ 2 with a timeout), ended 1 + 2; its call up to 1: about 14. A child of an
array ends in a transaction with its parent, which doubles both writes: 3 more. A pass reads an index of
eventually consistent, compact documents: about 90 read units for 2,000 waiting jobs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from everyday.adapters.aws import pauses, translated
from everyday.adapters.dynamo_ledger_items import (
    changing,
    counting,
    expiry,
    lane_name,
    new_item,
    padded,
    read_job,
    read_overrides,
    text,
)
from everyday.errors import LedgerConflict, LedgerUnavailable
from everyday.jobs.board import Board
from everyday.jobs.model import Call, Job, Overrides
from everyday.jobs.overrides import of_child
from everyday.jobs.ports import Lane

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

# DynamoDB API reference, BatchGetItem: at most 100 keys a request.
_BATCH = 100
_JOB = ("pk", "doc", "succeeded", "failed", "ended_at")


class DynamoLedger:
    """A Ledger. Raises LedgerUnavailable, when throttled too. What is final is kept for `keep_days`.

    `get_many`, `overrides`, `call` and `board` read consistently. `listed` reads an index, which lags a
    little: a job from there may be old, and `put` then refuses it.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        keep_days: int = 30,
        new_id: Callable[[], str] = lambda: uuid4().hex,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._table = table
        self._keep_days = keep_days
        self._new_id = new_id
        self._sleep = sleep
        self._now = now

    def add(self, job: Job, overrides: Overrides) -> Job:
        new, write_id = replace(job, version=job.version + 1), self._new_id()
        with translated(LedgerUnavailable, f"adding job {job.id} to the ledger"):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=new_item(new, overrides, write_id, self._keep_days),
                    **_condition(job.version),
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                stored = self._get(job.id)
                if not stored:
                    raise LedgerConflict(f"job {job.id} is gone from the ledger since it was read") from error
                # The reply to our own write may have been lost; the retry then finds our own job.
                return new if stored["write_id"]["S"] == write_id else read_job(stored)
        return new

    def get_many(self, ids: Sequence[str]) -> Mapping[str, Job]:
        return {pk: read_job(item) for pk, item in self._read(ids, _JOB).items()}

    def overrides(self, ids: Sequence[str]) -> Mapping[str, Overrides]:
        whole = [id_.partition("/") for id_ in ids]
        items = self._read([parent for parent, _, _ in whole], ("pk", "overrides"))
        found = {pk: read_overrides(item) for pk, item in items.items()}
        return {
            id_: of_child(found[parent], int(index)) if index else found[parent]
            for id_, (parent, _, index) in zip(ids, whole, strict=True)
            if parent in found
        }

    def put(self, job: Job) -> Job:
        new, write_id = replace(job, version=job.version + 1), self._new_id()
        with translated(LedgerUnavailable, f"writing job {job.id} to the ledger"):
            try:
                done = self._count(new, write_id) if new.parent and new.state.final else False
                if not done:
                    self._client.update_item(**self._change(new, write_id))
            except self._client.exceptions.ConditionalCheckFailedException as error:
                self._check_ours(job.id, write_id, error)
        return new

    def listed(
        self, cluster: str, lane: Lane, *, until: int | None = None, limit: int | None = None
    ) -> Iterator[Job]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="lanes",
            ScanIndexForward=lane is not Lane.DONE,
            PaginationConfig={"PageSize": limit} if limit else {},
            **_range(cluster, lane, until),
        )
        return islice(self._jobs(pages, lane), limit)

    def add_call(self, call: Call) -> None:
        self._put_document(
            f"call/{call.id}",
            text(call),
            expires=expiry(round(self._now() * 1000), self._keep_days),
            condition={"ConditionExpression": "attribute_not_exists(pk)"},
        )

    def call(self, call_id: str) -> Call | None:
        item = self._get(f"call/{call_id}")
        return msgspec.json.decode(item["doc"]["S"], type=Call) if item else None

    def put_board(self, board: Board) -> None:
        self._put_document(
            f"board/{board.cluster}",
            text(board),
            version=board.at,
            expires=expiry(board.at, self._keep_days),
            condition={
                "ConditionExpression": "attribute_not_exists(pk) OR #version <= :at",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": {":at": {"N": str(board.at)}},
            },
        )

    def board(self, cluster: str) -> Board | None:
        item = self._get(f"board/{cluster}")
        return msgspec.json.decode(item["doc"]["S"], type=Board) if item else None

    def _count(self, child: Job, write_id: str) -> bool:
        """Store the ended child and count it in its parent, in one step; False when there is no parent."""
        for last in (False, True):
            count = counting(self._table, child, self._keep_days, last=last)
            refused = self._transact([self._change(child, write_id), count])
            if not refused:
                return True
            if refused[0] == "ConditionalCheckFailed":
                self._check_ours(child.id, write_id, None)
                return True
        return False

    def _transact(self, updates: Sequence[dict[str, Any]]) -> Sequence[str]:
        """Do all of the updates or none; why each was refused when a condition does not hold."""
        items: Any = [{"Update": update} for update in updates]
        for pause in [0.0, *pauses(8)]:
            self._sleep(pause)
            try:
                self._client.transact_write_items(TransactItems=items)
            except self._client.exceptions.TransactionCanceledException as error:
                codes = [reason.get("Code", "") for reason in error.response["CancellationReasons"]]
                if "ConditionalCheckFailed" in codes:
                    return codes
            else:
                return ()
        raise LedgerUnavailable(
            f"{updates[1]['Key']['pk']['S']}: its children end faster than can be counted"
        )

    def _change(self, job: Job, write_id: str) -> dict[str, Any]:
        return changing(self._table, job, write_id, self._keep_days)

    def _check_ours(self, id_: str, write_id: str, error: Exception | None) -> None:
        # The reply to our own write may have been lost; the retry then finds our own version.
        stored = self._get(id_)
        if not stored or stored["write_id"]["S"] != write_id:
            raise LedgerConflict(f"job {id_} changed in the ledger since it was read") from error

    def _put_document(
        self, pk: str, doc: str, *, expires: str, condition: dict[str, Any], version: int = 0
    ) -> None:
        item: Any = {"pk": {"S": pk}, "doc": {"S": doc}, "expires_at": {"N": expires}}
        item["version"] = {"N": str(version)}
        with translated(LedgerUnavailable, f"writing {pk} to the ledger"):
            try:
                self._client.put_item(TableName=self._table, Item=item, **condition)
            except self._client.exceptions.ConditionalCheckFailedException:
                return  # one is there that counts more

    def _get(self, pk: str) -> Mapping[str, AttributeValueTypeDef] | None:
        with translated(LedgerUnavailable, f"reading {pk} from the ledger"):
            answer = self._client.get_item(TableName=self._table, Key={"pk": {"S": pk}}, ConsistentRead=True)
        return answer.get("Item")

    def _read(
        self, ids: Sequence[str], attributes: Sequence[str]
    ) -> Mapping[str, Mapping[str, AttributeValueTypeDef]]:
        wanted = list(dict.fromkeys(ids))
        found: dict[str, Mapping[str, AttributeValueTypeDef]] = {}
        for start in range(0, len(wanted), _BATCH):
            for item in self._batch(wanted[start : start + _BATCH], attributes):
                found[item["pk"]["S"]] = item
        return found

    def _batch(
        self, ids: Sequence[str], attributes: Sequence[str]
    ) -> Iterator[Mapping[str, AttributeValueTypeDef]]:
        request: Any = {
            self._table: {
                "Keys": [{"pk": {"S": id_}} for id_ in ids],
                "ConsistentRead": True,
                "ProjectionExpression": ", ".join(f"#{name}" for name in attributes),
                "ExpressionAttributeNames": {f"#{name}": name for name in attributes},
            }
        }
        for pause in [0.0, *pauses(8)]:
            self._sleep(pause)
            with translated(LedgerUnavailable, "reading the ledger"):
                answer = self._client.batch_get_item(RequestItems=request)
            yield from answer["Responses"].get(self._table, [])
            request = answer.get("UnprocessedKeys", {})
            if not request:
                return
        raise LedgerUnavailable("reading the ledger: DynamoDB left keys unprocessed, it is throttled")

    def _jobs(self, pages: Any, lane: Lane) -> Iterator[Job]:
        with translated(LedgerUnavailable, f"reading the ledger's list of {lane.value} jobs"):
            for page in pages:
                jobs = [read_job(item) for item in page["Items"]]
                # What an array's children came to is not in the index.
                arrays = self.get_many([job.id for job in jobs if job.size is not None])
                yield from (arrays.get(job.id, job) for job in jobs)


def _condition(version: int) -> dict[str, Any]:
    if version == 0:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": {":version": {"N": str(version)}},
    }


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
