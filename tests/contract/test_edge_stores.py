"""The key-value stores of the local edge through AWS's own client."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from everyday_local.edge.app import build_app
from everyday_local.edge.functions import Functions
from everyday_local.edge.sites import Sites
from everyday_local.edge.stores import MOST_BYTES, Refused, Stores
from everyday_local.serving import served
from tests.contract.edge_clients import ARN, key_value_client


class OneStore:
    """An account with a key-value store and no site."""

    def distributions(self) -> tuple[()]:
        return ()

    def has_store(self, arn: str) -> bool:
        return arn == ARN


@contextmanager
def plane(path: Path) -> Iterator[Any]:
    cloud: Any = OneStore()
    stores = Stores(path)
    with served(build_app(Sites(cloud, Functions(), stores, lambda: 0.0), stores, cloud)) as url:
        yield key_value_client(url)
    stores.close()


@pytest.fixture
def kvs(tmp_path: Path) -> Iterator[Any]:
    with plane(tmp_path / "stores.db") as client:
        yield client


def etag(kvs: Any) -> str:
    return str(kvs.describe_key_value_store(KvsARN=ARN)["ETag"])


def put(kvs: Any, pairs: dict[str, str], *, tag: str | None = None, deletes: tuple[str, ...] = ()) -> Any:
    puts = [{"Key": key, "Value": value} for key, value in pairs.items()]
    keys = [{"Key": key} for key in deletes]
    return kvs.update_keys(KvsARN=ARN, IfMatch=tag or etag(kvs), Puts=puts, Deletes=keys)


def refused(kvs: Any, pairs: dict[str, str], **more: Any) -> str:
    with pytest.raises(ClientError) as caught:
        put(kvs, pairs, **more)
    return str(caught.value.response["Error"]["Code"])


def test_a_step_is_made_on_the_store_that_was_read(kvs: Any) -> None:
    first = etag(kvs)
    second = put(kvs, {"live": "1 a", "r/a b": "ü"}, tag=first)
    assert (second["ItemCount"], second["TotalSizeInBytes"]) == (2, 4 + 3 + 5 + 2)
    assert second["ETag"] != first
    assert refused(kvs, {"live": "2 b"}, tag=first) == "ConflictException"
    assert kvs.get_key(KvsARN=ARN, Key="live")["Value"] == "1 a"
    put(kvs, {"live": "2 b"}, tag=second["ETag"], deletes=("r/a b", "never was"))
    assert kvs.describe_key_value_store(KvsARN=ARN)["ItemCount"] == 1


def test_a_key_alone_is_put_and_deleted(kvs: Any) -> None:
    tag = kvs.put_key(KvsARN=ARN, Key="a/b c", Value="v", IfMatch=etag(kvs))["ETag"]
    assert kvs.get_key(KvsARN=ARN, Key="a/b c")["Value"] == "v"
    kvs.delete_key(KvsARN=ARN, Key="a/b c", IfMatch=tag)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        kvs.get_key(KvsARN=ARN, Key="a/b c")


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ({f"k{number}": "v" for number in range(51)}, "ValidationException"),
        ({"k" * 513: "v"}, "ValidationException"),
        ({"k": "v" * 1024}, "ValidationException"),
        ({}, "ValidationException"),
    ],
)
def test_what_cloudfront_would_not_take_is_refused(kvs: Any, pairs: dict[str, str], code: str) -> None:
    assert refused(kvs, pairs) == code


def test_a_key_is_named_once_in_a_step(kvs: Any) -> None:
    assert refused(kvs, {"a": "1"}, deletes=("a",)) == "ValidationException"
    twice = [{"Key": "a", "Value": "1"}] * 2
    with pytest.raises(ClientError, match="ValidationException"):
        kvs.update_keys(KvsARN=ARN, IfMatch=etag(kvs), Puts=twice)


def test_a_store_has_room_for_five_megabytes() -> None:
    stores = Stores()
    tag = stores.about(ARN).etag
    size = 0
    while size + 50_550 <= MOST_BYTES:
        tag, size = grown(stores, tag)
    with pytest.raises(Refused, match="the store would have"):
        grown(stores, tag, value="v" * 1_014)
    assert stores.about(ARN).etag == tag


def grown(stores: Stores, tag: str, value: str = "v" * 1_000) -> tuple[str, int]:
    """The store with a full step more."""
    after = stores.change(ARN, tag, {f"{tag[:8]}{key:02}": value for key in range(50)}, [])
    return after.etag, after.size


def test_keys_are_listed_in_pages(kvs: Any) -> None:
    for step in range(3):
        put(kvs, {f"key-{step}{number:02}": str(number) for number in range(40)})
    pages = kvs.get_paginator("list_keys").paginate(KvsARN=ARN, PaginationConfig={"PageSize": 50})
    keys = [each["Key"] for page in pages for each in page["Items"]]
    assert keys == sorted(keys)
    assert len(keys) == 120


def test_a_store_outlives_its_process(tmp_path: Path) -> None:
    with plane(tmp_path / "stores.db") as first:
        tag = put(first, {"live": "1 a"})["ETag"]
    with plane(tmp_path / "stores.db") as second:
        assert second.get_key(KvsARN=ARN, Key="live")["Value"] == "1 a"
        assert etag(second) == tag


def test_an_unknown_store_is_not_found(kvs: Any) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        kvs.describe_key_value_store(KvsARN=ARN + "-other")
