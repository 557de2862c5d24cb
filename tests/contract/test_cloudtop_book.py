"""The CloudTop's table as the keeper and the owner use it, beside a machine that writes into it too."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from msgspec.structs import replace

from everyday.adapters.cloudtop_book import DynamoBook
from everyday.cloudtop import wishing
from everyday.cloudtop.model import Home, Notes, Wish
from everyday.errors import BookConflict, BookUnavailable
from tests.contract.test_machine_cloud import NOW, VOLUME, World


@pytest.fixture
def world(client: Callable[[str], Any]) -> World:
    return World(client("dynamodb"))


@pytest.fixture
def book(world: World) -> DynamoBook:
    return DynamoBook(world.dynamodb, world.table)


def test_an_empty_table_says_nothing_is_wanted(book: DynamoBook) -> None:
    assert (book.wish(), book.notes()) == (Wish(), Notes())
    assert [book.home(), book.lease(), book.report()] == [None] * 3


def test_what_was_written_is_read(book: DynamoBook) -> None:
    wish = Wish(up=True, market="on-demand", asked_at=NOW, hold_until=NOW, version=1)
    home = Home(zone="a", volume="vol-2", version=1)
    notes = Notes(missing_since=NOW, failed=("i-1",), told=("x",), address="192.0.2.1", version=1)
    book.put_wish(wish)
    book.put_home(home)
    book.put_notes(notes)
    assert (book.wish(), book.home(), book.notes()) == (wish, home, notes)


def test_only_the_successor_of_what_was_read_is_taken(book: DynamoBook) -> None:
    first = Wish(up=True, version=1)
    book.put_wish(first)
    book.put_wish(replace(first, up=False, version=2))
    for stale in (Wish(reason="idle", version=1), Wish(reason="idle", version=2), Wish(version=4)):
        with pytest.raises(BookConflict):
            book.put_wish(stale)
    assert book.wish() == replace(first, up=False, version=2)


def test_a_write_whose_answer_was_lost_is_done_and_no_conflict(
    book: DynamoBook, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[str] = []

    def lose(**_: Any) -> None:
        if not lost:
            lost.append("answer")
            raise ReadTimeoutError(endpoint_url="http://table")

    event = "after-call.dynamodb.PutItem"
    world.dynamodb.meta.events.register(event, lose)
    try:
        with pytest.raises(BookUnavailable):
            book.put_wish(Wish(up=True, version=1))
    finally:
        world.dynamodb.meta.events.unregister(event, lose)
    assert lost
    book.put_wish(Wish(up=True, version=1))  # the same again: it is there already
    assert book.wish() == Wish(up=True, version=1)


def test_the_owners_wish_survives_a_keeper_in_between(book: DynamoBook) -> None:
    def change(wish: Wish) -> Wish:
        if wish.version == 0:
            book.put_wish(Wish(reason="schedule", version=1))
        return wishing.up(NOW, "spot")(wish)

    assert wishing.write(book, change).up
    assert (book.wish().version, book.wish().reason) == (2, "owner")


def test_wishing_the_same_again_writes_nothing(book: DynamoBook) -> None:
    later = datetime(2026, 11, 25, tzinfo=UTC)
    wishing.write(book, wishing.up(NOW, "spot"))
    wishing.write(book, wishing.up(later, "spot"))
    assert (book.wish().version, book.wish().asked_at) == (1, NOW)


def test_the_machines_lease_is_read_and_taken_from_nobody_else(book: DynamoBook, world: World) -> None:
    assert world.machine("i-1").take_lease(VOLUME)
    lease = book.lease()
    assert lease
    assert (lease.holder, lease.volume, lease.since) == ("i-1", VOLUME, NOW)
    assert not book.free_lease("i-2")
    assert book.lease() == lease
    assert book.free_lease("i-1")
    assert book.lease() is None
    assert not book.free_lease("i-1")


def test_the_machines_report_is_read(book: DynamoBook, world: World) -> None:
    machine = world.machine("i-1")
    machine.report("ready", VOLUME)
    machine.beat("ready", "all is well", ("~/work: 2 commits not pushed",))
    report = book.report()
    assert report
    assert (report.instance, report.stage, report.at) == ("i-1", "ready", NOW)
    assert report.dirty == ("~/work: 2 commits not pushed",)


def test_the_machine_reads_the_owners_hold_and_the_new_home(book: DynamoBook, world: World) -> None:
    machine = world.machine("i-1")
    assert (machine.home(), machine.hold_until()) == ("vol-of-the-stack", None)
    wishing.write(book, wishing.hold(NOW))
    book.put_home(Home(zone="b", volume="vol-9", version=1))
    assert (machine.home(), machine.hold_until()) == ("vol-9", NOW.timestamp())


def test_an_item_that_cannot_be_read_is_named(book: DynamoBook, world: World) -> None:
    world.dynamodb.put_item(TableName=world.table, Item={"pk": {"S": "wish"}, "doc": {"S": "{"}})
    with pytest.raises(BookUnavailable, match="item wish"):
        book.wish()
