"""Crash sweep at the ports: every call of every function in a story, cut in four ways, then all goes well.

A function that is cut ends or goes on without that service, and its messages come back. What is left is held
against the one judge: one task an attempt, one live task a job, no instance overfull, no job lost, nothing
refused by ECS, no room forgotten, and each job came to what it should.
"""

from collections.abc import Iterable

import pytest

from tests.faults.cuts import Call, Mode
from tests.faults.jobs.scenes import SCENES
from tests.faults.jobs.world import Functions, World

# How many calls each story makes. A story that makes others fails `test_nothing_is_called_that_is_not_swept`
# until somebody has looked at them.
CALLS = {
    "one job": 50,
    "identical jobs": 131,
    "a retry": 85,
    "a running job is cancelled": 90,
    "a waiting job is cancelled": 56,
    "out of time": 74,
    "a group": 88,
    "an array": 93,
    "a dependency": 115,
    "an instance is lost": 69,
    "a lost state": 129,
    "an answer is lost": 84,
    "a token is too old": 75,
    "ecs refuses": 71,
    "never": 63,
}
KINDS = {
    "ecs describe_instances",
    "ecs describe_tasks",
    "ecs instances",
    "ecs run",
    "ecs started_by",
    "ecs stop",
    "ecs task_definition",
    "ecs tasks",
    "ledger add",
    "ledger add_all",
    "ledger add_call",
    "ledger board",
    "ledger call",
    "ledger get_many",
    "ledger listed",
    "ledger overrides",
    "ledger put",
    "ledger put_board",
    "letters put",
    "rebuilds rebuild",
    "state accept",
    "state begin_pass",
    "state begin_rebuild",
    "state put_instance",
    "state put_task",
    "state release",
    "state replace",
    "state reserve",
    "state suspect",
    "state take",
    "state view",
    "state wake_id",
    "wakes wake",
}


def played(scene: str, plan: dict[int, Mode]) -> tuple[World, Functions]:
    world, steps = SCENES[scene]()
    cuts = Functions(plan)
    for step in steps:
        step(cuts)
    return world, cuts


def _kinds(calls: Iterable[Call]) -> set[str]:
    return {f"{call.service} {call.kind}" for call in calls}


@pytest.mark.parametrize("scene", SCENES)
def test_a_story_ends_as_it_should_and_in_order(scene: str) -> None:
    world, cuts = played(scene, {})
    assert world.restless() == []
    assert world.wrong(order=world.alike) == []
    assert len(cuts.calls) == CALLS[scene], "other calls than before: look at them, then change the number"


def test_nothing_is_called_that_is_not_swept() -> None:
    assert {kind for scene in SCENES for kind in _kinds(played(scene, {})[1].calls)} == KINDS


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("scene", SCENES)
def test_a_story_cut_at_any_call_ends_as_it_should(scene: str, mode: Mode) -> None:
    wrong = []
    for number in range(1, CALLS[scene] + 1):
        world, cuts = played(scene, {number: mode})
        world.settle()
        wrong += [f"{number} {cuts.struck} {mode}: {it}" for it in world.wrong()]
    assert wrong == []
