"""The one table of `cloudtop` in DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from botocore.exceptions import ClientError

from everyday.adapters.aws import code_of, translated
from everyday.cloudtop.model import Home, Lease, Notes, Report, Wish
from everyday.cloudtop.names import HOME, KEEPER, LEASE, REPORT, WISH
from everyday.errors import BookConflict, BookUnavailable

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

_REFUSED = "ConditionalCheckFailedException"

_Doc = TypeVar("_Doc", Wish, Home, Notes)
_Said = TypeVar("_Said", Lease, Report)


class DynamoBook:
    """The Book port. `wish`, `home` and `keeper` are JSON beside their version; `lease` and `report`, which
    the machine writes too, have an attribute a field."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client: Any = client
        self._table = table

    def wish(self) -> Wish:
        return self._read(WISH, Wish) or Wish()

    def put_wish(self, wish: Wish) -> None:
        self._put(WISH, wish)

    def home(self) -> Home | None:
        return self._read(HOME, Home)

    def put_home(self, home: Home) -> None:
        self._put(HOME, home)

    def notes(self) -> Notes:
        return self._read(KEEPER, Notes) or Notes()

    def put_notes(self, notes: Notes) -> None:
        self._put(KEEPER, notes)

    def lease(self) -> Lease | None:
        return self._said(LEASE, Lease)

    def free_lease(self, holder: str) -> bool:
        try:
            with _understood(f"taking the lease from {holder}"):
                self._client.delete_item(
                    TableName=self._table,
                    Key={"pk": {"S": LEASE}},
                    ConditionExpression="#holder = :holder",
                    ExpressionAttributeNames={"#holder": "holder"},
                    ExpressionAttributeValues={":holder": {"S": holder}},
                )
        except BookConflict:
            return False
        return True

    def report(self) -> Report | None:
        return self._said(REPORT, Report)

    def _item(self, pk: str) -> Mapping[str, Any] | None:
        with _understood(f"reading {pk}"):
            answer = self._client.get_item(TableName=self._table, Key={"pk": {"S": pk}}, ConsistentRead=True)
        found: Mapping[str, Any] | None = answer.get("Item")
        return found

    def _read(self, pk: str, kind: type[_Doc]) -> _Doc | None:
        item = self._item(pk)
        if item is None:
            return None
        with _readable(pk):
            return msgspec.json.decode(item["doc"]["S"], type=kind)

    def _said(self, pk: str, kind: type[_Said]) -> _Said | None:
        item = self._item(pk)
        if item is None:
            return None
        with _readable(pk):
            return msgspec.convert({name: _plain(value) for name, value in item.items()}, kind)

    def _put(self, pk: str, doc: _Doc) -> None:
        """A write whose reply was lost is sent again by botocore and refused then: the item is read back."""
        try:
            with _understood(f"writing {pk}"):
                self._client.put_item(**_conditional_put(self._table, pk, doc))
        except BookConflict:
            if self._read(pk, type(doc)) != doc:
                raise


def _conditional_put(table: str, pk: str, doc: Wish | Home | Notes) -> dict[str, Any]:
    item = {
        "pk": {"S": pk},
        "doc": {"S": msgspec.json.encode(doc).decode()},
        "version": {"N": str(doc.version)},
    }
    return {
        "TableName": table,
        "Item": item,
        "ConditionExpression": "#version = :before" if doc.version > 1 else "attribute_not_exists(pk)",
        **(_names(doc.version - 1) if doc.version > 1 else {}),
    }


def _names(before: int) -> dict[str, Any]:
    return {
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": {":before": {"N": str(before)}},
    }


def _plain(value: Mapping[str, Any]) -> Any:
    """What the machine writes is text and lists of text."""
    ((kind, content),) = value.items()
    if kind == "L":
        return [_plain(each) for each in content]
    return sorted(content) if kind == "SS" else content


@contextmanager
def _understood(doing: str) -> Iterator[None]:
    with translated(BookUnavailable, doing):
        try:
            yield
        except ClientError as error:
            if code_of(error) == _REFUSED:
                raise BookConflict(f"{doing}: somebody wrote it since it was read") from error
            raise


@contextmanager
def _readable(pk: str) -> Iterator[None]:
    try:
        yield
    except (msgspec.MsgspecError, KeyError, ValueError) as error:
        raise BookUnavailable(
            f"the item {pk} of the CloudTop's table is not what this version writes ({error}); "
            "`everyday cloudtop doctor` shows it"
        ) from error
