"""A local AWS for one test session or one benchmark, with stores like those of `EverydayData`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from everyday_local.folder import Folder
from everyday_local.ministack import ministack
from everyday_local.ports import any_free
from everyday_local.processes import Processes

_KEEPS_NOTHING = {"PERSIST_STATE": "0", "S3_PERSIST": "0"}


@contextmanager
def throwaway_aws(path: Path) -> Iterator[str]:
    """Its address; it ends with the block and leaves only its log in `path`. Raises LocalError."""
    folder = Folder(path)
    service = ministack(folder, port=any_free(), redis_port=any_free())
    processes = Processes(folder)
    try:
        yield processes.start(replace(service, switches={**service.switches, **_KEEPS_NOTHING})).address
    finally:
        processes.close()


def make_archive(s3: Any, name: str) -> None:
    """A new, versioned bucket."""
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


def make_catalog(dynamodb: Any, name: str) -> None:
    """A new table with the catalog's indexes."""
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": it, "AttributeType": "S"} for it in ("pk", "work", "all", "taken_at")
        ],
        GlobalSecondaryIndexes=[_index("todo", "work"), _index("timeline", "all")],
    )


def _index(name: str, key: str) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": key, "KeyType": "HASH"},
            {"AttributeName": "taken_at", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "ALL"},
    }


def make_ledger(dynamodb: Any, name: str) -> None:
    """A new table for jobs with the index `lanes`."""
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": it, "AttributeType": "S"} for it in ("pk", "lane", "sort")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "lanes",
                "KeySchema": [
                    {"AttributeName": "lane", "KeyType": "HASH"},
                    {"AttributeName": "sort", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["doc", "version"]},
            }
        ],
    )
