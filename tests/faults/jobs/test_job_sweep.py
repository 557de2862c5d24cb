"""Crash sweep at the ports: every call of every function in a story, cut in four ways, then all goes well.

A function that is cut ends or goes on without that service, and its messages come back. What is left is held
against the one judge: one task an attempt, one live task a job, no instance overfull, no job lost, nothing
refused by ECS, no room forgotten, and each job came to what it should.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import pytest
from msgspec.structs import replace

from everyday.jobs import sweeping
from everyday.jobs.ingest import Inbox
from everyday.jobs.messages import parse_jobs
from everyday.jobs.model import Job
from everyday.jobs.sweeping import Sweeper
from functions.job_ingest import handler as job_ingest
from tests.faults.cuts import Call, Died, Mode
from tests.faults.jobs.notes import NotedLedger
from tests.faults.jobs.scenes import SCENES
from tests.faults.jobs.test_job_storm import SCHEDULES, schedule
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
    "an array": 94,
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
    wrong = [it for number in range(1, CALLS[scene] + 1) for it in _wrong_after(scene, number, mode)]
    assert wrong == []


def _wrong_after(scene: str, number: int, mode: Mode) -> list[str]:
    """What is wrong in the end when this call of the story is cut."""
    world, cuts = played(scene, {number: mode})
    world.settle()
    return [f"{number} {cuts.struck} {mode}: {it}" for it in world.wrong()]


# Planted bugs: the judge must see each of them.


def _a_new_token_for_the_same_call(patch: pytest.MonkeyPatch) -> None:
    real = sweeping.launch_of
    patch.setattr(sweeping, "launch_of", lambda *args: real(*args)._replace(token="t" * 32))


def _no_look_before_a_new_attempt(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Sweeper, "_look_up", lambda self, due: self._put_back(due, "too old"))


def _the_last_writer_wins(patch: pytest.MonkeyPatch) -> None:
    def put(self: NotedLedger, job: Job) -> Job:
        return self._store(replace(job, version=self.jobs[job.id].version + 1))

    patch.setattr(NotedLedger, "put", put)


def _a_group_is_not_looked_after(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Sweeper, "_torn", lambda self, due: False)


def _acknowledged_before_it_is_stored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(job_ingest, "handle", lambda event, context, inbox: _forgiving(event, inbox))


def _forgiving(event: Any, inbox: Inbox) -> dict[str, Any]:
    with suppress(Died):
        inbox.take(parse_jobs(event), lambda: 99.0)
    return {"batchItemFailures": []}


PLANTED: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "a new token for the same call": (_a_new_token_for_the_same_call, "an answer is lost"),
    "no look before a new attempt": (_no_look_before_a_new_attempt, "a token is too old"),
    "a group is not looked after": (_a_group_is_not_looked_after, "a group"),
    "acknowledged before it is stored": (_acknowledged_before_it_is_stored, "one job"),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_the_sweep_catches_a_planted_bug(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, scene = PLANTED[bug]
    plant(monkeypatch)
    assert any(_wrong_after(scene, number, mode) for number in range(1, CALLS[scene] + 1) for mode in Mode)


def test_the_schedules_catch_a_planted_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    _the_last_writer_wins(monkeypatch)
    assert any(schedule(seed) for seed in range(SCHEDULES))
