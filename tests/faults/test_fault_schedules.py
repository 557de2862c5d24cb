"""Faults at the ports, over stores in memory: each call of a whole run alone, then any number at once.

The judge is that of `test_crash_sweep`; it is held to its task here by bugs that are planted on purpose.
"""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace as changed
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from msgspec.structs import replace

from everyday.errors import CatalogConflict
from everyday.photos import crew, post_rules, posting, run, storing
from everyday.photos.archive import merged
from everyday.photos.ports import Archive, Body, Stored
from everyday.photos.publishing import Publication
from everyday.photos.second_look import SecondLook
from everyday.photos.storing import Storing
from tests.faults.cuts import Cuts, Mode
from tests.faults.ports import World
from tests.faults.sweep import calls_of, cut_everywhere, settled
from tests.faults.wire import Inline

SCHEDULES = 1_200
GROUPS = 12


@pytest.fixture(autouse=True)
def in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run's own threads work in order, so that a seed always gives the same schedule."""
    monkeypatch.setattr(crew, "ThreadPoolExecutor", Inline)


def a_whole_account() -> World:
    world = World()
    world.post("picture")
    world.post("picture", "film")
    world.post("film")
    return world


def an_edited_account() -> World:
    world = World()
    world.post("picture", "picture")
    ids = [*world.account.media]
    world.run()
    world.later(days=8)
    world.edit(ids[0], "Another caption")
    return world


def a_listing_cut_short() -> World:
    world = a_whole_account()
    world.run()
    world.later(days=8)
    world.cut_listing = True
    return world


SCENES = {
    "a whole account": (a_whole_account, 86),
    "an edited caption": (an_edited_account, 24),
    "a listing cut short": (a_listing_cut_short, 11),
}


@pytest.mark.parametrize("scene", SCENES)
def test_a_run_cut_at_any_call_of_a_port_is_brought_to_its_end(scene: str) -> None:
    make, expected = SCENES[scene]
    calls = len(calls_of(make))
    assert calls == expected, "the run makes other calls than before: look at them, then change the number"
    assert cut_everywhere(make, calls) == []


@pytest.mark.parametrize("group", range(GROUPS))
def test_any_schedule_of_faults_ends_well(group: int) -> None:
    wrong = []
    for seed in range(group, SCHEDULES, GROUPS):
        wrong += [f"seed {seed}: {it}" for it in schedule(seed)]
    assert wrong == []


def schedule(seed: int) -> list[str]:
    """What is wrong after some runs with several faults, overlaps, an account that changes, and a wrong
    clock, followed by at most two clean runs."""
    chance = random.Random(seed)
    world = World(seed)
    wrong: list[str] = []
    for kinds in chance.sample([("picture",), ("picture", "film"), ("film",)], chance.randint(1, 3)):
        world.post(*kinds)
    for _ in range(chance.randint(1, 4)):
        _change(world, chance)
        world.cut_listing = chance.random() < 0.15
        # One clock may be wrong by an hour, so that no two differ by more.
        runs = [
            _a_run(world, chance, off) for off in chance.choice([(0,), (1,), (-1,), (0, 0), (0, 1), (-1, 0)])
        ]
        world.overlapping(*runs)
        wrong += world.wrong_now()
        world.later(hours=chance.choice([0, 0.01, 2, 9]))
    return [*wrong, *settled(world)]


def _a_run(world: World, chance: random.Random, hours_off: int) -> Callable[[], Any]:
    reach = chance.choice([20, 60, 110])
    plan = {chance.randint(1, reach): chance.choice([*Mode]) for _ in range(chance.randint(0, 4))}
    copies = chance.choice([0, 1, 1, 3])
    return lambda: world.run(Cuts(plan), hours_off=hours_off, copies=copies)


def _change(world: World, chance: random.Random) -> None:
    """What the owner did since the last run."""
    ids, did = sorted(world.account.media), chance.random()
    if did < 0.15:
        world.post(chance.choice(["picture", "film"]))
    elif did < 0.4:
        world.edit(chance.choice(ids), f"Edited {did}")
    elif did < 0.5 and len(ids) > 1:
        world.delete(chance.choice(ids))
    elif did < 0.6:
        world.account.expire()


# Planted bugs: the judge must see each of them.


def _no_look_before_create(patch: pytest.MonkeyPatch) -> None:
    # Alone this does no harm: Ghost numbers the second slug, and we take our post back.
    patch.setattr(Publication, "_find", lambda self: [])


def _sidecar_before_files(patch: pytest.MonkeyPatch) -> None:
    finish, download = Storing.finish, Storing._download
    late: list[tuple[Archive, str, Body]] = []

    class Later:
        def __init__(self, archive: Archive) -> None:
            self._archive = archive

        def put(self, key: str, body: Body) -> Stored:
            data = b"".join(body.chunks)
            late.append((self._archive, key, body._replace(chunks=iter([data]))))
            return Stored(sha256(data).hexdigest(), len(data))

    def download_later(self: Storing, medium_id: str, want: Any) -> Any:
        return download(changed(self, archive=Later(self.archive)), medium_id, want)

    def finish_first(self: Storing, job: Any) -> Any:
        outcome = finish(self, job)
        while late:
            archive, key, body = late.pop(0)
            archive.put(key, body)
        return outcome

    patch.setattr(Storing, "_download", download_later)
    patch.setattr(Storing, "finish", finish_first)


def _catalog_before_archive(patch: pytest.MonkeyPatch) -> None:
    describe, finish = Storing._describe, Storing.finish

    def finish_first(self: Storing, job: Any) -> Any:
        if job.find.calls_for_storing:
            job.sidecar = merged(
                job.sidecar, job.medium, files=job.files, missing=job.missing, now=self.clock()
            )
        outcome = finish(self, job)
        job.sidecar = None
        describe(self, job)
        return outcome

    patch.setattr(Storing, "_describe", lambda self, job: None)
    patch.setattr(Storing, "finish", finish_first)


def _no_intent_before_an_upload(patch: pytest.MonkeyPatch) -> None:
    note = Publication._note

    def only_what_is_done(self: Publication, file: Any, upload: Any) -> None:
        if upload.url:
            note(self, file, upload)

    patch.setattr(Publication, "_note", only_what_is_done)


def _a_lost_condition_is_taken_for_success(patch: pytest.MonkeyPatch) -> None:
    save = Publication._save

    def save_or_not(self: Publication, **changes: Any) -> None:
        with suppress(CatalogConflict):
            save(self, **changes)

    patch.setattr(Publication, "_save", save_or_not)


def _a_claim_of_others_is_no_obstacle(patch: pytest.MonkeyPatch) -> None:
    real = posting.verdict
    patch.setattr(
        posting, "verdict", lambda entry, **more: real(entry and replace(entry, claim=None), **more)
    )


def _gone_is_concluded_from_a_cut_listing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(run, "was_seen_whole", lambda *_, **__: True)
    patch.setattr(SecondLook, "_confirm", lambda self, listed, place: self._mark(listed))


def _the_archive_does_not_learn_of_the_post(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Publication, "_remember", lambda self, post: None)


def _a_dead_claim_is_never_taken_over(patch: pytest.MonkeyPatch) -> None:
    real = post_rules.claim
    patch.setattr(
        post_rules, "claim", lambda owner, now: replace(real(owner, now), until=now + timedelta(days=99))
    )


def _an_edit_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    real = storing.stored
    patch.setattr(
        storing,
        "stored",
        lambda entry, *rest, **more: (
            replace(real(entry, *rest, **more), state=entry.state)
            if entry and entry.post
            else real(entry, *rest, **more)
        ),
    )


PLANTED: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "no look before create": (_no_look_before_create, "a whole account"),
    "sidecar before files": (_sidecar_before_files, "a whole account"),
    "catalog before archive": (_catalog_before_archive, "a whole account"),
    "no intent before an upload": (_no_intent_before_an_upload, "a whole account"),
    "the archive does not learn of the post": (_the_archive_does_not_learn_of_the_post, "a whole account"),
    "a dead claim is never taken over": (_a_dead_claim_is_never_taken_over, "a whole account"),
    "an edit is forgotten": (_an_edit_is_forgotten, "an edited caption"),
    "gone is concluded from a cut listing": (_gone_is_concluded_from_a_cut_listing, "a listing cut short"),
}
NEED_OVERLAP = {
    "a lost condition is taken for success": _a_lost_condition_is_taken_for_success,
    "a claim of others is no obstacle": _a_claim_of_others_is_no_obstacle,
}


@pytest.mark.parametrize("bug", PLANTED)
def test_the_sweep_catches_a_planted_bug(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, scene = PLANTED[bug]
    make, calls = SCENES[scene]
    plant(monkeypatch)
    assert cut_everywhere(make, calls) != []


@pytest.mark.parametrize("bug", NEED_OVERLAP)
def test_the_schedules_catch_a_planted_bug(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    NEED_OVERLAP[bug](monkeypatch)
    assert any(schedule(seed) for seed in range(SCHEDULES))
