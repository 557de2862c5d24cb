"""A catalog made from the archive posts nothing twice and forgets nothing."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from everyday.adapters.memory import MemoryArchive, MemoryCatalog
from everyday.photos.catalog import Entry, RunState, State, Work
from everyday.photos.fingerprint import fingerprint
from everyday.photos.model import BlogPost, MissingFile, Origin, Revision, Section
from everyday.photos.rebuild import rebuild
from tests.builders import NOW, TAKEN, a_medium, an_entry, an_item
from tests.unit.photos.filled import fill, replaced

ID = "17900000000000001"
POST = BlogPost(
    id="p", url="u", slug=f"ig-{ID}", status="draft", updated_at="2026-05-01T12:00:00.000Z", rev="r"
)
DAY = timedelta(days=1)
LACKS = (MissingFile(position=2, reason="licensed sound"),)


def rebuilt(medium: Any = None, **filling: Any) -> Entry:
    archive, catalog = MemoryArchive(), MemoryCatalog()
    fill(archive, medium, **filling)
    rebuild(archive, catalog)
    [entry] = catalog.entries.values()
    return entry


def test_an_entry_says_what_the_archive_holds() -> None:
    medium = a_medium(items=(an_item(source_id="s"),))
    entry = rebuilt(medium, files={"1.jpg": b"12345", "1.thumbnail.jpg": b"123"})
    assert (entry.id, entry.state, entry.files, entry.size) == (ID, State.STORED, 2, 8)
    assert (entry.title, entry.taken_at, entry.permalink) == ("Morning light", TAKEN, medium.permalink)
    assert (entry.seen, entry.version) == (None, 1)
    assert entry.fingerprint == fingerprint(medium), "the next listing must not take it for edited"


@pytest.mark.parametrize(
    ("filling", "state"),
    [
        ({}, State.STORED),
        ({"post": POST}, State.POSTED),
        ({"post": POST, "missing": LACKS}, State.POSTED),
        ({"post": POST, "gone_at": NOW}, State.POSTED),
        ({"medium": a_medium(section=Section.REEL)}, State.STORED),
        ({"medium": a_medium(section=Section.STORY)}, State.KEPT),
        ({"medium": a_medium(section=Section.ARCHIVED)}, State.KEPT),
        ({"medium": a_medium(section=Section.PROFILE)}, State.KEPT),
        ({"same_as": "18"}, State.KEPT),
        ({"doubt": "perhaps the same post as 18"}, State.PARKED),
        ({"doubt": "perhaps", "post": POST}, State.POSTED),
        ({"missing": LACKS}, State.LISTED),
        ({"missing": LACKS, "gone_at": NOW}, State.KEPT),
        ({"missing": LACKS, "same_as": "18"}, State.LISTED),
        ({"gone_at": NOW}, State.STORED),
    ],
)
def test_the_state_is_the_one_the_archive_proves(filling: dict[str, Any], state: State) -> None:
    entry = rebuilt(**filling)
    assert entry.state is state
    assert entry.gone_at == filling.get("gone_at")
    assert (entry.post is not None) == ("post" in filling)
    if state in {State.KEPT, State.PARKED, State.LISTED}:
        assert entry.reason


def test_who_stands_for_a_medium_is_remembered() -> None:
    assert rebuilt(same_as="18").same_as == "18"


@pytest.mark.parametrize(("until", "state"), [(NOW - DAY, State.POSTED), (NOW + DAY, State.EDITED)])
def test_an_edit_after_the_post_is_still_to_be_brought_to_the_blog(until: Any, state: State) -> None:
    revisions = (Revision(until=until, medium=a_medium(caption="before")),)
    assert rebuilt(post=POST, revisions=revisions).state is state


def test_an_unreadable_time_of_the_post_makes_no_work() -> None:
    revisions = (Revision(until=NOW, medium=a_medium(caption="before")),)
    assert rebuilt(post=replace(POST, updated_at="?"), revisions=revisions).state is State.POSTED


def test_a_file_that_is_lost_makes_the_medium_incomplete() -> None:
    archive, catalog = MemoryArchive(), MemoryCatalog()
    fill(archive, files={"1.jpg": b"1", "2.jpg": b"22"})
    del archive.objects[f"instagram/{ID}/2.jpg"]
    rebuild(archive, catalog)
    entry = catalog.entries[ID]
    assert (entry.state, entry.files, entry.size) == (State.LISTED, 1, 1)
    assert entry.reason == "2.jpg is no longer in the archive"


def test_what_is_incomplete_is_tried_again_at_once() -> None:
    archive, catalog = MemoryArchive(), MemoryCatalog()
    fill(archive, missing=LACKS)
    rebuild(archive, catalog)
    assert [it.id for it in catalog.due(Work.BACKUP, now=NOW)] == [ID]
    retry_at = catalog.run_state().retry_at
    assert retry_at is not None
    assert retry_at <= NOW


def test_media_taken_before_posting_began_are_kept() -> None:
    archive, catalog = MemoryArchive(), MemoryCatalog()
    fill(archive)
    rebuild(archive, catalog, post_since=TAKEN + DAY)
    assert catalog.entries[ID].state is State.KEPT


def test_the_next_run_knows_that_an_export_was_read() -> None:
    for origin in Origin:
        archive, catalog = MemoryArchive(), MemoryCatalog()
        fill(archive, a_medium(origin=origin))
        rebuild(archive, catalog)
        assert catalog.run_state().exports is (origin is Origin.EXPORT)


def test_what_the_catalog_knows_stays() -> None:
    archive, catalog = MemoryArchive(), MemoryCatalog()
    fill(archive)
    fill(archive, a_medium("2"))
    known = catalog.put(an_entry(state=State.POSTING, attempts=3))
    state = catalog.put_run_state(RunState(retry_at=NOW - 2 * DAY))
    report = rebuild(archive, catalog)
    assert (report.media, report.written, report.kept) == (2, 1, 1)
    assert catalog.entries[ID] == known
    assert catalog.run_state() == state


def test_an_entry_that_appears_meanwhile_stays() -> None:
    class Busy(MemoryCatalog):
        def get_many(self, ids: Any) -> Any:
            found = super().get_many(ids)
            self.entries.setdefault(ID, an_entry(state=State.POSTED, version=7))
            return found

    archive, catalog = MemoryArchive(), Busy()
    fill(archive)
    assert (rebuild(archive, catalog).kept, catalog.entries[ID].version) == (1, 7)


def test_a_second_run_changes_nothing() -> None:
    archive, catalog = MemoryArchive(), MemoryCatalog()
    for number in range(250):
        fill(archive, a_medium(str(number), origin=Origin.EXPORT), missing=LACKS)
    assert (rebuild(archive, catalog).written, len(catalog.entries)) == (250, 250)
    before, state = dict(catalog.entries), catalog.run_state()
    report = rebuild(archive, catalog)
    assert (report.media, report.written, report.kept) == (250, 0, 250)
    assert (catalog.entries, catalog.run_state()) == (before, state)


@pytest.mark.parametrize("name", ["media.json", "post.json"])
def test_what_cannot_be_read_is_told_and_never_taken_for_unposted(name: str) -> None:
    archive, catalog = MemoryArchive(), MemoryCatalog()
    fill(archive, post=POST)
    fill(archive, a_medium("2"))
    replaced(archive, f"instagram/{ID}/{name}", b"{")
    report = rebuild(archive, catalog)
    assert [it.key for it in report.failed] == [f"instagram/{ID}/"]
    assert name in report.failed[0].reason
    assert set(catalog.entries) == {"2"}


def test_files_without_a_description_are_told() -> None:
    archive, catalog = MemoryArchive(), MemoryCatalog()
    fill(archive)
    del archive.objects[f"instagram/{ID}/media.json"]
    report = rebuild(archive, catalog)
    assert [it.key for it in report.failed] == [f"instagram/{ID}/"]
    assert catalog.entries == {}
