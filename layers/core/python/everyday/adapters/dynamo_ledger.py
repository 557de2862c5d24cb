"""The ledger in one DynamoDB table with the index `lanes`.

What one job costs, in write units of 1 KB (the table, and the index beside it): stored 1 + 1, claimed 1 + 2,
confirmed 1 + 2, started 1 + 1 (+ 2 with a timeout), ended 1 + 2; its call up to 1: about 14. A child of an
array is stored in a transaction, and ends in one with its parent, which doubles these writes: 4 more. A pass
reads compact documents from an index, eventually consistent: about 90 read units for 2,000 waiting jobs.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from everyday.adapters.aws import translated
from everyday.adapters.dynamo_ledger_items import (
    adding,
    changing,
    counting,
    expiry,
    new_item,
    read_job,
    read_overrides,
    text,
)
from everyday.adapters.dynamo_ledger_table import FAILED, LedgerTable, chunks
from everyday.errors import LedgerConflict, LedgerUnavailable
from everyday.jobs.board import Board
from everyday.jobs.model import Call, Job, Overrides
from everyday.jobs.overrides import of_child
from everyday.jobs.ports import Lane

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

# DynamoDB API reference, TransactWriteItems: at most 100 items; one is kept for the array.
_TRANSACTION = 99
# Events of a task name its call for as long as it runs, which without a timeout has no end that is known.
_CALL_DAYS = 400
_JOB = ("pk", "doc", "succeeded", "failed", "ended_at")


class DynamoLedger:
    """A Ledger. Raises LedgerUnavailable, when throttled too. What is final is kept for `keep_days`, and
    calls for longer than their tasks run.

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
        self._table = LedgerTable(client, table, sleep=sleep)
        self._keep_days = keep_days
        self._new_id = new_id
        self._now = now

    def add(self, job: Job, overrides: Overrides) -> Job:
        new, write_id = replace(job, version=job.version + 1), self._new_id()
        with translated(LedgerUnavailable, f"adding job {job.id} to the ledger"):
            try:
                self._client.put_item(
                    TableName=self._table.name,
                    Item=new_item(new, overrides, write_id, self._keep_days),
                    **_condition(job.version),
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                stored = self._table.get(job.id)
                if not stored:
                    raise LedgerConflict(f"job {job.id} is gone from the ledger since it was read") from error
                # The reply to our own write may have been lost; the retry then finds our own job.
                return new if stored["write_id"]["S"] == write_id else read_job(stored)
        return new

    def add_all(self, jobs: Sequence[Job]) -> None:
        for chunk in chunks(jobs, _TRANSACTION):
            left = [
                {"Put": adding(self._table.name, replace(job, version=1), self._new_id(), self._keep_days)}
                for job in chunk
            ]
            with translated(LedgerUnavailable, f"adding job {chunk[0].id} and others to the ledger"):
                while left:
                    refused = self._table.transact(left)
                    # All or nothing: once more, without those that are known.
                    left = [put for put, code in zip(left, refused, strict=False) if code != FAILED]

    def get_many(self, ids: Sequence[str]) -> Mapping[str, Job]:
        return {pk: read_job(item) for pk, item in self._table.get_many(ids, _JOB).items()}

    def overrides(self, ids: Sequence[str]) -> Mapping[str, Overrides]:
        whole = [id_.partition("/") for id_ in ids]
        items = self._table.get_many([parent for parent, _, _ in whole], ("pk", "overrides"))
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
                counted = self._end([(new, write_id)]) if new.parent and new.state.final else False
                if not counted:
                    self._client.update_item(**self._change(new, write_id))
            except self._client.exceptions.ConditionalCheckFailedException as error:
                self._check_ours(job.id, write_id, error)
        return new

    def put_all(self, jobs: Sequence[Job]) -> None:
        for together in _families(jobs):
            new = [(replace(job, version=job.version + 1), self._new_id()) for job in together]
            with translated(LedgerUnavailable, f"writing job {together[0].id} and others to the ledger"):
                done = len(new) > 1 and self._end(new)
            if not done:
                for job in together:
                    with suppress(LedgerConflict):
                        self.put(job)

    def listed(
        self, cluster: str, lane: Lane, *, until: int | None = None, limit: int | None = None
    ) -> Iterator[Job]:
        return islice(self._jobs(self._table.pages(cluster, lane, until, limit)), limit)

    def add_call(self, call: Call) -> None:
        self._put_document(
            f"#call/{call.id}",
            text(call),
            expires=expiry(round(self._now() * 1000), _CALL_DAYS),
            condition={"ConditionExpression": "attribute_not_exists(pk)"},
        )

    def call(self, call_id: str) -> Call | None:
        item = self._table.get(f"#call/{call_id}")
        return msgspec.json.decode(item["doc"]["S"], type=Call) if item else None

    def put_board(self, board: Board) -> None:
        self._put_document(
            f"#board/{board.cluster}",
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
        item = self._table.get(f"#board/{cluster}")
        return msgspec.json.decode(item["doc"]["S"], type=Board) if item else None

    def _end(self, children: Sequence[tuple[Job, str]]) -> bool:
        """Store ended children of one array, each with its write id, and count them, all in one step.

        False when that cannot be: somebody else changed one of them, or the array is gone.
        """
        changes = [{"Update": self._change(child, write_id)} for child, write_id in children]
        for last in (False, True):
            count = counting(self._table.name, [child for child, _ in children], self._keep_days, last=last)
            refused = self._table.transact([*changes, {"Update": count}])
            if not refused:
                return True
            if FAILED in refused[:-1]:
                return False
        return False

    def _change(self, job: Job, write_id: str) -> dict[str, Any]:
        return changing(self._table.name, job, write_id, self._keep_days)

    def _check_ours(self, id_: str, write_id: str, error: Exception | None) -> None:
        # The reply to our own write may have been lost; the retry then finds our own version.
        stored = self._table.get(id_)
        if not stored or stored["write_id"]["S"] != write_id:
            raise LedgerConflict(f"job {id_} changed in the ledger since it was read") from error

    def _put_document(
        self, pk: str, doc: str, *, expires: str, condition: dict[str, Any], version: int = 0
    ) -> None:
        item: Any = {"pk": {"S": pk}, "doc": {"S": doc}, "expires_at": {"N": expires}}
        item["version"] = {"N": str(version)}
        with translated(LedgerUnavailable, f"writing {pk} to the ledger"):
            try:
                self._client.put_item(TableName=self._table.name, Item=item, **condition)
            except self._client.exceptions.ConditionalCheckFailedException:
                return  # one is there that counts more

    def _jobs(self, pages: Iterator[Sequence[Mapping[str, AttributeValueTypeDef]]]) -> Iterator[Job]:
        for page in pages:
            jobs = [read_job(item) for item in page]
            # What an array's children came to is not in the index.
            arrays = self.get_many([job.id for job in jobs if job.size is not None])
            yield from (arrays.get(job.id, job) for job in jobs)


def _families(jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
    """The jobs that can be written together: ended children of one array. All others one by one."""
    families: defaultdict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        families[job.parent if job.parent and job.state.final else job.id].append(job)
    for family in families.values():
        yield from chunks(family, _TRANSACTION)


def _condition(version: int) -> dict[str, Any]:
    if version == 0:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": {":version": {"N": str(version)}},
    }
