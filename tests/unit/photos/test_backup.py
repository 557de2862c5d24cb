from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain, repeat
from typing import Any

import pytest
from msgspec.structs import replace

from everyday import wiring
from everyday.adapters.memory import MemoryArchive, MemoryCatalog, MemoryEvents
from everyday.errors import (
    ArchiveUnavailable,
    CatalogUnavailable,
    CursorRefused,
    EventsUnavailable,
    EverydayError,
    MediumGone,
    OwnerActionNeeded,
    SourceThrottled,
    SourceUnavailable,
)
from everyday.photos.archive import decode_sidecar, sidecar_key
from everyday.photos.backup import Backup, BackupOptions, BackupReport
from everyday.photos.catalog import Entry, State
from everyday.photos.fingerprint import fingerprint
from everyday.photos.model import BlogPost, Item, MediaType, Origin, Section, Sidecar
from tests.account import Account, Counted, Cuts, Died, a_png, ids_of
from tests.builders import NOW, TAKEN

POST = BlogPost(id="p", url="u", slug="s", status="draft", updated_at="t", rev="r")


@dataclass
class World:
    """An account, and all that a backup leaves behind."""

    account: Account = field(default_factory=Account)
    archive: MemoryArchive = field(default_factory=MemoryArchive)
    catalog: MemoryCatalog = field(default_factory=MemoryCatalog)
    events: MemoryEvents = field(default_factory=MemoryEvents)
    now: datetime = NOW

    def backup(self, **options: Any) -> Backup:
        whole = {"max_file_bytes": 10_000, "concurrency": 4, "origin": self.account.origin, **options}
        return Backup(
            source=self.account,
            archive=self.archive,
            catalog=self.catalog,
            events=self.events,
            clock=lambda: self.now,
            options=BackupOptions(**whole),
            new_id=wiring.new_id,
        )

    def run(self, *, time_left: Callable[[], float] = lambda: 900.0, **options: Any) -> BackupReport:
        return self.backup(**options).run(time_left=time_left)

    def cut(self, cuts: Cuts) -> BackupReport:
        return Backup(
            source=cuts.wrap(self.account, SourceUnavailable),
            archive=cuts.wrap(self.archive, ArchiveUnavailable),
            catalog=cuts.wrap(self.catalog, CatalogUnavailable),
            events=cuts.wrap(self.events, EventsUnavailable),
            clock=lambda: self.now,
            options=BackupOptions(max_file_bytes=10_000, concurrency=2, give_up_after=3),
            new_id=wiring.new_id,
        ).run()

    def later(self, **spans: float) -> None:
        self.now += timedelta(**spans)

    def entry(self, id_: str) -> Entry:
        return self.catalog.entries[id_]

    def sidecar(self, id_: str) -> Sidecar:
        return decode_sidecar(self.archive.objects[sidecar_key(id_)].data)

    def told(self) -> list[str]:
        return [detail["id"] for kind, detail in self.events.published if kind == "photo.stored"]


def a_short_time(questions: int) -> Callable[[], float]:
    """Time that is up after it was asked for so often."""
    left = chain(repeat(900.0, questions), repeat(0.0))
    return lambda: next(left)


def a_world(media: int = 0, **account: Any) -> World:
    world = World(account=Account(**account))
    for _ in range(media):
        world.account.post()
    return world


def test_the_first_run_stores_everything_with_its_files_and_tells_the_blog() -> None:
    world = a_world(12)
    album = world.account.post("Three", items=3)
    report = world.run()
    assert (report.listed, report.new, report.stored_files, report.complete) == (13, 13, 15, True)
    assert {it.state for it in world.catalog.entries.values()} == {State.STORED}
    assert [it.name for it in world.sidecar(album).files] == ["1.png", "2.png", "3.png"]
    assert world.archive.objects[f"instagram/{album}/2.png"].data == a_png(f"cdn/{album}-2")
    assert world.entry(album).files == 3
    assert sorted(world.told()) == sorted(world.account.media)


@pytest.mark.parametrize("media", [0, 3, 200])
def test_a_run_with_nothing_new_costs_one_page_and_two_reads(media: int) -> None:
    world = a_world(media, page_size=50)
    world.run()
    world.account.calls.clear()
    counted = World(world.account, Counted(world.archive), Counted(world.catalog), Counted(world.events))  # type: ignore[arg-type]
    world.catalog.state = replace(world.catalog.state, complete_at=NOW)
    report = counted.run()
    assert world.account.calls == [("page", "")]
    assert counted.archive.calls == []
    assert counted.catalog.calls == (["run_state", "get_many"] if media else ["run_state"])
    assert counted.events.calls == []
    assert (report.new, report.unchanged) == (0, min(media, 50))


def test_a_new_post_is_found_below_pinned_ones() -> None:
    world = a_world(40)
    world.run()
    world.account.pinned = set(sorted(world.account.media)[:3])
    new = world.account.post()
    assert world.run().new == 1
    assert world.entry(new).state is State.STORED


def test_a_short_walk_goes_past_known_media_and_stops_after_enough_in_a_row() -> None:
    world = a_world(200)
    world.run()
    world.account.calls.clear()
    kept = list(world.account.media.items())
    world.account.media = {}
    hidden = world.account.post("dated back", taken_at=TAKEN - timedelta(days=900))
    order = dict(kept)[kept[-20][0]][0]
    world.account.media = {**dict(kept), hidden: (order, world.account.media[hidden][1])}
    world.run()
    assert hidden in world.catalog.entries
    assert (
        len(ids_of(world.account.calls, "page")) == 9
    )  # four pages to the new one, five known ones below it


def test_a_complete_walk_is_due_after_some_days_and_when_asked() -> None:
    world = a_world(100)
    assert world.run().complete
    assert not world.run().complete
    assert world.run(complete=True).complete
    world.later(days=7)
    assert world.run().complete


def test_an_edit_keeps_the_earlier_description_and_changes_the_post() -> None:
    world = a_world(3)
    id_ = world.account.post("Before")
    world.run()
    world.catalog.put(replace(world.entry(id_), state=State.POSTED, post=POST))
    world.account.edit(id_, caption="After")
    world.events.published.clear()
    assert world.run().edited == 1
    assert world.entry(id_).state is State.EDITED
    assert world.entry(id_).fingerprint == fingerprint(world.account.media[id_][1])
    assert [it.medium.caption for it in world.sidecar(id_).revisions] == ["Before"]
    assert world.sidecar(id_).medium.caption == "After"
    assert world.told() == [id_]


@pytest.mark.parametrize("state", [State.STORED, State.PARKED, State.KEPT])
def test_an_edit_of_what_is_not_posted_keeps_its_state(state: State) -> None:
    world = a_world()
    id_ = world.account.post("Before")
    world.run()
    world.catalog.put(replace(world.entry(id_), state=state))
    world.account.edit(id_, caption="After")
    assert world.run().edited == 1
    assert world.entry(id_).state is state
    assert world.run().edited == 0


def test_a_part_taken_out_of_a_carousel_never_takes_another_ones_file() -> None:
    world = a_world()
    id_ = world.account.post(items=3)
    world.run()
    items = world.account.media[id_][1].items
    world.account.edit(id_, items=(items[0], replace(items[2], position=2)))
    world.run()
    files = {it.position: it.sha256 for it in world.sidecar(id_).files}
    shown = [it.position for it in world.sidecar(id_).medium.items]
    assert shown == [1, 3]
    assert len(files) == 3
    assert world.entry(id_).state is State.STORED


def test_a_part_taken_out_after_a_run_died_between_files_mixes_up_nothing() -> None:
    world = a_world()
    id_ = world.account.post(items=2)
    write = world.archive.write

    def dying(key: str, document: bytes, *, tag: str | None) -> None:
        if len([it for it in world.archive.objects if it.endswith(".png")]) == 2:
            raise Died
        write(key, document, tag=tag)

    world.archive.write = dying  # type: ignore[method-assign]
    with pytest.raises(Died):
        world.run()
    world.archive.write = write  # type: ignore[method-assign]
    assert len([it for it in world.archive.objects if it.endswith(".png")]) == 2
    items = world.account.media[id_][1].items
    world.account.edit(id_, items=(replace(items[1], position=1),))
    world.run()
    assert_mirrored(world)


def test_a_deletion_is_marked_after_a_complete_walk_and_lifted_when_the_medium_returns() -> None:
    world = a_world(30)
    id_ = sorted(world.account.media)[4]
    world.run()
    there = world.account.delete(id_)
    assert world.run().gone == 0
    assert world.run(complete=True).gone == 1
    assert world.entry(id_).gone_at == world.sidecar(id_).gone_at == NOW
    assert world.entry(id_).state is State.STORED
    assert f"instagram/{id_}/1.png" in world.archive.objects
    world.account.restore(id_, there)
    assert world.run(complete=True).returned == 1
    assert world.entry(id_).gone_at is None
    assert world.sidecar(id_).gone_at is None


def test_a_medium_that_came_back_after_it_was_kept_for_being_gone_is_judged_anew() -> None:
    world = a_world(2)
    id_ = world.account.post()
    world.run()
    there = world.account.delete(id_)
    world.run(complete=True)
    world.catalog.put(replace(world.entry(id_), state=State.KEPT, reason="gone before it was posted"))
    world.account.restore(id_, there)
    world.run(complete=True)
    assert (world.entry(id_).state, world.entry(id_).reason) == (State.STORED, None)


def test_a_listing_with_fewer_media_than_instagram_counts_marks_nothing_and_is_walked_again() -> None:
    world = a_world(8)
    world.run()
    world.account.delete(sorted(world.account.media)[0])
    world.account.counted = 8
    report = world.run(complete=True)
    assert (report.gone, report.complete) == (0, True)
    assert report.note
    world.account.counted = None
    assert world.run().gone == 0
    world.later(days=1)
    assert world.run().gone == 1


def test_what_instagram_still_has_is_not_gone_though_the_listing_lacks_it() -> None:
    world = a_world(8)
    world.run()
    id_ = sorted(world.account.media)[0]
    world.account.unreadable = {id_}
    report = world.run(complete=True)
    assert report.gone == 0
    assert [it.id for it in report.failed] == [id_]
    assert world.entry(id_).gone_at is None


@pytest.mark.parametrize(
    "moment", [SourceThrottled("slow", retry_at=NOW + timedelta(hours=1)), SourceUnavailable("?")]
)
def test_a_listing_cut_short_marks_nothing_and_goes_on_from_its_place(moment: EverydayError) -> None:
    world = a_world(30)
    world.run()
    gone = sorted(world.account.media)[25]
    world.account.delete(gone)
    pages = [0]

    def fault(operation: str, argument: str) -> EverydayError | None:
        pages[0] += operation == "page"
        return moment if operation == "page" and pages[0] == 4 else None

    world.account.fault = fault
    try:
        report = world.run(complete=True)
        assert report.paused_until == NOW + timedelta(hours=1)
    except SourceUnavailable:
        assert isinstance(moment, SourceUnavailable)
    assert world.entry(gone).gone_at is None
    place = world.catalog.state.place
    assert place is not None
    assert place.cursor
    world.account.fault = lambda operation, argument: None
    world.account.calls.clear()
    world.later(hours=2)
    assert world.run().gone == 1
    assert ids_of(world.account.calls, "page")[0] == place.cursor
    assert world.catalog.state.place is None


def test_a_throttled_run_makes_no_call_until_the_pause_is_over() -> None:
    world = a_world(3)
    until = NOW + timedelta(minutes=30)
    world.account.fault = lambda operation, argument: SourceThrottled("slow", retry_at=until)
    assert world.run().paused_until == until
    world.account.calls.clear()
    assert world.run().paused_until == until
    assert world.account.calls == []
    world.account.fault = lambda operation, argument: None
    world.later(minutes=30)
    assert world.run().new == 3


def test_a_page_that_asks_for_a_pause_is_used_and_the_next_one_waits() -> None:
    world = a_world(12)
    page = world.account.page
    until = NOW + timedelta(minutes=15)
    world.account.page = lambda cursor: page(cursor)._replace(pause_until=until)  # type: ignore[method-assign]
    report = world.run()
    assert (report.new, report.paused_until, report.more) == (5, until, False)
    world.later(minutes=15)
    world.account.page = page  # type: ignore[method-assign]
    assert world.run().new == 7


@pytest.mark.parametrize("loop", ["same cursor", "same page", "back to the top"])
def test_a_listing_that_goes_in_circles_ends_and_marks_nothing(loop: str) -> None:
    world = a_world(14)
    world.run()
    lost = sorted(world.account.media)[0]
    world.account.delete(lost)
    page, calls = world.account.page, [0]

    def turning(cursor: str | None) -> Any:
        calls[0] += 1
        assert calls[0] < 20
        if loop == "same cursor":
            return page(None)._replace(cursor="again")
        if loop == "same page":
            return page(None)._replace(cursor=f"again{calls[0]}")
        found = page(cursor)
        return found if found.cursor else found._replace(cursor=page(None).cursor)

    world.account.page = turning  # type: ignore[method-assign]
    report = world.run(complete=True)
    assert (report.gone, report.complete) == (0, False)
    assert report.note == "the listing repeats itself"
    assert calls[0] <= {"same cursor": 2, "same page": 4, "back to the top": 4}[loop]
    assert world.catalog.state.place is None
    world.account.page = page  # type: ignore[method-assign]
    assert world.run(complete=True).gone == 1


def test_a_cursor_that_instagram_forgot_begins_the_walk_again() -> None:
    world = a_world(14)
    assert world.run(time_left=a_short_time(8)).more
    page = world.account.page
    refused = [True]

    def forgetful(cursor: str | None) -> Any:
        if cursor and refused and refused.pop():
            raise CursorRefused("unknown")
        return page(cursor)

    world.account.page = forgetful  # type: ignore[method-assign]
    assert world.run().complete
    assert set(world.catalog.entries) == set(world.account.media)


def test_a_run_out_of_time_saves_its_place_asks_to_go_on_and_reaches_the_end_in_turns() -> None:
    world = a_world(37)
    asked: list[Any] = []
    turns = 0
    while (report := world.run(time_left=a_short_time(12))).more:
        turns += 1
        asked += [detail for kind, detail in world.events.published if kind == "backup.continue"]
        world.events.published.clear()
        assert not report.complete
        assert all(it == {"walk": world.catalog.state.place.walk} for it in asked)  # type: ignore[union-attr]
    assert 2 < turns < 40
    assert asked
    assert set(world.catalog.entries) == set(world.account.media)
    assert world.catalog.state.complete_at == NOW


def test_a_run_that_gets_nowhere_asks_for_no_other() -> None:
    world = a_world(20)
    assert world.run(time_left=a_short_time(8)).more
    world.events.published.clear()
    assert world.run(time_left=lambda: 5.0).more
    assert world.events.published == []


def test_a_continuation_of_a_walk_that_has_ended_does_nothing() -> None:
    world = a_world(3)
    world.run()
    world.account.calls.clear()
    assert world.backup().run(walk="some-walk").note
    assert world.account.calls == []


def test_an_address_that_ran_out_is_asked_for_once_a_medium() -> None:
    world = a_world()
    id_ = world.account.post(items=4)
    page = world.account.page

    def expiring(cursor: str | None) -> Any:
        found = page(cursor)
        world.account.expire()
        return found

    world.account.page = expiring  # type: ignore[method-assign]
    assert world.run().stored_files == 4
    assert ids_of(world.account.calls, "fresh") == [id_]


def test_a_missing_file_keeps_the_description_and_is_tried_again_later_and_later() -> None:
    world = a_world(3)
    id_ = world.account.post(items=2)
    items = world.account.media[id_][1].items
    world.account.edit(id_, items=(items[0], replace(items[1], url=None)))
    report = world.run()
    assert [(it.id, it.retry_at) for it in report.waiting] == [(id_, NOW + timedelta(hours=1))]
    assert world.entry(id_).state is State.LISTED
    assert [it.position for it in world.sidecar(id_).missing] == [2]
    assert id_ not in world.told()
    world.account.calls.clear()
    world.run()
    assert ids_of(world.account.calls, "fresh") == []
    world.later(hours=1)
    assert world.run().waiting[0].retry_at == NOW + timedelta(hours=3)
    world.account.edit(id_, items=items)
    world.later(hours=2)
    report = world.run()
    assert (world.entry(id_).state, report.waiting) == (State.STORED, ())
    assert world.sidecar(id_).missing == ()
    assert world.catalog.state.retry_at is None
    assert id_ in world.told()


def test_what_waits_far_below_the_newest_is_tried_again_by_its_id() -> None:
    world = a_world()
    id_ = world.account.post()
    bare = world.account.media[id_][1].items
    world.account.edit(id_, items=(replace(bare[0], url=None),))
    for _ in range(60):
        world.account.post()
    world.run()
    assert world.catalog.state.retry_at == NOW + timedelta(hours=1)
    world.account.edit(id_, items=bare)
    world.later(hours=1)
    world.account.calls.clear()
    world.run()
    assert ids_of(world.account.calls, "fresh") == [id_]
    assert world.entry(id_).state is State.STORED
    assert world.catalog.state.retry_at is None


def test_what_could_not_be_noted_when_tried_again_is_due_at_once() -> None:
    world = a_world()
    id_ = world.account.post()
    bare = world.account.media[id_][1].items
    world.account.edit(id_, items=(replace(bare[0], url=None),))
    for _ in range(60):
        world.account.post()
    world.run()
    world.account.edit(id_, items=bare)
    world.later(hours=1)
    put = world.catalog.put

    def failing(entry: Entry) -> Entry:
        raise CatalogUnavailable("down")

    world.catalog.put = failing  # type: ignore[method-assign]
    assert [it.id for it in world.run().failed] == [id_]
    world.catalog.put = put  # type: ignore[method-assign]
    world.run()
    assert world.entry(id_).state is State.STORED


def test_overlapping_runs_do_the_work_of_one() -> None:
    for _ in range(5):
        world = a_sample()
        with ThreadPoolExecutor(3) as pool:
            runs = [pool.submit(world.run, complete=True) for _ in range(3)]
            reports = [run.result() for run in runs]
        assert sum(it.gone for it in reports) >= 1
        world.run(complete=True)
        assert_mirrored(world)


def test_a_medium_deleted_before_its_files_came_is_given_up() -> None:
    world = a_world()
    id_ = world.account.post()
    world.account.edit(id_, items=(Item(position=1),))
    world.run()
    world.account.delete(id_)
    world.later(hours=1)
    assert world.run().gone == 1
    assert (world.entry(id_).state, world.entry(id_).gone_at) == (State.KEPT, world.now)
    assert world.catalog.state.retry_at is None


def test_a_videos_preview_is_stored_and_its_lack_is_no_failure() -> None:
    world = a_world()
    id_ = world.account.post(media_type=MediaType.VIDEO)
    item = world.account.media[id_][1].items[0]
    world.account.edit(id_, items=(replace(item, video=True, thumbnail_url=""),))
    without = world.account.post(media_type=MediaType.VIDEO)
    world.account.edit(without, items=(replace(item, video=True, source_id="x", thumbnail_url=""),))
    world.account.fault = lambda op, arg: MediumGone("no") if arg.startswith("cdn/x.thumbnail") else None
    assert world.run().new == 2
    assert [it.name for it in world.sidecar(id_).files] == ["1.png", "1.thumbnail.png"]
    assert world.entry(without).state is State.STORED


def test_one_bad_medium_never_stops_the_run() -> None:
    world = a_world(20)
    bad = sorted(world.account.media)[7]

    def fault(operation: str, argument: str) -> EverydayError | None:
        if operation == "open" and bad in argument:
            raise ZeroDivisionError
        return None

    world.account.fault = fault
    report = world.run()
    assert report.new == 19
    assert [it.id for it in report.waiting] == [bad]
    assert "ZeroDivisionError" in report.waiting[0].reason


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<!DOCTYPE html><title>Sorry</title>", "picture"),
        (a_png("whole")[:-20], "cut short"),
        (a_png("x" * 10_000), "at most 10000"),
        (b"", "empty"),
    ],
)
def test_a_body_that_is_no_whole_picture_is_not_stored(body: bytes, why: str) -> None:
    world = a_world(1)
    id_ = world.account.post()
    world.account.body = lambda name: body if id_ in name else a_png(name)
    assert world.run().new == 1
    assert world.entry(id_).state is State.LISTED
    assert why in (world.entry(id_).reason or "")
    assert not any(id_ in key and key.endswith(".png") for key in world.archive.objects)


def test_a_download_that_was_cut_is_tried_once_more_at_once() -> None:
    world = a_world(1)
    tries = [0]

    def fault(operation: str, argument: str) -> EverydayError | None:
        tries[0] += operation == "open"
        return SourceUnavailable("reset") if operation == "open" and tries[0] == 1 else None

    world.account.fault = fault
    assert world.run().new == 1
    assert tries[0] == 2


def test_too_many_failures_in_a_row_stop_the_run_with_its_place_saved() -> None:
    world = a_world(200)
    world.account.fault = lambda op, arg: SourceUnavailable("down") if op == "open" else None
    with pytest.raises(SourceUnavailable):
        world.run(give_up_after=5)
    assert len(ids_of(world.account.calls, "open")) < 200
    assert world.catalog.state.place is not None
    world.account.fault = lambda op, arg: None
    world.later(hours=1)
    world.run()
    assert {it.state for it in world.catalog.entries.values()} == {State.STORED}
    assert len(world.catalog.entries) == 200


def test_what_only_the_owner_can_repair_is_raised_after_the_rest_is_done() -> None:
    world = a_world(20)
    page = world.account.page

    def revoked(cursor: str | None) -> Any:
        if cursor:
            raise OwnerActionNeeded("log in")
        return page(cursor)

    world.account.page = revoked  # type: ignore[method-assign]
    with pytest.raises(OwnerActionNeeded):
        world.run()
    assert len(world.catalog.entries) == 5
    assert sorted(world.told()) == sorted(world.catalog.entries)
    world.account.page = page  # type: ignore[method-assign]
    assert world.run().new == 15


@pytest.mark.parametrize("section", [Section.STORY, Section.ARCHIVED, Section.PROFILE])
def test_what_may_not_be_posted_is_kept_and_nobody_is_told(section: Section) -> None:
    world = a_world()
    id_ = world.account.post(section=section)
    world.run()
    assert world.entry(id_).state is State.KEPT
    assert world.entry(id_).reason
    assert world.told() == []


def test_media_older_than_the_owner_wants_are_kept() -> None:
    world = a_world()
    old = world.account.post(taken_at=TAKEN)
    new = world.account.post(taken_at=NOW)
    world.run(post_since=NOW)
    assert (world.entry(old).state, world.entry(new).state) == (State.KEPT, State.STORED)


def test_stories_are_never_marked_as_gone() -> None:
    world = a_world(3)
    id_ = world.account.post(section=Section.STORY)
    world.run()
    world.account.delete(id_)
    assert world.run(complete=True).gone == 0


def test_a_plan_says_what_a_run_would_do_and_changes_nothing() -> None:
    world = a_world(6)
    edited, waiting = world.account.post(), world.account.post()
    world.account.edit(waiting, items=(Item(position=1),))
    world.run()
    new = world.account.post()
    world.account.edit(edited, caption="Other")
    before = (dict(world.archive.objects), dict(world.catalog.entries), world.catalog.state)
    plan = world.backup().plan()
    assert (plan.new, plan.edited, plan.waiting, plan.unchanged) == ((new,), (edited,), (waiting,), 6)
    world.later(hours=1)
    assert world.backup().plan().retry == (waiting,)
    assert (dict(world.archive.objects), dict(world.catalog.entries), world.catalog.state) == before
    assert world.run().new == 1


def test_a_lost_catalog_is_filled_again_without_writing_a_description_twice() -> None:
    world = a_world(9)
    world.run()
    documents = dict(world.archive.objects)
    world.catalog = MemoryCatalog()
    world.later(days=1)
    assert world.run().new == 9
    assert world.archive.objects == documents


def test_a_run_yields_to_another_that_opened_its_walk_first() -> None:
    world = a_world(12)
    state = world.catalog.run_state
    world.run(time_left=a_short_time(6))
    reads = [0]

    def stale() -> Any:
        reads[0] += 1
        return replace(state(), place=None, version=0) if reads[0] == 1 else state()

    world.catalog.run_state = stale  # type: ignore[method-assign]
    report = world.run()
    assert report.note == "another run is under way"
    assert report.new == 0
    world.catalog.run_state = state  # type: ignore[method-assign]
    world.run()
    assert set(world.catalog.entries) == set(world.account.media)


def test_every_cut_of_a_run_converges() -> None:
    whole = Cuts()
    a_sample().cut(whole)
    assert whole.count >= 40
    for at in range(1, whole.count + 1):
        for mode in ("before", "after", "die"):
            world = a_sample()
            with suppress(EverydayError, Died):
                world.cut(Cuts({at: mode}))
            for _ in range(2):
                world.later(days=8)
                world.run(complete=True)
            assert_mirrored(world)


def a_sample() -> World:
    """A world before a run in which something of each kind is to be done."""
    world = a_world(4)
    gone, edited, _ = (world.account.post(items=n) for n in (1, 2, 3))
    waiting = world.account.post()
    items = world.account.media[waiting][1].items
    world.account.edit(waiting, items=(replace(items[0], url=None),))
    world.run()
    world.account.edit(waiting, items=items)
    world.account.edit(edited, caption="Other")
    world.account.delete(gone)
    world.account.post(items=2)
    world.account.post()
    world.later(days=8)
    return world


def assert_mirrored(world: World) -> None:
    """Archive and catalog are the account's history: nothing lost, no false mark, all files whole."""
    listed = world.account.media
    for id_, (_, medium) in listed.items():
        entry, sidecar = world.entry(id_), world.sidecar(id_)
        assert entry.state in {State.STORED, State.POSTED, State.EDITED, State.KEPT}
        assert entry.gone_at is None
        assert sidecar.gone_at is None
        assert entry.fingerprint == fingerprint(medium)
        assert sidecar.medium.caption == medium.caption
        assert sidecar.missing == ()
        files = {it.position: it for it in sidecar.files}
        for item in sidecar.medium.items:
            there = world.archive.objects[f"instagram/{id_}/{files[item.position].name}"].data
            assert there == a_png(f"cdn/{item.source_id}")
            assert files[item.position].sha256 == sha256(there).hexdigest()
    for id_, entry in world.catalog.entries.items():
        if entry.origin is Origin.API:
            assert (entry.gone_at is not None) == (id_ not in listed)
            assert world.sidecar(id_).gone_at == entry.gone_at
    assert world.catalog.state.place is None
