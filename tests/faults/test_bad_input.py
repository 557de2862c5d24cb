"""Bad input, end to end: what Instagram, an export or the blog may answer, and what becomes of it.

`INDEX` names, for each kind of bad input that `photos` must survive, the tests that show it; here are those
that need the whole of it, over real connections to the stand-ins and ministack.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from msgspec.structs import replace

from everyday import wiring
from everyday.adapters import ghost_http
from everyday.photos.archive import sidecar_key
from everyday.photos.catalog import State
from everyday.photos.rebuild import rebuild
from everyday_local.ghost.faults import Fault as BlogFault
from everyday_local.instagram.faults import Effect, Fault, Op
from tests.faults.conftest import MakeWorld
from tests.faults.cuts import Cuts, Mode
from tests.faults.seam import Session
from tests.faults.wire import World, a_post

HERE = "tests/faults/test_bad_input.py"
SSRF = "tests/faults/test_ssrf.py"
UNIT = "tests/unit"

INDEX = {
    "truncated or wrong-type image": [
        f"{HERE}::test_a_bad_file_stays_with_its_post_until_it_is_good",
        f"{UNIT}/photos/test_sniff.py::test_a_file_that_is_cut_short_never_passes",
        f"{UNIT}/photos/test_sniff.py::test_what_is_no_picture_and_no_video_is_refused",
    ],
    "HTML with status 200 as JSON": [
        f"{HERE}::test_a_bad_listing_marks_nothing_and_loses_nothing",
        f"{UNIT}/adapters/test_instagram.py::test_a_passing_fault_is_tried_again",
    ],
    "403 for an expired address": [
        f"{HERE}::test_an_expired_address_is_asked_for_again_within_the_run",
        f"{UNIT}/photos/test_backup.py::test_an_address_that_ran_out_is_asked_for_once_a_medium",
    ],
    "redirect to a private address": [
        f"{HERE}::test_a_bad_file_stays_with_its_post_until_it_is_good",
        f"{SSRF}::test_a_redirect_to_a_hostile_address_reaches_nobody",
    ],
    "5 GB declared": [
        f"{HERE}::test_a_bad_file_stays_with_its_post_until_it_is_good",
        f"{SSRF}::test_never_more_than_the_cap_and_one_chunk_is_read",
    ],
    "a page that repeats or loops": [
        f"{HERE}::test_a_bad_listing_marks_nothing_and_loses_nothing",
        f"{UNIT}/photos/test_backup.py::test_a_listing_that_goes_in_circles_ends_and_marks_nothing",
    ],
    "a listing cut short": [
        f"{HERE}::test_a_bad_listing_marks_nothing_and_loses_nothing",
        f"{UNIT}/photos/test_backup.py::test_a_listing_cut_short_marks_nothing_and_goes_on_from_its_place",
    ],
    "captions: #tag#tag, only hashtags, none, 255+ emoji, NUL, U+202E": [
        f"{HERE}::test_an_odd_caption_becomes_one_whole_post",
        f"{UNIT}/photos/test_captions.py::test_hashtags_are_tags_of_any_script_each_once",
        "tests/faults/test_markup.py::test_a_hostile_caption_stays_text",
    ],
    "a ZIP with ../ names or a bomb": [
        f"{UNIT}/adapters/test_export_source.py::test_an_entry_whose_name_leads_out_is_left_out",
        f"{UNIT}/adapters/test_export_source.py::test_a_bomb_is_never_unpacked",
        f"{UNIT}/adapters/test_export_source.py::test_overlapping_entries_are_refused",
    ],
    "an unreadable post among good ones": [
        f"{HERE}::test_an_unreadable_post_is_named_and_stops_no_other",
        f"{UNIT}/photos/test_graph.py::test_one_unreadable_medium_does_not_stop_its_page",
    ],
    "Ghost: 409, 422, 500, slow, reset after it stored": [
        f"{HERE}::test_a_bad_answer_of_the_blog_makes_no_second_post",
        f"{HERE}::test_what_the_blog_refuses_is_parked_and_stops_no_other",
        f"{UNIT}/adapters/test_ghost.py::test_a_post_whose_reply_was_lost_is_found",
    ],
    "two overlapping runs": [
        f"{HERE}::test_two_runs_at_once_make_one_of_everything",
        "tests/faults/test_fault_schedules.py::test_any_schedule_of_faults_ends_well",
    ],
    "a lost catalog": [f"{HERE}::test_a_lost_catalog_costs_no_second_post_and_no_second_upload"],
    "a clock that is one hour off": [
        f"{HERE}::test_a_clock_that_is_an_hour_off_changes_nothing",
        f"{UNIT}/photos/test_posting.py::test_a_clock_that_is_an_hour_off_is_harmless",
    ],
}

BAD = a_post(1, "hills", caption="The bad one")
GOOD = a_post(2, "field", caption="The good one")
ALBUM = a_post(3, "sea", "film:sea", caption="The album")


@pytest.mark.parametrize("what", INDEX)
def test_each_kind_of_bad_input_has_its_tests(what: str) -> None:
    for named in INDEX[what]:
        path, _, name = named.partition("::")
        text = (Path(__file__).parents[2] / path).read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(", text, re.MULTILINE), f"{named} is not there"


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blog that is slow is left after a fraction of a second."""
    monkeypatch.setattr(ghost_http, "_READ_TIMEOUT", (2.0, 0.3))
    monkeypatch.setattr(ghost_http, "_WRITE_TIMEOUT", (2.0, 0.3))


def settle(world: World) -> None:
    """At most two clean runs, and all is well."""
    for _ in range(2):
        world.clock.later(hours=8)
        assert world.run() == []
        if not (wrong := world.wrong_at_last()):
            return
    assert wrong == []


BAD_FILES = {
    "truncated": {"do": Effect.TRUNCATED},
    "reset": {"do": Effect.RESET},
    "a PDF called a picture": {"do": Effect.WRONG_TYPE},
    "HTML with status 200": {"do": Effect.HTML},
    "5 GB declared": {"do": Effect.HUGE},
    "redirect to the metadata service": {"do": Effect.REDIRECT, "url": "http://169.254.169.254/latest/"},
    "redirect to loopback": {"do": Effect.REDIRECT, "url": "http://127.0.0.1:1/1.jpg"},
    "redirect to a file": {"do": Effect.REDIRECT, "url": "file:///etc/passwd"},
    "never a valid address": {"do": Effect.EXPIRED},
    "500": {"do": Effect.STATUS},
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_stays_with_its_post_until_it_is_good(name: str, make_world: MakeWorld) -> None:
    world = make_world(BAD, GOOD)
    world.standin.faults.plant(Fault(on=Op.FILE, target=BAD.id, times=None, **BAD_FILES[name]))
    world.run()
    found = world.found()
    assert (found.entries[BAD.id].state, found.entries[GOOD.id].state) == (State.LISTED, State.POSTED)
    assert found.entries[BAD.id].reason
    assert [key for key in found.objects if BAD.id in key] == [sidecar_key(BAD.id)], "only the description"
    assert found.unfinished == []
    world.standin.faults.clear()
    settle(world)


def test_an_expired_address_is_asked_for_again_within_the_run(make_world: MakeWorld) -> None:
    world = make_world(ALBUM)
    world.standin.faults.plant(Fault(on=Op.FILE, do=Effect.EXPIRED, nth=2))
    cuts = Cuts()
    assert world.run(cuts) == []
    assert [call.kind for call in cuts.calls].count("fresh") == 1
    assert world.wrong_at_last() == []


@pytest.mark.parametrize(
    "effect",
    [Effect.CUT, Effect.EMPTY, Effect.REPEAT, Effect.LOOP, Effect.HTML, Effect.NOT_JSON, Effect.RESET],
)
@pytest.mark.parametrize("nth", [1, 2])
def test_a_bad_listing_marks_nothing_and_loses_nothing(
    effect: Effect, nth: int, make_world: MakeWorld
) -> None:
    world = make_world(BAD, GOOD, ALBUM)
    world.backup_settings = replace(world.backup_settings, page_size=1)
    assert world.run() == []
    world.clock.later(days=8)
    world.standin.faults.plant(Fault(on=Op.LIST, do=effect, nth=nth, times=None))
    world.run()
    assert world.wrong_now() == []
    assert not any(entry.gone_at for entry in world.found().entries.values())
    world.standin.faults.clear()
    settle(world)


CAPTIONS: dict[str, tuple[str | None, Callable[[dict[str, Any]], bool]]] = {
    "#tag#tag": ("#sea#sky", lambda post: {"sea", "sky"} <= _tags(post)),
    "only hashtags": ("#sea #sky\n#sun", lambda post: {"sea", "sky", "sun"} <= _tags(post)),
    "none": (None, lambda post: bool(post["title"].strip())),
    "only spaces": (" \n\t ", lambda post: bool(post["title"].strip())),
    "255+ emoji": ("👩‍👩‍👧‍👦" * 300, lambda post: post["title"].startswith("👩‍👩‍👧‍👦")),
    "NUL": ("before\0after", lambda post: "\0" not in post["title"] + post["html"]),
    "U+202E": ("abc\u202edef", lambda post: "\u202e" not in post["title"]),
    "2,200 characters in one word": ("x" * 2200, lambda post: "x" * 50 in post["html"]),
    "markup": ("<script>alert(1)</script>", lambda post: "<script>alert" not in post["html"]),
}


@pytest.mark.parametrize("name", CAPTIONS)
def test_an_odd_caption_becomes_one_whole_post(name: str, make_world: MakeWorld) -> None:
    caption, expected = CAPTIONS[name]
    world = make_world(replace(BAD, caption=caption), GOOD)
    world.words[BAD.id] = ""
    assert world.run() == []
    assert world.wrong_at_last() == []
    (post,) = (it for it in world.blog.store.posts.values() if BAD.id in it["slug"])
    assert expected(post)
    assert 1 <= len(post["title"]) <= 255
    assert "Cc" not in {unicodedata.category(character) for character in post["title"]}


def _tags(post: dict[str, Any]) -> set[str]:
    return {tag["name"] for tag in post["tags"]}


def test_an_unreadable_post_is_named_and_stops_no_other(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(BAD, GOOD)
    told = world.standin.describer.medium

    def without_time(post: Any, fields: Any) -> dict[str, Any]:
        answer = told(post, fields)
        return {**answer, "timestamp": "yesterday"} if post.id == BAD.id else answer

    with monkeypatch.context() as patch:
        patch.setattr(world.standin.describer, "medium", without_time)
        session: Any = Session(world.services)
        report = wiring.backup(world.backup_settings, session).run()
        assert [it.id for it in report.failed] == [BAD.id]
        assert world.entry(GOOD.id).state is State.STORED
    settle(world)


BLOG_OPS = ["posts.browse", "posts.add", "images.upload", "media.upload"]
TROUBLES = [
    BlogFault.COLLISION,
    BlogFault.ERROR,
    BlogFault.ERROR_AFTER,
    BlogFault.BAD_GATEWAY,
    BlogFault.THROTTLED,
    BlogFault.RESET,
    BlogFault.RESET_AFTER,
    BlogFault.SILENT_AFTER,
]


@pytest.mark.parametrize("fault", TROUBLES)
def test_a_bad_answer_of_the_blog_makes_no_second_post(
    fault: BlogFault, make_world: MakeWorld, naps: None
) -> None:
    for op in BLOG_OPS:
        world = make_world(ALBUM)
        world.blog_faults.plan(op, fault, seconds=0.5)
        world.run()
        settle(world)


def test_a_slow_blog_is_left_and_makes_no_second_post(make_world: MakeWorld, naps: None) -> None:
    world = make_world(GOOD)
    world.blog_faults.plan("posts.add", BlogFault.SLOW, seconds=0.5)
    world.run()
    settle(world)


@pytest.mark.parametrize("op", ["posts.add", "images.upload"])
def test_what_the_blog_refuses_is_parked_and_stops_no_other(op: str, make_world: MakeWorld) -> None:
    world = make_world(BAD, GOOD)
    world.blog_faults.plan(op, BlogFault.INVALID)
    assert world.run() == []
    found = world.found()
    assert (found.entries[BAD.id].state, found.entries[GOOD.id].state) == (State.PARKED, State.POSTED)
    assert "422" in str(found.entries[BAD.id].reason)
    session: Any = Session(world.services)
    wiring.posting(world.post_settings, session).post(BAD.id, force=True)
    assert world.wrong_at_last() == []


def test_two_runs_at_once_make_one_of_everything(make_world: MakeWorld) -> None:
    world = make_world(BAD, GOOD, ALBUM)
    threads = [Thread(target=world.run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settle(world)


@pytest.mark.parametrize("rebuilt", [True, False], ids=["rebuilt", "only backed up again"])
@pytest.mark.parametrize("remembered", [True, False], ids=["post.json", "no post.json"])
def test_a_lost_catalog_costs_no_second_post_and_no_second_upload(
    rebuilt: bool, remembered: bool, make_world: MakeWorld
) -> None:
    world = make_world(GOOD, ALBUM)
    assert world.run() == []
    before = (world.found().posts, world.found().files)
    world.lose_the_catalog()
    if not remembered:
        _forget_posts(world)
    session: Any = Session(world.services)
    settings = world.backup_settings
    if rebuilt:
        rebuild(wiring.archive(settings, session), wiring.catalog(settings, session))
    settle(world)
    assert (world.found().posts, world.found().files) == before


def _forget_posts(world: World) -> None:
    """As when a run died between the blog's answer and `post.json`."""
    s3 = world.services.client("s3")
    for found in s3.list_object_versions(Bucket=world.name)["Versions"]:
        if found["Key"].endswith("/post.json"):
            s3.delete_object(Bucket=world.name, Key=found["Key"], VersionId=found["VersionId"])


@pytest.mark.parametrize("hours", [-1, 1])
@pytest.mark.parametrize("kind", ["blog POST posts", "blog PUT posts/…", "blog POST images/…"])
def test_a_clock_that_is_an_hour_off_changes_nothing(
    kind: str, hours: int, make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(GOOD)
    if "PUT" in kind:
        assert world.run() == []
        world.edit(GOOD.id, "An edited caption")
    recorded = Cuts()
    with monkeypatch.context() as patch:
        patch.setattr(wiring, "now", lambda: world.clock.now() + timedelta(hours=hours))
        world.run(_AtKind(recorded, kind))
    assert recorded.struck
    settle(world)


class _AtKind(Cuts):
    """Kills the first call of a kind, after its effect."""

    def __init__(self, record: Cuts, kind: str) -> None:
        super().__init__()
        self._record, self._kind = record, kind

    def call(self, call: Any, effect: Any, **errors: Any) -> Any:
        if f"{call.service} {call.kind}" == self._kind and not self._record.struck:
            self.plan[len(self.calls) + 1] = Mode.DIE
            self._record.struck.append(call)
        return super().call(call, effect, **errors)
