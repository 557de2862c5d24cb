"""Crash sweep at the wire: every call of a whole run, cut in four ways, then at most two clean runs.

A whole run is a backup, a sweep of posts and a refresh of the token, wired as in the functions, over real
connections to the stand-ins and ministack. What is left is held against the account by the one judge: nothing
lost, no second post, no second upload, nothing half done, all records of one mind.

`test_fault_schedules` does the same at the ports, over a larger account and with many faults at once.
"""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from everyday_local.instagram.faults import Effect, Fault, Op
from tests.faults.conftest import MakeWorld
from tests.faults.cuts import Call, Cuts, Mode
from tests.faults.wire import World, a_post

CAROUSEL = a_post(1, "hills", "film:sea", caption="Two by the sea\n#sea")
PHOTO = a_post(2, "field", caption="Lavender")


def _new(make: MakeWorld) -> World:
    """Nothing is there yet; the post is a picture and a film that goes up in parts."""
    return make(CAROUSEL)


def _edited(make: MakeWorld) -> World:
    """All is posted; then the owner edits the caption."""
    world = make(PHOTO)
    assert world.run() == []
    world.clock.later(days=8)
    world.edit(PHOTO.id, "Lavender, with bees")
    return world


def _killed(at: str) -> Callable[[MakeWorld], World]:
    """An earlier run was killed at the last call of this kind."""

    def scene(make: MakeWorld) -> World:
        world = make(CAROUSEL)
        first = Cuts()
        world.run(first)
        world = make(CAROUSEL)
        world.run(Cuts({_numbers(first.calls, {at})[-1]: Mode.DIE}))
        world.clock.later(hours=8)
        return world

    return scene


def _expired(make: MakeWorld) -> World:
    """The first address of a file has run out."""
    world = make(CAROUSEL)
    world.standin.faults.plant(Fault(on=Op.FILE, do=Effect.EXPIRED))
    return world


def _waiting(make: MakeWorld) -> World:
    """The host had no file when it was first asked; the medium waits for its next try."""
    world = make(PHOTO)
    world.standin.faults.plant(Fault(on=Op.FILE, do=Effect.STATUS, status=404, times=None))
    world.run()
    world.standin.faults.clear()
    world.clock.later(hours=8)
    return world


SCENES = {"a new carousel": _new, "an edited caption": _edited}
REPAIRS = {
    "after a killed upload to S3": _killed("s3 UploadPart"),
    "after a killed upload": _killed("blog POST media/…"),
    "an expired address": _expired,
    "a medium that waits": _waiting,
}
# What each whole run asks of whom. A new kind of call fails `test_every_kind_of_call_is_swept` until its
# scene is here and its numbers have been looked at.
CALLS = {"a new carousel": 49, "an edited caption": 26}
KINDS = {
    "awsevents PutEvents",
    "blog GET posts",
    "blog GET posts/…",
    "blog POST images/…",
    "blog POST media/…",
    "blog POST posts",
    "blog PUT posts/…",
    "dynamodb BatchGetItem",
    "dynamodb GetItem #run",
    "dynamodb PutItem #run",
    "dynamodb PutItem entry",
    "dynamodb Query timeline",
    "dynamodb Query todo",
    "instagram count",
    "instagram list",
    "instagram refresh",
    "media host file",
    "s3 CompleteMultipartUpload",
    "s3 CreateMultipartUpload",
    "s3 GET file",
    "s3 GET media.json",
    "s3 GET post.json",
    "s3 HEAD file",
    "s3 ListMultipartUploads",
    "s3 PUT file",
    "s3 PUT media.json",
    "s3 PUT post.json",
    "s3 UploadPart",
    "secretsmanager GetSecretValue",
    "secretsmanager PutSecretValue",
}
# Calls that only a run after trouble makes.
RECOVERY = {
    "blog probe",
    "instagram fresh",
    "s3 AbortMultipartUpload",
    "s3 HEAD media.json",
    "s3 ListObjectsV2",
}
# Calls that only a lost reply leads to: by the call whose reply it is.
READ_BACK = {
    "dynamodb PutItem #run": "dynamodb GetItem #run",
    "dynamodb PutItem entry": "dynamodb GetItem entry",
    "s3 CreateMultipartUpload": "s3 AbortMultipartUpload",
    "s3 PUT file": "s3 HEAD file",
    "s3 PUT media.json": "s3 HEAD media.json",
    "s3 PUT post.json": "s3 HEAD post.json",
}


def _kinds(calls: Iterable[Call]) -> set[str]:
    return {f"{call.service} {call.kind}" for call in calls}


def _numbers(calls: Iterable[Call], kinds: set[str]) -> list[int]:
    return [number for number, call in enumerate(calls, start=1) if _kinds([call]) <= kinds]


def _recorded(scene: Callable[[MakeWorld], World], make: MakeWorld) -> list[Call]:
    world, cuts = scene(make), Cuts()
    assert world.run(cuts) == []
    assert world.wrong_at_last() == []
    return cuts.calls


def _swept(
    scene: Callable[[MakeWorld], World], plan: dict[int, Mode], make: MakeWorld
) -> tuple[list[str], set[str]]:
    """What is wrong after the cuts and at most two clean runs, and every kind of call that was made."""
    world, cuts = scene(make), Cuts(plan)
    world.run(cuts)
    assert len(cuts.struck) == len(plan), f"not all of {plan} was met"
    wrong = world.wrong_now() if Mode.DIE in plan.values() else []
    kinds = _kinds(cuts.calls)
    last: list[str] = []
    for _ in range(2):
        world.clock.later(hours=8)
        clean = Cuts()
        raised: list[Any] = world.run(clean)
        kinds |= _kinds(clean.calls)
        last = [*map(repr, raised), *world.wrong_at_last()]
        if not last:
            break
    struck = ", ".join(f"{call} {mode}" for call, mode in zip(cuts.struck, plan.values(), strict=True))
    return [f"{struck}: {it}" for it in [*wrong, *last]], kinds


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("scene", SCENES)
def test_a_run_cut_at_any_call_is_brought_to_its_end(scene: str, mode: Mode, make_world: MakeWorld) -> None:
    calls = _recorded(SCENES[scene], make_world)
    wrong: list[str] = []
    for number in range(1, len(calls) + 1):
        found, kinds = _swept(SCENES[scene], {number: mode}, make_world)
        wrong += found
        wrong += [f"{kind}: is swept by no test" for kind in kinds - KINDS - RECOVERY - {*READ_BACK.values()}]
    assert wrong == []


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("scene", REPAIRS)
def test_a_run_that_repairs_another_can_be_cut_too(scene: str, mode: Mode, make_world: MakeWorld) -> None:
    start = REPAIRS[scene]
    numbers = _numbers(_recorded(start, make_world), RECOVERY)
    assert numbers, "the scene calls for no repair"
    assert [it for number in numbers for it in _swept(start, {number: mode}, make_world)[0]] == []


@pytest.mark.parametrize("mode", Mode)
def test_a_read_back_after_a_lost_reply_can_be_cut_too(mode: Mode, make_world: MakeWorld) -> None:
    calls = _recorded(_new, make_world)
    wrong: list[str] = []
    for written, read in READ_BACK.items():
        lost = _numbers(calls, {written})[0]
        cuts = Cuts({lost: Mode.AFTER})
        _new(make_world).run(cuts)
        back = next(number for number in _numbers(cuts.calls, {read}) if number > lost)
        wrong += _swept(_new, {lost: Mode.AFTER, back: mode}, make_world)[0]
    assert wrong == []


def test_every_kind_of_call_is_swept(make_world: MakeWorld) -> None:
    """Fails when a run makes a call that it did not make before, of a kind or in number."""
    recorded = {name: _recorded(scene, make_world) for name, scene in SCENES.items()}
    assert {name: len(calls) for name, calls in recorded.items()} == CALLS
    assert _kinds(call for calls in recorded.values() for call in calls) == KINDS
    repairs = [_recorded(scene, make_world) for scene in REPAIRS.values()]
    assert _kinds(call for calls in repairs for call in calls) - KINDS == RECOVERY
