"""Media that the data export and the API both know, in either order, and the pure rules of storing."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from everyday.errors import ArchiveConflict
from everyday.photos.catalog import State
from everyday.photos.joining import Match, Verdict
from everyday.photos.model import Item, MissingFile, Origin, Section, Sidecar, StoredFile
from everyday.photos.rebuild import rebuild
from everyday.photos.transitions import failed, gone, holding, postponed, stored, wait_after
from tests.account import Account, a_png
from tests.builders import NOW, TAKEN, a_medium, an_entry
from tests.unit.photos.test_backup import World, a_world

API, EXPORT = Origin.API, Origin.EXPORT
SECOND = timedelta(seconds=1)


def also(world: World, origin: Origin) -> World:
    """The same stores, fed from another source."""
    return World(Account(origin=origin), world.archive, world.catalog, world.events, world.now)


def states(world: World) -> dict[str, State]:
    return {id_: entry.state for id_, entry in world.catalog.entries.items()}


@pytest.mark.parametrize("first", [API, EXPORT])
def test_a_post_from_both_sources_is_posted_once_whichever_comes_first(first: Origin) -> None:
    world = a_world(origin=first)
    one = world.account.post("Morning", taken_at=TAKEN)
    world.run()
    other = also(world, EXPORT if first is API else API)
    two = other.account.post("Morning ", taken_at=TAKEN + SECOND)
    other.run()
    assert states(world) == {one: State.STORED, two: State.KEPT}
    assert world.entry(two).same_as == world.sidecar(two).same_as == one
    assert world.told() == [one]
    assert other.run().new == 0


def test_files_of_an_exported_copy_are_not_stored_twice_but_what_it_says_is() -> None:
    world = a_world(origin=API)
    world.account.post("Morning", taken_at=TAKEN)
    world.run()
    export = also(world, EXPORT)
    id_ = export.account.post("Morning", taken_at=TAKEN, said={"location": "Lisbon"})
    export.run()
    assert world.sidecar(id_).medium.said == {"location": "Lisbon"}
    assert world.sidecar(id_).files == ()
    assert [key for key in world.archive.objects if id_ in key] == [f"instagram/{id_}/media.json"]


@pytest.mark.parametrize("first", [API, EXPORT])
def test_a_weak_match_is_stored_and_parked(first: Origin) -> None:
    world = a_world(origin=first)
    one = world.account.post("Morning", taken_at=TAKEN)
    world.run()
    other = also(world, EXPORT if first is API else API)
    two = other.account.post("Evening", taken_at=TAKEN + 60 * SECOND)
    other.run()
    assert states(world) == {one: State.STORED, two: State.PARKED}
    assert world.sidecar(two).doubt == world.entry(two).reason
    assert world.entry(two).files == 1
    assert world.told() == [one]


def test_an_export_fills_what_instagram_no_longer_gives() -> None:
    world = a_world(origin=API)
    id_ = world.account.post("Morning", items=2, taken_at=TAKEN)
    items = world.account.media[id_][1].items
    world.account.edit(id_, items=(items[0], replace(items[1], url=None)))
    world.run()
    assert world.entry(id_).state is State.LISTED
    export = also(world, EXPORT)
    copy = export.account.post("Morning", items=2, taken_at=TAKEN)
    export.run()
    assert states(world) == {id_: State.STORED, copy: State.KEPT}
    assert world.archive.objects[f"instagram/{id_}/2.png"].data == a_png(f"cdn/{copy}-2")
    assert (world.sidecar(id_).missing, len(world.sidecar(id_).files)) == ((), 2)


def test_a_copy_that_cannot_fill_stands_for_itself_until_the_other_is_whole() -> None:
    world = a_world(origin=API)
    id_ = world.account.post("Morning", taken_at=TAKEN)
    bare = world.account.media[id_][1].items
    world.account.edit(id_, items=(Item(position=1),))
    world.run()
    export = also(world, EXPORT)
    copy = export.account.post("Morning", items=2, taken_at=TAKEN)
    export.run()
    assert states(world) == {id_: State.LISTED, copy: State.STORED}
    world.account.edit(id_, items=bare)
    world.later(hours=1)
    world.run()
    assert states(world) == {id_: State.KEPT, copy: State.STORED}
    assert world.entry(id_).same_as == copy


def test_a_file_that_one_export_lacks_comes_with_the_next() -> None:
    world = a_world(origin=EXPORT)
    id_ = world.account.post("Morning")
    items = world.account.media[id_][1].items
    world.account.edit(id_, items=(Item(position=1),))
    assert world.run().waiting[0].id == id_
    world.account.edit(id_, items=items)
    world.run()
    assert states(world) == {id_: State.STORED}


@pytest.mark.parametrize("origin", [API, EXPORT])
def test_a_file_that_the_archive_lost_is_fetched_again_after_a_rebuild(origin: Origin) -> None:
    world = a_world(origin=origin)
    id_ = world.account.post("Morning")
    world.run()
    whole = dict(world.archive.objects)
    lost = next(key for key in whole if key.endswith(world.sidecar(id_).files[0].name))
    del world.archive.objects[lost]
    world.catalog.entries.clear()
    rebuild(world.archive, world.catalog)
    assert states(world) == {id_: State.LISTED}
    world.run()
    assert states(world) == {id_: State.STORED}
    assert world.archive.objects == whole


def test_an_export_leaves_the_apis_place_and_pauses_alone() -> None:
    world = a_world(30, origin=API)
    world.account.page_size = 5
    left = iter([900.0] * 12 + [0.0] * 999)
    world.run(time_left=lambda: next(left))
    before = world.catalog.state
    export = also(world, EXPORT)
    export.account.post("Morning", taken_at=NOW)
    assert export.run().complete
    after = world.catalog.state
    assert before.place == after.place is not None
    assert (after.complete_at, after.exports) == (None, True)


def test_no_look_up_of_exports_happens_when_none_was_imported() -> None:
    world = a_world(9, origin=API)
    looks: list[Any] = []
    timeline = world.catalog.timeline
    world.catalog.timeline = lambda **span: looks.append(span) or timeline(**span)  # type: ignore[assignment,func-returns-value]
    world.run()
    assert [span for span in looks if span] == []


def test_a_catalog_rebuilt_from_the_archive_posts_nothing_twice() -> None:
    world = a_world(origin=API)
    one = world.account.post("Morning", taken_at=TAKEN)
    world.run()
    export = also(world, EXPORT)
    same = export.account.post("Morning", taken_at=TAKEN)
    doubted = export.account.post("Evening", taken_at=TAKEN + 60 * SECOND)
    export.run()
    expected = {one: State.STORED, same: State.KEPT, doubted: State.PARKED}
    assert states(world) == expected
    world.catalog.entries.clear()
    rebuild(world.archive, world.catalog)
    assert states(world) == expected
    world.catalog.entries.clear()
    also_lost = World(export.account, world.archive, world.catalog, world.events, world.now)
    also_lost.run()
    world.run(complete=True)
    assert states(world) == expected


def test_the_one_that_others_stand_aside_for_never_stands_aside_for_them() -> None:
    world = a_world(origin=EXPORT)
    one = world.account.post("Morning", taken_at=TAKEN)
    world.run()
    api = also(world, API)
    two = api.account.post("Morning", taken_at=TAKEN)
    api.run()
    del world.catalog.entries[one]
    world.run()
    assert states(world) == {one: State.STORED, two: State.KEPT}


def test_two_posts_of_one_minute_with_one_caption_are_both_posted_beside_one_exported_copy() -> None:
    world = a_world(origin=API)
    one = world.account.post("Morning", taken_at=TAKEN)
    world.run()
    export = also(world, EXPORT)
    copy = export.account.post("Morning", taken_at=TAKEN)
    export.run()
    two = world.account.post("Morning", taken_at=TAKEN + 30 * SECOND)
    world.run()
    assert states(world) == {one: State.STORED, copy: State.KEPT, two: State.STORED}


def test_a_sidecar_written_meanwhile_is_read_again_and_nothing_of_it_is_lost() -> None:
    world = a_world()
    id_ = world.account.post("Before")
    world.run()
    world.account.edit(id_, caption="After")
    write, tries = world.archive.write, [0]

    def raced(key: str, document: bytes, *, tag: str | None) -> None:
        tries[0] += 1
        if tries[0] == 1:
            raise ArchiveConflict("somebody was faster")
        write(key, document, tag=tag)

    world.archive.write = raced  # type: ignore[method-assign]
    assert world.run().edited == 1
    assert world.sidecar(id_).medium.caption == "After"
    assert tries[0] == 2


@given(st.integers(-5, 10_000))
def test_waits_grow_from_an_hour_to_a_week(attempts: int) -> None:
    hour, week = timedelta(hours=1), timedelta(days=7)
    assert hour <= wait_after(attempts) <= wait_after(attempts + 1) <= week
    assert (wait_after(1), wait_after(3), wait_after(50)) == (hour, 4 * hour, week)


@pytest.mark.parametrize(
    ("medium", "match", "known", "state", "same_as"),
    [
        ({}, Match.NONE, None, State.STORED, None),
        ({}, Match.SAME, None, State.KEPT, "other"),
        ({}, Match.WEAK, None, State.PARKED, None),
        ({"section": Section.ARCHIVED}, Match.NONE, None, State.KEPT, None),
        ({"section": Section.ARCHIVED}, Match.WEAK, None, State.KEPT, None),
        ({"taken_at": NOW - timedelta(days=999)}, Match.NONE, None, State.KEPT, None),
        ({}, Match.NONE, {"same_as": "other"}, State.KEPT, "other"),
        ({}, Match.NONE, {"doubt": "perhaps"}, State.PARKED, None),
        ({}, Match.SAME, {"doubt": "perhaps"}, State.KEPT, "other"),
        ({}, Match.NONE, {}, State.STORED, None),
    ],
)
def test_how_a_whole_medium_is_held(
    medium: dict, match: Match, known: dict | None, state: State, same_as: str | None
) -> None:
    told = a_medium(**{"taken_at": NOW, **medium})
    sidecar = None if known is None else Sidecar(medium=told, archived_at=NOW, **known)
    held = holding(told, Verdict(match, "other", "why"), sidecar, post_since=NOW - timedelta(days=9))
    assert (held.state, held.same_as) == (state, same_as)
    assert (held.reason is None) == (state is State.STORED)


@pytest.mark.parametrize(
    ("before", "edited", "after"),
    [
        (State.LISTED, True, State.STORED),
        (State.STORED, True, State.STORED),
        (State.POSTING, True, State.POSTING),
        (State.POSTED, True, State.EDITED),
        (State.POSTED, False, State.POSTED),
        (State.EDITED, True, State.EDITED),
        (State.PARKED, True, State.PARKED),
        (State.KEPT, True, State.KEPT),
    ],
)
def test_what_storing_makes_of_each_state(before: State, edited: bool, after: State) -> None:
    medium = a_medium()
    held = holding(medium, Verdict(Match.NONE), None, post_since=None)
    entry = stored(None, medium, held, files=1, size=9, walk="w")
    entry = replace(entry, state=before, fingerprint="old" if edited else entry.fingerprint)
    assert stored(entry, medium, held, files=1, size=9, walk="w").state is after


def test_a_failure_never_takes_back_what_was_stored() -> None:
    for state in State:
        entry = an_entry(state=state, attempts=2)
        after = failed(entry, a_medium(), "no file", now=NOW, walk="w")
        assert after.state is state
        assert (after == entry) == (state is not State.LISTED)
        assert postponed(entry, "no", now=NOW) == entry or state is State.LISTED


def test_a_deletion_keeps_its_first_time_and_ends_the_waiting() -> None:
    waiting = an_entry(state=State.LISTED, retry_at=NOW)
    marked = gone(waiting, at=NOW)
    assert (marked.state, marked.retry_at, marked.work) == (State.KEPT, None, None)
    assert gone(marked, at=NOW + timedelta(days=1)) == marked
    assert gone(an_entry(state=State.POSTED), at=NOW).state is State.POSTED


def test_what_was_saved_before_the_deletion_is_counted_though_no_run_had_noted_it() -> None:
    file = StoredFile(name="1.jpg", position=1, sha256="a", size=7, content_type="image/jpeg")
    whole = Sidecar(medium=a_medium(), archived_at=NOW, files=(file,))
    marked = gone(an_entry(state=State.LISTED), at=NOW, sidecar=whole)
    assert (marked.files, marked.size, marked.reason) == (1, 7, "deleted on Instagram before it was posted")
    part = replace(whole, missing=(MissingFile(position=2, reason="no address"),))
    assert "before all of it was saved" in str(
        gone(an_entry(state=State.LISTED), at=NOW, sidecar=part).reason
    )
