"""One Instagram post is one blog post, for ever, whatever fails and however often it is tried."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from everyday.errors import (
    BlogKeyRefused,
    BlogRejected,
    BlogUnavailable,
    CatalogConflict,
    EverydayError,
    Unavailable,
)
from everyday.photos.archive import decode_post, file_key, post_key, sidecar_key
from everyday.photos.catalog import Claim, Entry, State, Work
from everyday.photos.model import Section
from everyday.photos.post_rules import next_try
from everyday.photos.posting import Done, Outcome
from tests.builders import NOW, TAKEN, a_medium, an_item
from tests.posting_world import CAROUSEL, ID, Faults, Killed, World, a_carousel, a_world
from tests.samples import a_picture

MODES = ("before", "after", "die", "die after")


def assert_posted_once(world: World, *, files: int = 4) -> None:
    """The whole promise: one post with our identity, every file there once, all records agree."""
    assert [post.found.slug for post in world.blog.posts.values()] == [f"ig-{ID}"]
    (post,) = world.blog.posts.values()
    assert len(world.blog.files) == files
    assert all(path.rsplit("/", 1)[1] in post.draft.html + str(post.draft) for path in world.blog.files)
    entry = world.entry()
    assert (entry.state, entry.claim, entry.retry_at) == (State.POSTED, None, None)
    assert entry.post is not None
    assert entry.post.id == post.found.id
    document = world.post_document()
    assert document is not None
    assert decode_post(document).post == entry.post
    assert entry.post.rev in post.draft.foot
    assert all(upload.url for upload in entry.uploads.values())


def interrupted(world: World, faults: Faults) -> None:
    with suppress(EverydayError, Killed):
        world.posting(faults).post(ID)


def _updating() -> World:
    world = a_world()
    world.posting().post(ID)
    world.later(days=1)
    world.edit_caption("A better caption")
    return world


def _taken_slug() -> World:
    """A post of ours is there but does not show in the first two look-ups, as when two runs overlap."""
    world = a_world()
    other = a_world()
    other.posting().post(ID)
    (post,) = other.blog.posts.values()
    find, looks = world.blog.find, iter(range(2))

    def blind(*, slug: str, marker: str) -> Any:
        return [] if next(looks, None) is not None else find(slug=slug, marker=marker)

    world.blog.find = blind  # type: ignore[method-assign]
    world.blog.create(post.draft)
    return world


SCENES = {"a new post": a_world, "an edited caption": _updating, "a slug that is taken": _taken_slug}


def _calls(scene: str) -> int:
    faults = Faults()
    SCENES[scene]().posting(faults).post(ID)
    return len(faults.calls)


POINTS = [
    pytest.param(scene, number, mode, id=f"{scene}: call {number} {mode}")
    for scene in SCENES
    for number in range(1, _calls(scene) + 1)
    for mode in MODES
]


@pytest.mark.parametrize(("scene", "number", "mode"), POINTS)
def test_a_run_cut_off_at_any_call_is_brought_to_its_end_by_the_next(
    scene: str, number: int, mode: str
) -> None:
    world = SCENES[scene]()
    interrupted(world, Faults({number: mode}))
    world.later(hours=2)
    world.posting().post(ID)
    assert_posted_once(world)
    if scene == "an edited caption":
        assert "A better caption" in next(iter(world.blog.posts.values())).draft.html


def test_every_call_is_cut() -> None:
    """Fails when the list of calls grows or shrinks without anybody looking at the new one."""
    assert [_calls(scene) for scene in SCENES] == [23, 9, 25]


@pytest.mark.parametrize("seed", range(300))
def test_any_schedule_of_faults_ends_well_after_two_clean_runs(seed: int) -> None:
    chance = random.Random(seed)
    world = a_world()
    for _ in range(chance.randint(1, 6)):
        plan = {chance.randint(1, 25): chance.choice(MODES) for _ in range(chance.randint(1, 3))}
        interrupted(world, Faults(plan))
        world.later(hours=chance.choice((0, 0.01, 2, 7)))
        if chance.random() < 0.2:
            world.edit_caption(f"Edited {chance.random()}")
    for _ in range(2):
        world.later(hours=8)
        world.posting().post(ID)
    assert_posted_once(world)


@pytest.mark.parametrize("hours", [-1, 1])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("number", range(1, 24))
def test_a_clock_that_is_an_hour_off_is_harmless(number: int, mode: str, hours: int) -> None:
    world = a_world()
    wrong = world.posting(Faults({number: mode}), clock=lambda: world.now + timedelta(hours=hours))
    with suppress(EverydayError, Killed):
        wrong.post(ID)
    world.later(hours=4)
    world.posting().post(ID)
    assert_posted_once(world)


def test_a_worker_whose_clock_is_an_hour_ahead_does_not_take_a_running_claim() -> None:
    world = a_world()
    interrupted(world, Faults({8: "die"}))
    ahead = world.posting(clock=lambda: world.now + timedelta(hours=1, minutes=15))
    assert ahead.post(ID).done is Done.BUSY
    assert world.blog.posts == {}


def test_a_storm_of_the_same_message_makes_one_post() -> None:
    world = a_world()

    def deliver(_: int) -> Done:
        return world.posting().post(ID).done

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(deliver, range(20 * 50)))
    assert_posted_once(world)
    assert outcomes.count(Done.CREATED) == 1
    assert set(outcomes) <= {Done.CREATED, Done.BUSY, Done.UNCHANGED}


def test_runs_that_overlap_without_seeing_the_claim_make_one_post() -> None:
    """The claim is not the only lock: every write before a call names the version it has read."""
    world = a_world()
    slow = world.posting()
    original = world.blog.find
    overtaken: list[Outcome] = []

    def find(*, slug: str, marker: str) -> Any:
        found = original(slug=slug, marker=marker)
        if not overtaken:
            overtaken.append(Outcome(id=ID, done=Done.BUSY))
            world.later(hours=2)
            overtaken[0] = world.posting().post(ID)
        return found

    world.blog.find = find  # type: ignore[method-assign]
    assert slow.post(ID).done is Done.UNCHANGED
    assert overtaken[0].done is Done.CREATED
    assert_posted_once(world)


def test_what_is_posted_costs_one_read() -> None:
    world = a_world()
    world.posting().post(ID)
    faults = Faults()
    outcome = world.posting(faults).post(ID)
    assert (outcome.done, faults.calls) == (Done.UNCHANGED, ["MemoryCatalog.get_many"])
    assert outcome.url == f"https://blog.example/ig-{ID}/"


# What the owner does on the blog


def test_a_post_that_the_owner_edited_is_left_alone_for_ever() -> None:
    world = _updating()
    (post_id,) = world.blog.posts
    world.blog.edit(post_id, html="<p>My own words</p>")
    for caption in ("One", "Two"):
        world.edit_caption(caption)
        assert world.posting().post(ID).done is Done.LEFT
        assert world.blog.posts[post_id].draft.html == "<p>My own words</p>"
        world.later(days=1)
    assert world.entry().state is State.POSTED
    assert "edited on the blog" in (world.entry().reason or "")


@pytest.mark.parametrize(
    ("change", "done"), [({"status": "published"}, Done.UPDATED), ({"tags": ("mine",)}, Done.LEFT)]
)
def test_publishing_a_draft_is_no_edit_and_a_new_tag_is_one(change: dict[str, Any], done: Done) -> None:
    world = _updating()
    (post_id,) = world.blog.posts
    world.blog.edit(post_id, **change)
    world.edit_caption("One")
    assert world.posting().post(ID).done is done
    held = world.blog.posts[post_id]
    assert (held.found.status, held.draft.tags) == (
        change.get("status", "draft"),
        change.get("tags", held.draft.tags),
    )


def test_a_post_that_the_owner_deleted_is_not_made_again() -> None:
    world = _updating()
    world.blog.posts.clear()
    assert world.posting().post(ID).done is Done.LEFT
    assert world.posting().post(ID, force=True).done is Done.LEFT
    assert world.blog.posts == {}


def test_a_lost_catalog_does_not_bring_back_what_the_owner_deleted() -> None:
    world = _updating()
    world.blog.posts.clear()
    world.catalog.entries.clear()
    world.catalog.put(replace(Entry(**_bare(world)), state=State.STORED))
    assert world.posting().post(ID).done is Done.LEFT
    assert world.blog.posts == {}


def _bare(world: World) -> dict[str, Any]:
    medium = a_carousel()
    return {
        "id": ID,
        "origin": medium.origin,
        "section": medium.section,
        "media_type": medium.media_type,
        "taken_at": medium.taken_at,
        "state": State.STORED,
        "fingerprint": "f",
    }


@pytest.mark.parametrize("record", [True, False], ids=["with post.json", "without it"])
def test_a_lost_catalog_adopts_the_post_and_sends_no_file_again(record: bool) -> None:
    world = a_world()
    world.posting().post(ID)
    world.catalog.entries.clear()
    world.catalog.put(Entry(**_bare(world)))
    if not record:
        del world.archive.objects[post_key(ID)]
    before = dict(world.blog.files)
    assert world.posting().post(ID).done in {Done.ADOPTED, Done.UNCHANGED}
    assert len(world.blog.posts) == 1
    assert world.blog.files == before
    assert world.entry().state is State.POSTED


def test_an_adopted_post_that_the_owner_had_edited_stays_the_owners() -> None:
    world = a_world()
    interrupted(world, Faults({20: "die after"}))
    (post_id,) = world.blog.posts
    world.later(hours=3)
    world.blog.edit(post_id, title="Mine")
    world.posting().post(ID)
    world.later(days=1)
    world.edit_caption("New")
    assert world.posting().post(ID).done is Done.LEFT
    assert world.blog.posts[post_id].draft.title == "Mine"


def test_the_owners_copy_of_a_post_is_never_deleted() -> None:
    world = _updating()
    (original,) = world.blog.posts.values()
    world.later(days=2)
    copy = world.blog.create(original.draft)
    world.catalog.put(replace(world.entry(), post=None))
    del world.archive.objects[post_key(ID)]
    world.posting().post(ID)
    assert copy.id in world.blog.posts
    assert len(world.blog.posts) == 2
    assert world.entry().post.id == original.found.id  # type: ignore[union-attr]


def test_a_numbered_slug_is_kept_when_the_first_is_not_a_post_of_ours() -> None:
    world = a_world()
    find = world.blog.find
    world.blog.create(_draft_of_a_page())
    world.blog.find = lambda **named: [it for it in find(**named) if "everyday" in it.foot]  # type: ignore[method-assign]
    outcome = world.posting().post(ID)
    assert outcome.done is Done.CREATED
    assert outcome.url == f"https://blog.example/ig-{ID}-2/"
    assert len(world.blog.posts) == 2


def _draft_of_a_page() -> Any:
    other = a_world()
    other.posting().post(ID)
    (post,) = other.blog.posts.values()
    return post.draft._replace(foot="")


def test_a_caption_edited_back_and_forth_is_updated_each_time() -> None:
    world = a_world()
    world.posting().post(ID)
    for caption in ("One", "Two", "One"):
        world.later(days=1)
        world.edit_caption(caption)
        assert world.posting().post(ID).done is Done.UPDATED
        assert f"<p>{caption}</p>" in next(iter(world.blog.posts.values())).draft.html
    assert len(world.blog.files) == 4


def test_an_edit_that_changes_nothing_visible_writes_nothing_on_the_blog() -> None:
    world = a_world()
    world.posting().post(ID)
    world.edit_caption("Morning light\n#sunrise")
    faults = Faults()
    assert world.posting(faults).post(ID).done is Done.UNCHANGED
    assert "MemoryBlog.update" not in faults.calls


def test_an_update_whose_reply_was_lost_is_not_taken_for_the_owners_edit() -> None:
    world = _updating()
    interrupted(world, Faults({6: "after"}))
    assert world.entry().state is State.POSTING
    world.later(minutes=10)
    world.edit_caption("Edited once more")
    assert world.posting().post(ID).done is Done.UPDATED
    assert "Edited once more" in next(iter(world.blog.posts.values())).draft.html


def test_an_update_never_noted_is_not_taken_for_the_owners_edit_after_the_next_failed() -> None:
    world = _updating()
    faults = Faults()
    world.posting(faults).post(ID)
    world = _updating()
    noted = faults.calls.index("MemoryBlog.update") + 2
    interrupted(world, Faults({noted: "die"}))
    world.later(hours=9)
    world.edit_caption("The best caption")

    def silent(*args: Any, **named: Any) -> Any:
        raise BlogUnavailable("no answer")

    world.blog.update = silent  # type: ignore[method-assign]
    interrupted(world, Faults())
    del world.blog.update
    world.later(hours=9)
    assert world.posting().post(ID).done is Done.UPDATED
    assert "The best caption" in next(iter(world.blog.posts.values())).draft.html
    assert_posted_once(world)


def test_a_collision_is_read_and_decided_again() -> None:
    world = _updating()
    (post_id,) = world.blog.posts
    update = world.blog.update

    def overtaken(*args: Any, **named: Any) -> Any:
        world.later(hours=5)
        world.blog.edit(post_id, title="Mine")
        return update(*args, **named)

    world.blog.update = overtaken  # type: ignore[method-assign]
    assert world.posting().post(ID).done is Done.LEFT
    assert world.blog.posts[post_id].draft.title == "Mine"


# What the blog refuses, and what it does not answer


def refusing(world: World, name: str, error: Exception) -> None:
    def refuse(*args: Any, **named: Any) -> Any:
        raise error

    setattr(world.blog, name, refuse)


@pytest.mark.parametrize("call", ["create", "upload"])
def test_what_the_blog_refuses_is_parked_with_its_reason(call: str) -> None:
    world = a_world()
    refusing(world, call, BlogRejected("title is too long"))
    outcome = world.posting().post(ID)
    assert (outcome.done, outcome.reason) == (Done.PARKED, "title is too long")
    assert (world.entry().state, world.entry().reason) == (State.PARKED, "title is too long")
    assert world.posting().post(ID).done is Done.PARKED


def test_what_is_parked_can_be_forced() -> None:
    world = a_world()
    create = world.blog.create
    refusing(world, "create", BlogRejected("no"))
    world.posting().post(ID)
    world.blog.create = create  # type: ignore[method-assign]
    assert world.posting().post(ID, force=True).done is Done.CREATED
    assert_posted_once(world)


def test_a_silent_blog_leaves_it_due_and_waits_longer_each_time() -> None:
    world = a_world()
    refusing(world, "create", BlogUnavailable("504"))
    waits = []
    for _ in range(4):
        with pytest.raises(BlogUnavailable):
            world.posting().post(ID)
        entry = world.entry()
        assert (entry.work, entry.claim, entry.reason) == (Work.POST, None, "504")
        assert entry.retry_at is not None
        waits.append(entry.retry_at - world.now)
        assert world.posting().post(ID).done is Done.LATER
        world.now = entry.retry_at
    assert waits == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]
    assert next_try(500, NOW) == NOW + timedelta(hours=6)


def test_a_refused_key_stops_the_sweep_and_holds_nothing() -> None:
    world = a_world()
    refusing(world, "find", BlogKeyRefused("the Admin API key is wrong"))
    with pytest.raises(BlogKeyRefused):
        world.posting().sweep(lambda: 900.0)
    assert (world.entry().claim, world.entry().work) == (None, Work.POST)


def test_an_unreadable_medium_is_parked_and_the_rest_goes_on() -> None:
    world = a_world()
    for number, data in enumerate([b"<!doctype html>", a_picture()[:-9], a_picture()], start=2):
        world.add(a_medium(f"1790000000000000{number}", taken_at=TAKEN), {"1.jpg": data})
    world.archive.objects.pop(sidecar_key("17900000000000004"))
    world.add(a_medium("17900000000000009"), {"1.jpg": a_picture()})
    report = world.posting().sweep(lambda: 900.0)
    assert report.counts == {"created": 2, "parked": 3}
    assert {problem.id[-1] for problem in report.problems} == {"2", "3", "4"}
    assert all(problem.reason for problem in report.problems)
    assert report.finished


def test_a_file_that_is_not_what_was_archived_is_never_posted() -> None:
    world = a_world()
    key = file_key(ID, "2.jpg")
    world.archive.objects[key] = world.archive.objects[key]._replace(data=a_picture(color="red"))
    assert world.posting().post(ID).done is Done.PARKED
    assert world.blog.posts == {}


def test_a_sweep_ends_in_time_and_says_so() -> None:
    world = World()
    for number in range(5):
        world.add(a_medium(f"1790000000000001{number}"), {"1.jpg": a_picture()})
    left = iter([900.0, 500.0, 119.0])
    report = world.posting().sweep(lambda: next(left))
    assert (report.counts, report.finished) == ({"created": 2}, False)


def test_a_sweep_gives_up_when_the_blog_is_down() -> None:
    world = World()
    for number in range(9):
        world.add(a_medium(f"1790000000000001{number}"), {"1.jpg": a_picture()})
    refusing(world, "find", BlogUnavailable("down"))
    report = world.posting().sweep(lambda: 900.0)
    assert (report.counts, report.finished, len(report.problems)) == ({"failed": 3}, False, 3)


def test_a_sweep_posts_the_oldest_first() -> None:
    world = World()
    for day in (3, 1, 2):
        medium = a_medium(f"1790000000000000{day}", taken_at=TAKEN + timedelta(days=day))
        world.add(medium, {"1.jpg": a_picture()})
    world.posting().sweep(lambda: 900.0)
    assert [post.draft.slug[-1] for post in world.blog.posts.values()] == ["1", "2", "3"]


# What is never posted


@pytest.mark.parametrize(
    ("entry", "done"),
    [
        ({"section": Section.STORY}, Done.KEPT),
        ({"section": Section.ARCHIVED}, Done.KEPT),
        ({"section": Section.PROFILE}, Done.KEPT),
        ({"same_as": "17900000000000002"}, Done.KEPT),
        ({"gone_at": NOW}, Done.KEPT),
        ({"state": State.LISTED}, Done.LATER),
        ({"state": State.KEPT, "reason": "because"}, Done.KEPT),
        ({"retry_at": NOW + timedelta(seconds=1)}, Done.LATER),
        ({"claim": Claim(owner="other", until=NOW + timedelta(seconds=1))}, Done.BUSY),
    ],
)
def test_some_media_are_not_posted_now(entry: dict[str, Any], done: Done) -> None:
    world = a_world(**entry)
    assert world.posting().post(ID).done is done
    assert world.blog.posts == {}
    assert world.blog.files == {}
    if done is Done.KEPT:
        assert (world.entry().state, world.entry().work) == (State.KEPT, None)
        assert world.entry().reason or entry.get("state") is State.KEPT


@pytest.mark.parametrize(
    "entry", [{"section": Section.STORY}, {"same_as": "1"}, {"gone_at": NOW}, {"state": State.LISTED}]
)
def test_force_posts_nothing_that_must_not_be_public(entry: dict[str, Any]) -> None:
    world = a_world(**entry)
    world.posting().post(ID, force=True)
    assert world.blog.posts == {}


def test_media_from_before_the_first_day_are_kept_unless_forced() -> None:
    world = a_world()
    since = TAKEN + timedelta(days=1)
    assert world.posting(since=since).post(ID).done is Done.KEPT
    assert world.posting(since=since).post(ID, force=True).done is Done.CREATED


def test_an_unknown_medium_is_said_to_be_unknown() -> None:
    assert World().posting().post("1").done is Done.UNKNOWN


def test_a_plan_says_what_a_sweep_would_do_and_changes_nothing() -> None:
    world = _updating()
    world.add(a_medium("17900000000000002"), {"1.jpg": a_picture()})
    world.add(a_medium("17900000000000003", section=Section.STORY), {"1.jpg": a_picture()})
    before = dict(world.catalog.entries)
    faults = Faults()
    plan = {row.id[-1]: row.action for row in world.posting(faults).plan()}
    assert plan == {"1": "update", "2": "create", "3": "kept"}
    assert world.catalog.entries == before
    assert faults.calls == ["MemoryCatalog.due"]


# What is posted


def test_a_video_over_the_limit_becomes_its_preview_with_a_link() -> None:
    world = a_world()
    assert world.posting(max_video_bytes=100).post(ID).done is Done.CREATED
    html = next(iter(world.blog.posts.values())).draft.html
    assert "<video" not in html
    assert "Watch the video on Instagram" in html
    assert [path for path in world.blog.files if path.endswith(".mp4")] == []


def test_a_file_that_was_missing_joins_the_post_with_the_next_edit() -> None:
    world = World()
    world.add(a_carousel(), {"1.jpg": CAROUSEL["1.jpg"]})
    world.posting().post(ID)
    world.later(days=1)
    world.archive.objects.pop(sidecar_key(ID))
    entry = world.catalog.entries.pop(ID)
    world.add(a_carousel(), CAROUSEL)
    world.catalog.entries[ID] = replace(entry, state=State.EDITED)
    assert world.posting().post(ID).done is Done.UPDATED
    assert_posted_once(world)


def test_what_is_uploaded_carries_no_place() -> None:
    from PIL import Image

    exif = Image.Exif()
    exif[0x010E] = "CANARY"
    world = World()
    world.add(a_medium(items=(an_item(1),)), {"1.jpg": a_picture(exif=exif.tobytes())})
    world.posting().post(ID)
    (data,) = world.blog.files.values()
    assert b"CANARY" not in data


def test_an_entry_that_others_keep_writing_stays_due() -> None:
    world = a_world()

    def lose(entry: Entry) -> Entry:
        raise CatalogConflict("somebody was first")

    world.catalog.put = lose  # type: ignore[method-assign]
    assert world.posting().post(ID).done is Done.BUSY
    assert world.entry().work is Work.POST


def test_no_temporary_file_is_left(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    world = a_world()
    interrupted(world, Faults({14: "die"}))
    with suppress(Unavailable):
        world.later(hours=2)
        world.posting(Faults({8: "before"})).post(ID)
    assert list(tmp_path.iterdir()) == []
