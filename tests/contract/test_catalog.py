"""One set of promises over every Catalog, and what only DynamoDB or a file can get wrong."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from everyday.adapters.dynamodb import DynamoCatalog
from everyday.adapters.folder_catalog import FILE, FolderCatalog
from everyday.adapters.memory import MemoryCatalog
from everyday.errors import CatalogConflict, CatalogUnavailable
from everyday.photos.catalog import Claim, Entry, Place, RunState, State, Upload, Work
from everyday.photos.model import BlogPost
from everyday.photos.ports import Catalog
from tests.builders import NOW, TAKEN, an_entry
from tests.contract.conftest import Trouble

DAY = timedelta(days=1)


@pytest.fixture
def dynamodb(client: Callable[[str], Any]) -> Any:
    return client("dynamodb")


@pytest.fixture
def dynamo(dynamodb: Any, table: str) -> DynamoCatalog:
    return DynamoCatalog(dynamodb, table, sleep=lambda seconds: None)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[FolderCatalog]:
    catalog = FolderCatalog(tmp_path / "archive")
    yield catalog
    catalog.close()


@pytest.fixture(params=["memory", "file", "dynamo"])
def catalog(request: pytest.FixtureRequest) -> Catalog:
    if request.param == "memory":
        return MemoryCatalog()
    made: Catalog = request.getfixturevalue(request.param)
    return made


def ids(entries: Iterable[Entry]) -> list[str]:
    return [entry.id for entry in entries]


# Every catalog


def test_an_entry_comes_back_whole_with_its_new_version(catalog: Catalog) -> None:
    entry = an_entry(
        title="Zoë\u202e <b>\N{SNOWFLAKE}",
        state=State.POSTING,
        retry_at=NOW,
        claim=Claim(owner="me", until=NOW + DAY),
        uploads={"1": Upload(name="ig-1-1-abc.jpg", begun_at=NOW)},
        post=BlogPost(id="p", url="u", slug="s", status="draft", updated_at="t", rev="r"),
        size=650_000_000,
    )
    stored = catalog.put(entry)
    assert stored == replace(entry, version=1)
    assert catalog.get_many([entry.id]) == {entry.id: stored}
    assert catalog.put(replace(stored, post=None)).version == 2


def test_many_are_read_at_once_and_the_unknown_are_left_out(catalog: Catalog) -> None:
    known = [catalog.put(an_entry(str(number))) for number in range(90)]
    wanted = [*ids(known), *ids(known)[:5], *(f"unknown{number}" for number in range(5))]
    assert catalog.get_many(wanted) == {entry.id: entry for entry in known}
    assert catalog.get_many([]) == {}


def test_a_version_that_is_not_stored_is_refused(catalog: Catalog) -> None:
    first = catalog.put(an_entry())
    second = catalog.put(first)
    for stale in (an_entry(), first, replace(second, version=9)):
        with pytest.raises(CatalogConflict):
            catalog.put(stale)
    with pytest.raises(CatalogConflict):
        catalog.put(an_entry("unknown", version=1))
    assert catalog.get_many([first.id]) == {first.id: second}


def test_of_many_writers_of_one_version_one_wins(catalog: Catalog) -> None:
    stored = catalog.put(an_entry())

    def write(number: int) -> bool:
        try:
            catalog.put(replace(stored, title=str(number)))
        except CatalogConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(24)))
    assert won.count(True) == 1
    assert catalog.get_many([stored.id])[stored.id].title == str(won.index(True))


def test_of_many_writers_of_a_new_entry_one_wins(catalog: Catalog) -> None:
    def write(_: int) -> bool:
        try:
            catalog.put(an_entry())
        except CatalogConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, range(24))).count(True) == 1


@pytest.mark.parametrize("state", State)
def test_only_what_waits_for_work_is_due(catalog: Catalog, state: State) -> None:
    entry = catalog.put(an_entry(state=state))
    for work in Work:
        assert ids(catalog.due(work, now=NOW)) == ([entry.id] if entry.work is work else [])


def test_an_entry_leaves_the_waiting_when_its_work_is_done(catalog: Catalog) -> None:
    entry = catalog.put(an_entry(state=State.LISTED))
    entry = catalog.put(replace(entry, state=State.STORED))
    assert (ids(catalog.due(Work.BACKUP, now=NOW)), ids(catalog.due(Work.POST, now=NOW))) == ([], [entry.id])
    catalog.put(replace(entry, state=State.POSTED))
    assert ids(catalog.due(Work.POST, now=NOW)) == []


def test_what_is_put_off_is_due_when_its_time_has_come(catalog: Catalog) -> None:
    entry = catalog.put(an_entry(retry_at=NOW))
    second = timedelta(seconds=1)
    assert ids(catalog.due(Work.BACKUP, now=NOW - second)) == []
    for now in (NOW, NOW + second, NOW.astimezone(timezone(timedelta(hours=9)))):
        assert ids(catalog.due(Work.BACKUP, now=now)) == [entry.id]


TIMES: dict[str, datetime] = {
    "d": TAKEN,
    "c": TAKEN - timedelta(microseconds=1),
    "b": TAKEN - timedelta(seconds=1),
    "e": (TAKEN + DAY).astimezone(timezone(timedelta(hours=-7))),
    "a": TAKEN.replace(year=1999),
}


def test_the_oldest_medium_is_due_first(catalog: Catalog) -> None:
    for id_, taken_at in TIMES.items():
        catalog.put(an_entry(id_, taken_at=taken_at))
    assert ids(catalog.due(Work.BACKUP, now=NOW)) == list("abcde")


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (None, None, "edcba"),
        ("c", None, "edc"),
        (None, "c", "cba"),
        ("b", "d", "dcb"),
        ("d", "b", ""),
        ("e", "e", "e"),
    ],
)
def test_the_timeline_is_newest_first_and_includes_its_bounds(
    catalog: Catalog, since: str | None, until: str | None, found: str
) -> None:
    for id_, taken_at in TIMES.items():
        catalog.put(an_entry(id_, taken_at=taken_at, state=State.KEPT))
    catalog.put_run_state(RunState())
    bounds = {"since": since and TIMES[since], "until": until and TIMES[until]}
    assert ids(catalog.timeline(**bounds)) == list(found)  # type: ignore[arg-type]


def test_listings_go_on_over_pages(catalog: Catalog) -> None:
    long = "x" * 9_000
    names = [f"{number:04}" for number in range(300)]  # 2.7 MB: DynamoDB ends a page at 1 MB
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda id_: catalog.put(an_entry(id_, title=long)), names))
    assert ids(catalog.due(Work.BACKUP, now=NOW)) == names
    assert ids(catalog.timeline()) == names[::-1]


def test_a_listing_may_be_changed_while_it_is_read(catalog: Catalog) -> None:
    for number in range(600):
        catalog.put(an_entry(f"{number:04}"))
    for entry in catalog.due(Work.BACKUP, now=NOW):
        catalog.put(replace(entry, state=State.STORED))
    assert ids(catalog.due(Work.BACKUP, now=NOW)) == []
    assert len(ids(catalog.due(Work.POST, now=NOW))) == 600


def test_the_run_has_one_state_and_versions_too(catalog: Catalog) -> None:
    assert catalog.run_state() == RunState()
    place = Place(walk="w", complete=True, cursor="c", listed=3, oldest=TAKEN)
    first = catalog.put_run_state(RunState(place=place, paused_until=NOW, exports=True))
    assert catalog.run_state() == first == replace(first, version=1)
    second = catalog.put_run_state(replace(first, place=None))
    for stale in (RunState(), first):
        with pytest.raises(CatalogConflict):
            catalog.put_run_state(stale)
    assert catalog.run_state() == second


# DynamoDB

TROUBLES: list[Any] = [
    "lost",
    "cut",
    (500, "InternalServerError"),
    (400, "ProvisionedThroughputExceededException"),
    (400, "ThrottlingException"),
]


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
def test_a_write_survives_one_trouble(
    dynamodb: Any, dynamo: DynamoCatalog, trouble: Any, version: int
) -> None:
    entry = an_entry()
    for _ in range(version):
        entry = dynamo.put(entry)
    Trouble(dynamodb, "PutItem").script = [trouble]
    stored = dynamo.put(replace(entry, title="new"))
    assert stored.version == version + 1
    assert dynamo.get_many([entry.id]) == {entry.id: stored}


def test_a_lost_reply_hides_no_other_writer(dynamodb: Any, dynamo: DynamoCatalog, table: str) -> None:
    first = dynamo.put(an_entry())
    other = DynamoCatalog(dynamodb, table)

    def overtake(**_: Any) -> None:
        dynamodb.meta.events.unregister("needs-retry.dynamodb.PutItem", overtake)
        other.put(dynamo.get_many([first.id])[first.id])

    Trouble(dynamodb, "PutItem").script = ["lost"]
    dynamodb.meta.events.register_first("needs-retry.dynamodb.PutItem", overtake)
    with pytest.raises(CatalogConflict):
        dynamo.put(first)
    assert dynamo.get_many([first.id])[first.id].version == 3


CALLS: list[tuple[str, Callable[[DynamoCatalog], object]]] = [
    ("PutItem", lambda it: it.put(an_entry())),
    ("BatchGetItem", lambda it: it.get_many(["1"])),
    ("GetItem", lambda it: it.run_state()),
    ("Query", lambda it: list(it.due(Work.POST, now=NOW))),
    ("Query", lambda it: list(it.timeline())),
]


@pytest.mark.parametrize("trouble", [it for it in TROUBLES if it != "lost"], ids=str)
@pytest.mark.parametrize(("operation", "call"), CALLS)
def test_a_table_that_stays_away_is_unavailable(
    dynamodb: Any,
    dynamo: DynamoCatalog,
    operation: str,
    call: Callable[[DynamoCatalog], object],
    trouble: Any,
) -> None:
    troubles = Trouble(dynamodb, operation)
    troubles.script = [trouble] * 20
    with pytest.raises(CatalogUnavailable):
        call(dynamo)
    assert len(troubles.sent) == 4, "one layer of retries, and a bounded one"


def test_keys_left_unprocessed_are_asked_for_again(dynamodb: Any, dynamo: DynamoCatalog, table: str) -> None:
    known = [dynamo.put(an_entry(id_)) for id_ in "abc"]
    leftover = {table: {"Keys": [{"pk": {"S": id_}} for id_ in "bc"], "ConsistentRead": True}}
    item = dynamodb.get_item(TableName=table, Key={"pk": {"S": "a"}})["Item"]
    partial = {"Responses": {table: [item]}, "UnprocessedKeys": leftover}
    Trouble(dynamodb, "BatchGetItem").script = [partial]
    assert dynamo.get_many(list("abc")) == {entry.id: entry for entry in known}
    endless = Trouble(dynamodb, "BatchGetItem")
    endless.script = [{"Responses": {}, "UnprocessedKeys": leftover}] * 20
    with pytest.raises(CatalogUnavailable, match="throttled"):
        dynamo.get_many(list("abc"))
    assert len(endless.sent) == 8


def test_what_a_run_reads_is_one_request_each_and_consistent(dynamodb: Any, dynamo: DynamoCatalog) -> None:
    asked: list[dict[str, Any]] = []
    dynamodb.meta.events.register(
        "provide-client-params.dynamodb.*", lambda params, **_: asked.append(params)
    )
    dynamo.run_state()
    dynamo.get_many([str(number) for number in range(100)])
    state, many = asked
    assert state["ConsistentRead"]
    assert all(request["ConsistentRead"] for request in many["RequestItems"].values())


def test_the_waiting_index_holds_only_what_waits(dynamodb: Any, dynamo: DynamoCatalog, table: str) -> None:
    for state in State:
        dynamo.put(an_entry(state.value, state=state))
    dynamo.put_run_state(RunState())
    found = dynamodb.scan(TableName=table, IndexName="todo")["Items"]
    assert {it["pk"]["S"] for it in found} == {"listed", "stored", "posting", "edited"}


# A file


def test_the_file_is_shared_by_processes_and_outlives_them(tmp_path: Path) -> None:
    ours, theirs = FolderCatalog(tmp_path), FolderCatalog(tmp_path)
    stored = ours.put(an_entry())
    assert theirs.put(stored).version == 2
    with pytest.raises(CatalogConflict):
        ours.put(stored)
    ours.close()
    theirs.close()
    reopened = FolderCatalog(tmp_path)
    assert reopened.get_many([stored.id])[stored.id].version == 2
    reopened.close()


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database" * 100)
    with pytest.raises(CatalogUnavailable, match="delete it"):
        FolderCatalog(tmp_path)
