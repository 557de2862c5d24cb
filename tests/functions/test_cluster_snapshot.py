"""cluster_snapshot: each event of a batch is applied or comes back alone."""

import json
from typing import Any

from everyday.jobs.ecs_events import EventBatch
from everyday.jobs.model import State
from functions.cluster_snapshot import handler
from tests.functions.handling import AContext, an_event
from tests.jobs_world import a_world, messages


class NotedSnapshotter:
    """Remembers what it was told, and cannot apply what it is told to refuse."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.batches: list[EventBatch] = []

    def apply(self, batch: EventBatch) -> list[str]:
        self.batches.append(batch)
        return list(self.failing)


def _handle(event: Any, snapshotter: Any) -> list[str]:
    answer = handler.handle(event, AContext(120), snapshotter=snapshotter)
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def test_a_batch_of_real_events_is_understood_and_what_failed_is_named() -> None:
    snapshotter = NotedSnapshotter("one", "two")
    assert _handle(an_event("ecs_changes_batch"), snapshotter) == ["one", "two"]
    (batch,) = snapshotter.batches
    assert (len(batch.told), len(batch.unreadable)) == (3, 1)


def test_events_reach_ledger_and_state_through_the_handler() -> None:
    world = a_world()
    world.submit("job", seconds=30)
    world.pass_()
    world.aws.advance(60)
    assert _handle(messages(world.events), world.snapshotter) == []
    assert world.job("job").state is State.SUCCEEDED


def test_a_request_for_a_reading_reads_the_cluster_and_wakes() -> None:
    world = a_world()
    world.state.wipe()
    event = {"Records": [{"messageId": "1", "body": json.dumps({"reconcile": "default", "tick": "t"})}]}
    assert _handle(event, world.snapshotter) == []
    assert world.state.view("default") is not None
    assert world.wakes.asked
