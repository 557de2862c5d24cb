"""The catalog in one DynamoDB table.

An item is the entry as a JSON document (`doc`) beside what the table must see of it: `pk` (the medium's id,
or `#run`), `version`, `write_id`, `all` and `taken_at` (index `timeline`), and, only while something is to be
done, `work` (sparse index `todo`, by `taken_at`) and `retry_at`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from everyday.adapters.aws import pauses, translated
from everyday.errors import CatalogConflict, CatalogUnavailable
from everyday.photos.catalog import Entry, RunState, Work

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        KeysAndAttributesOutputTypeDef,
        UniversalAttributeValueTypeDef,
    )

_RUN = "#run"
_ALL = "media"
_Versioned = TypeVar("_Versioned", Entry, RunState)


class DynamoCatalog:
    """A Catalog in a table with the indexes `todo` and `timeline`. Raises CatalogUnavailable, when throttled
    too.

    `get_many` and `run_state` read consistently. `due` and `timeline` read indexes, which lag a little: an
    entry from there may be old, and `put` then refuses it.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        new_id: Callable[[], str] = lambda: uuid4().hex,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._new_id = new_id
        self._sleep = sleep

    def get_many(self, ids: Sequence[str]) -> Mapping[str, Entry]:
        found: dict[str, Entry] = {}
        wanted = _request(self._table, ids)
        for pause in [0.0, *pauses(8)]:
            if not wanted:
                return found
            self._sleep(pause)
            with translated(CatalogUnavailable, "reading the catalog"):
                answer = self._client.batch_get_item(RequestItems=wanted)
            for item in answer["Responses"].get(self._table, []):
                found[item["pk"]["S"]] = _read(item, Entry)
            wanted = answer.get("UnprocessedKeys", {})
        if wanted:
            raise CatalogUnavailable("reading the catalog: DynamoDB left keys unprocessed, it is throttled")
        return found

    def put(self, entry: Entry) -> Entry:
        return self._put(entry.id, entry, _indexed(entry))

    def due(self, work: Work, *, now: datetime) -> Iterator[Entry]:
        return self._query(
            IndexName="todo",
            KeyConditionExpression="#work = :work",
            FilterExpression="attribute_not_exists(retry_at) OR retry_at <= :now",
            ExpressionAttributeNames={"#work": "work"},
            ExpressionAttributeValues={":work": {"S": work.value}, ":now": {"S": _stamp(now)}},
        )

    def timeline(self, *, since: datetime | None = None, until: datetime | None = None) -> Iterator[Entry]:
        # A sort key is "<time>#<id>", so every key of the time `until` lies below "<until>$".
        low = _stamp(since) if since else " "
        high = f"{_stamp(until)}$" if until else "~"
        if low > high:  # DynamoDB calls that an error
            return iter(())
        return self._query(
            IndexName="timeline",
            ScanIndexForward=False,
            KeyConditionExpression="#all = :all AND taken_at BETWEEN :low AND :high",
            ExpressionAttributeNames={"#all": "all"},
            ExpressionAttributeValues={":all": {"S": _ALL}, ":low": {"S": low}, ":high": {"S": high}},
        )

    def run_state(self) -> RunState:
        item = self._get(_RUN)
        return _read(item, RunState) if item else RunState()

    def put_run_state(self, state: RunState) -> RunState:
        return self._put(_RUN, state, {})

    def _put(self, pk: str, record: _Versioned, indexed: Mapping[str, str]) -> _Versioned:
        new = replace(record, version=record.version + 1)
        write_id = self._new_id()
        strings = {"pk": pk, "write_id": write_id, "doc": msgspec.json.encode(new).decode(), **indexed}
        item: dict[str, UniversalAttributeValueTypeDef] = {
            "version": {"N": str(new.version)},
            **{name: {"S": text} for name, text in strings.items()},
        }
        with translated(CatalogUnavailable, f"writing {pk} to the catalog"):
            try:
                self._client.put_item(TableName=self._table, Item=item, **_condition(record.version))
            except self._client.exceptions.ConditionalCheckFailedException as error:
                # The reply to our own write may have been lost; the retry then finds our own version.
                stored = self._get(pk)
                if not stored or stored["write_id"].get("S") != write_id:
                    raise CatalogConflict(f"{pk} changed in the catalog since it was read") from error
        return new

    def _get(self, pk: str) -> Mapping[str, AttributeValueTypeDef] | None:
        with translated(CatalogUnavailable, f"reading {pk} from the catalog"):
            answer = self._client.get_item(TableName=self._table, Key={"pk": {"S": pk}}, ConsistentRead=True)
        return answer.get("Item")

    def _query(self, **query: Any) -> Iterator[Entry]:
        pages = self._client.get_paginator("query").paginate(TableName=self._table, **query)
        with translated(CatalogUnavailable, f"reading the catalog's {query['IndexName']}"):
            for page in pages:
                for item in page["Items"]:
                    yield _read(item, Entry)


def _request(table: str, ids: Sequence[str]) -> Mapping[str, KeysAndAttributesOutputTypeDef]:
    keys: list[dict[str, AttributeValueTypeDef]] = [{"pk": {"S": id_}} for id_ in dict.fromkeys(ids)]
    return {table: {"Keys": keys, "ConsistentRead": True}} if keys else {}


def _condition(version: int) -> dict[str, Any]:
    if version == 0:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": {":version": {"N": str(version)}},
    }


def _indexed(entry: Entry) -> dict[str, str]:
    """What the indexes see. Without `work` an item is not in `todo` at all."""
    words = {"all": _ALL, "taken_at": f"{_stamp(entry.taken_at)}#{entry.id}"}
    if entry.work:
        words["work"] = entry.work.value
    if entry.retry_at:
        words["retry_at"] = _stamp(entry.retry_at)
    return words


def _stamp(moment: datetime) -> str:
    """Sorts as text the way moments sort."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _read(item: Mapping[str, AttributeValueTypeDef], kind: type[_Versioned]) -> _Versioned:
    return msgspec.json.decode(item["doc"]["S"], type=kind)
