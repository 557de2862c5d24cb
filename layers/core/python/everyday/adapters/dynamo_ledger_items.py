"""The items of the ledger's table, and the expressions that change them.

| item | `pk` | attributes |
|---|---|---|
| job | its id | `doc` (the job as JSON), `version`, `write_id`, `lane` and `sort` (index `lanes`), `overrides` (JSON, never in the index), `expires_at` once it is final |
| array | its id | those, and what its children came to: `remaining`, `succeeded`, `failed`, `ended_at` |
| call | `#call/<id>` | `doc`, `expires_at` |
| board | `#board/<cluster>` | `doc`, `version` (its moment), `expires_at` |

`expires_at` is in seconds, as DynamoDB's time to live wants it; all else in milliseconds.
"""  # noqa: E501 - a table

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from everyday.jobs.lanes import FAR, lane_of, sort_key
from everyday.jobs.life import tallied
from everyday.jobs.model import Job, Overrides, State, Tally
from everyday.jobs.ports import Lane

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        UniversalAttributeValueTypeDef,
    )

    Item = dict[str, UniversalAttributeValueTypeDef]

DAY_MS = 24 * 3600 * 1000


def text(value: object) -> str:
    """A record as a JSON document."""
    return msgspec.json.encode(value).decode()


def lane_name(cluster: str, lane: Lane) -> str:
    """The partition of the index that holds one list."""
    return f"{cluster}#{lane.value}"


def padded(number: int) -> str:
    """Sorts as text the way numbers sort, negative ones down to -10^15 too."""
    return f"{number + FAR:017d}"


def expiry(moment: int, keep_days: int) -> str:
    """When DynamoDB may delete what is kept for so many days after `moment`."""
    return str((moment + keep_days * DAY_MS) // 1000)


def new_item(job: Job, overrides: Overrides, write_id: str, keep_days: int) -> Item:
    """A job that is stored for the first time. A child's overrides are its parent's."""
    item: Item = {"pk": {"S": job.id}, **_seen(job, write_id, keep_days)}
    if overrides.value and job.parent is None:
        item["overrides"] = {"S": text(overrides.value)}
    if job.size is not None:
        item |= {"remaining": {"N": str(job.size)}, "succeeded": {"N": "0"}, "failed": {"N": "0"}}
    return item


def _seen(job: Job, write_id: str, keep_days: int) -> Item:
    """What every write of a job sets: the document and what the table must see of it."""
    number, id_ = sort_key(job)
    stored = job if job.size is None else msgspec.structs.replace(job, tally=Tally())
    seen: Item = {
        "doc": {"S": text(stored)},
        "version": {"N": str(job.version)},
        "write_id": {"S": write_id},
        "lane": {"S": lane_name(job.cluster, lane_of(job))},
        "sort": {"S": f"{padded(number)}#{id_}"},
    }
    if job.state.final:
        seen["expires_at"] = {"N": expiry(job.finished_at or 0, keep_days)}
    return seen


def changing(table: str, job: Job, write_id: str, keep_days: int) -> dict[str, Any]:
    """The update that stores `job` over its version before, unless that was final."""
    return _update(
        table,
        job.id,
        sets=_seen(job, write_id, keep_days),
        condition="#version = :was AND attribute_not_exists(#expires_at)",
        values={":was": {"N": str(job.version - 1)}},
        names={"#version": "version", "#expires_at": "expires_at"},
    )


def adding(table: str, job: Job, write_id: str, keep_days: int) -> dict[str, Any]:
    """The put of a job without overrides, unless its id is known."""
    return {
        "TableName": table,
        "Item": new_item(job, Overrides(), write_id, keep_days),
        "ConditionExpression": "attribute_not_exists(pk)",
    }


def counting(table: str, children: Sequence[Job], keep_days: int, *, last: bool) -> dict[str, Any]:
    """The update of an array when children of it ended. `last`: no other child is left."""
    ended = max(child.finished_at or 0 for child in children)
    good = sum(child.state is State.SUCCEEDED for child in children)
    counts = {"count": len(children), "less": -len(children), "good": good, "bad": len(children) - good}
    sets: Item = {}
    if last:
        sets = {
            "ended_at": {"N": str(ended)},
            "expires_at": {"N": expiry(ended, keep_days)},
            "lane": {"S": lane_name(children[0].cluster, Lane.DONE)},
            "sort": {"S": f"{padded(ended)}#{children[0].parent}"},
        }
    return _update(
        table,
        children[0].parent or "",
        sets=sets,
        condition="#remaining = :count" if last else "#remaining > :count",
        adds="ADD #remaining :less, #succeeded :good, #failed :bad",
        values={f":{name}": {"N": str(number)} for name, number in counts.items()},
        names={f"#{name}": name for name in ("remaining", "succeeded", "failed")},
    )


def _update(
    table: str,
    pk: str,
    *,
    sets: Item,
    condition: str,
    values: Item,
    names: Mapping[str, str],
    adds: str = "",
) -> dict[str, Any]:
    assigned = f"SET {', '.join(f'#{name} = :{name}' for name in sets)} " if sets else ""
    return {
        "TableName": table,
        "Key": {"pk": {"S": pk}},
        "UpdateExpression": f"{assigned}{adds}".strip(),
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {**{f"#{name}": name for name in sets}, **names},
        "ExpressionAttributeValues": {**{f":{name}": value for name, value in sets.items()}, **values},
    }


def read_job(item: Mapping[str, AttributeValueTypeDef]) -> Job:
    """A job as it was written; an array with what its children came to, if the item tells."""
    job = msgspec.json.decode(item["doc"]["S"], type=Job)
    if job.size is None or "succeeded" not in item:
        return job
    tally = Tally(succeeded=int(item["succeeded"]["N"]), failed=int(item["failed"]["N"]))
    return tallied(job, tally, at=int(item["ended_at"]["N"]) if "ended_at" in item else None)


def read_overrides(item: Mapping[str, AttributeValueTypeDef]) -> Overrides:
    """What the message gave."""
    if "overrides" not in item:
        return Overrides()
    return Overrides(msgspec.json.decode(item["overrides"]["S"], type=dict[str, Any]))
