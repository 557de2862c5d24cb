"""What only DynamoDB can get wrong in a ledger: lost replies, throttling, busy items, what an index sees."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from msgspec.structs import replace

from everyday.adapters.dynamo_ledger import DynamoLedger
from everyday.errors import LedgerConflict, LedgerUnavailable
from everyday.jobs.board import Board
from everyday.jobs.model import Call, Job, Overrides, State, Tally
from everyday.jobs.ports import Lane
from tests.contract.conftest import Trouble
from tests.contract.ledgers import NONE, an_array, dynamo, dynamodb, ended, jobs_table, parent_of
from tests.job_builders import a_job

__all__ = ["dynamo", "dynamodb", "jobs_table"]

TROUBLES: list[Any] = [
    "lost",
    "cut",
    (500, "InternalServerError"),
    (400, "ProvisionedThroughputExceededException"),
    (400, "ThrottlingException"),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
def test_a_write_survives_one_trouble(dynamodb: Any, dynamo: DynamoLedger, trouble: Any) -> None:
    Trouble(dynamodb, "PutItem").script = [trouble]
    Trouble(dynamodb, "UpdateItem").script = [trouble]
    job = dynamo.add(a_job(payload="mine"), NONE)
    assert job.version == 1
    stored = dynamo.put(replace(job, reason="new"))
    assert stored.version == 2
    assert dynamo.get_many([job.id]) == {job.id: stored}


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
@pytest.mark.parametrize("size", [1, 2])
def test_a_child_is_counted_once_in_spite_of_one_trouble(
    dynamodb: Any, dynamo: DynamoLedger, trouble: Any, size: int
) -> None:
    children = an_array(dynamo, size)
    Trouble(dynamodb, "TransactWriteItems").script = [trouble]
    assert dynamo.put(ended(children[0])).version == 2
    assert parent_of(dynamo).tally == Tally(succeeded=1)


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
def test_many_writes_survive_one_trouble(dynamodb: Any, dynamo: DynamoLedger, trouble: Any) -> None:
    dynamo.add(a_job("p", size=3), NONE)
    Trouble(dynamodb, "TransactWriteItems").script = [trouble, None, trouble]
    dynamo.add_all([a_job(f"p/{index}", parent="p", index=index) for index in range(3)])
    children = list(dynamo.listed("main", Lane.WAITING))
    assert len(children) == 3
    dynamo.put_all([ended(child) for child in children])
    assert parent_of(dynamo).tally == Tally(succeeded=3)


def test_many_that_are_known_are_left_as_they_are_in_a_few_requests(
    dynamodb: Any, dynamo: DynamoLedger
) -> None:
    jobs = [a_job(f"{number:03}") for number in range(150)]
    dynamo.add_all(jobs[:120])
    moved = dynamo.put(replace(dynamo.get_many(["007"])["007"], state=State.RUNNING))
    requests = Trouble(dynamodb)
    dynamo.add_all(jobs)
    assert requests.sent == ["TransactWriteItems"] * 3, "refused, refused, the 30 that are new"
    assert len(dynamo.get_many([job.id for job in jobs])) == 150
    assert dynamo.get_many(["007"]) == {"007": moved}


def test_a_lost_reply_hides_no_other_writer(dynamodb: Any, dynamo: DynamoLedger, jobs_table: str) -> None:
    first = dynamo.add(a_job(), NONE)
    other = DynamoLedger(dynamodb, jobs_table)

    def overtake(**_: Any) -> None:
        dynamodb.meta.events.unregister("needs-retry.dynamodb.UpdateItem", overtake)
        other.put(dynamo.get_many([first.id])[first.id])

    Trouble(dynamodb, "UpdateItem").script = ["lost"]
    dynamodb.meta.events.register_first("needs-retry.dynamodb.UpdateItem", overtake)
    with pytest.raises(LedgerConflict):
        dynamo.put(first)
    assert dynamo.get_many([first.id])[first.id].version == 3


class Busy:
    """Answers so many transactions as DynamoDB does while another one is at the same item."""

    def __init__(self, client: Any, times: int) -> None:
        self.times, self.seen = times, 0
        client.meta.events.register("before-send.dynamodb.TransactWriteItems", self._answer)

    def _answer(self, request: Any, **_: Any) -> AWSResponse | None:
        self.seen += 1
        if self.seen > self.times:
            return None
        answer = {
            "__type": "TransactionCanceledException",
            "Message": "Transaction cancelled",
            "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}],
        }
        body = SimpleNamespace(stream=lambda: iter([json.dumps(answer).encode()]))
        return AWSResponse(request.url, 400, {}, body)


def test_children_that_end_at_the_same_time_wait_for_each_other(dynamodb: Any, dynamo: DynamoLedger) -> None:
    (child,) = an_array(dynamo, 1)
    Busy(dynamodb, 3)
    dynamo.put(ended(child))
    assert parent_of(dynamo).state is State.SUCCEEDED


def test_an_array_that_stays_busy_is_unavailable(dynamodb: Any, dynamo: DynamoLedger) -> None:
    (child,) = an_array(dynamo, 1)
    busy = Busy(dynamodb, 100)
    with pytest.raises(LedgerUnavailable, match="at the same time"):
        dynamo.put(ended(child))
    assert busy.seen == 8


def _two_ended() -> list[Job]:
    return [ended(a_job(f"p/{index}", parent="p", index=index, version=1)) for index in (0, 1)]


CALLS: list[tuple[str, Callable[[DynamoLedger], object]]] = [
    ("PutItem", lambda it: it.add(a_job(), NONE)),
    ("UpdateItem", lambda it: it.put(a_job(version=1))),
    ("TransactWriteItems", lambda it: it.put(ended(a_job("p/0", parent="p", index=0, version=1)))),
    ("TransactWriteItems", lambda it: it.add_all([a_job()])),
    ("TransactWriteItems", lambda it: it.put_all(_two_ended())),
    ("BatchGetItem", lambda it: it.get_many(["1"])),
    ("BatchGetItem", lambda it: it.overrides(["1"])),
    ("Query", lambda it: list(it.listed("main", Lane.OPEN, until=3))),
    ("PutItem", lambda it: it.add_call(Call(id="c", cluster="m", token="t", members=()))),
    ("GetItem", lambda it: it.call("c")),
    ("PutItem", lambda it: it.put_board(Board(cluster="m", at=1))),
    ("GetItem", lambda it: it.board("m")),
]


@pytest.mark.parametrize("trouble", [it for it in TROUBLES if it != "lost"], ids=str)
@pytest.mark.parametrize(("operation", "call"), CALLS)
def test_a_table_that_stays_away_is_unavailable(
    dynamodb: Any,
    dynamo: DynamoLedger,
    operation: str,
    call: Callable[[DynamoLedger], object],
    trouble: Any,
) -> None:
    troubles = Trouble(dynamodb, operation)
    troubles.script = [trouble] * 20
    with pytest.raises(LedgerUnavailable):
        call(dynamo)
    assert len(troubles.sent) == 4, "one layer of retries, and a bounded one"


def test_keys_left_unprocessed_are_asked_for_again(
    dynamodb: Any, dynamo: DynamoLedger, jobs_table: str
) -> None:
    known = [dynamo.add(a_job(id_), NONE) for id_ in "abc"]
    leftover = {jobs_table: {"Keys": [{"pk": {"S": id_}} for id_ in "bc"], "ConsistentRead": True}}
    item = dynamodb.get_item(TableName=jobs_table, Key={"pk": {"S": "a"}})["Item"]
    Trouble(dynamodb, "BatchGetItem").script = [
        {"Responses": {jobs_table: [item]}, "UnprocessedKeys": leftover}
    ]
    assert dynamo.get_many(list("abc")) == {job.id: job for job in known}
    endless = Trouble(dynamodb, "BatchGetItem")
    endless.script = [{"Responses": {}, "UnprocessedKeys": leftover}] * 20
    with pytest.raises(LedgerUnavailable, match="throttled"):
        dynamo.get_many(list("abc"))
    assert len(endless.sent) == 8


def items(dynamodb: Any, table: str, **index: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = dynamodb.scan(TableName=table, **index)["Items"]
    return found


def ends(dynamodb: Any, table: str) -> dict[str, int]:
    """When what has an end may be deleted."""
    found = items(dynamodb, table)
    return {it["pk"]["S"]: int(it["expires_at"]["N"]) for it in found if "expires_at" in it}


def test_the_index_holds_jobs_only_and_no_overrides(
    dynamodb: Any, dynamo: DynamoLedger, jobs_table: str
) -> None:
    dynamo.add(a_job("a"), Overrides({"cpu": "1"}))
    dynamo.add_call(Call(id="c", cluster="m", token="t", members=()))
    dynamo.put_board(Board(cluster="m", at=1))
    (item,) = items(dynamodb, jobs_table, IndexName="lanes")
    assert set(item) == {"pk", "lane", "sort", "doc", "version"}
    assert len(items(dynamodb, jobs_table)) == 3


def test_only_what_is_over_is_given_an_end(dynamodb: Any, jobs_table: str) -> None:
    day = 86_400
    ledger = DynamoLedger(dynamodb, jobs_table, keep_days=2, now=lambda: 1_000_000.5)
    ledger.add(a_job("a"), NONE)
    first, second = an_array(ledger, 2)
    ledger.put(ended(first, at=5_000_000))
    ledger.add_call(Call(id="c", cluster="m", token="t", members=()))
    ledger.put_board(Board(cluster="m", at=9_000_999))
    assert ends(dynamodb, jobs_table) == {
        "p/0": 5_000 + 2 * day,
        "#call/c": 1_000_000 + 400 * day,
        "#board/m": 9_000 + 2 * day,
    }
    ledger.put(ended(second, at=8_000_000))
    later = ends(dynamodb, jobs_table)
    assert (later["p"], later["p/1"]) == (8_000 + 2 * day, 8_000 + 2 * day)
