"""job_ingest: each message of a batch becomes a job, becomes a dead letter, or comes back alone."""

from typing import Any

import boto3
import pytest

from everyday import jobs_wiring
from everyday.errors import EcsUnavailable
from everyday.jobs.model import State
from everyday.settings import ClusterSettings, IngestSettings
from functions.job_ingest import handler
from tests.functions.handling import AContext, an_event
from tests.functions.test_wiring import session
from tests.unit.jobs.inbox_world import InboxWorld

__all__ = ["session"]

FIRST, POISON, THIRD = (f"{number:08d}-0000-4000-8000-000000000000" for number in (1, 2, 3))


@pytest.fixture
def world() -> InboxWorld:
    world = InboxWorld()
    world.definitions.known["everyday-worker:7"] = world.definitions.known.popitem()[1]
    return world


def _handle(world: InboxWorld, seconds: float = 300) -> list[str]:
    event: Any = an_event("jobs_batch")
    answer = handler.handle(event, AContext(seconds), inbox=world.inbox())
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def test_good_messages_become_jobs_and_the_poisonous_one_a_dead_letter(world: InboxWorld) -> None:
    assert _handle(world) == []
    assert {job.id: job.state for job in world.ledger.jobs.values()} == {
        "resize-2026-05-01": State.WAITING,
        POISON: State.REJECTED,
        THIRD: State.WAITING,
    }
    (letter,) = world.dead_letters.letters
    assert "$.memory" in letter.reason
    assert world.job("resize-2026-05-01").enqueued_at == 1_777_636_800_123


def test_what_cannot_be_looked_up_comes_back(world: InboxWorld) -> None:
    world.definitions.known["everyday-worker:7"] = EcsUnavailable("no answer")
    assert _handle(world) == [FIRST, THIRD]


def test_what_cannot_be_finished_in_time_comes_back(world: InboxWorld) -> None:
    assert _handle(world, seconds=5) == [POISON, FIRST, THIRD]
    assert world.ledger.jobs == {}


INGEST = IngestSettings(
    jobs_table="jobs",
    wake_queue_url="https://sqs.us-east-1.amazonaws.com/1/wakes.fifo",
    dead_letters_url="https://sqs.us-east-1.amazonaws.com/1/dead",
    clusters=("main",),
    families=("everyday-*",),
)
CLUSTER = ClusterSettings(
    jobs_table="jobs",
    wake_queue_url="https://sqs.us-east-1.amazonaws.com/1/wakes.fifo",
    events_queue_url="https://sqs.us-east-1.amazonaws.com/1/events",
    clusters=("main",),
    state_url="redis://127.0.0.1:1",
)


def test_an_inbox_and_a_desk_are_built_from_settings_and_connect_to_nothing(session: boto3.Session) -> None:
    assert jobs_wiring.ingest(INGEST, session)
    assert jobs_wiring.desk(INGEST, session)
    assert jobs_wiring.desk(CLUSTER, session)
