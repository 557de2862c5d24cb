"""The worker example: built by Go, run against a local SQS."""

from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest

from tests.examples.conftest import Queue, StartWorker

pytestmark = [pytest.mark.xdist_group("worker"), pytest.mark.timeout(180)]

MOST_BYTES = 5_200_000
"""The image that this one takes the place of."""


def test_its_own_tests_pass(go: Callable[..., str]) -> None:
    assert go("gofmt", "-l", ".") == ""
    go("go", "vet", ".")
    assert "ok" in go("go", "test", "-count=1", "-shuffle=on", ".")


def test_it_is_one_small_file(built: Path) -> None:
    (binary,) = built.iterdir()
    assert 0 < binary.stat().st_size < MOST_BYTES


def test_workers_side_by_side_do_every_message_once(queue: Queue, start: StartWorker) -> None:
    sent = [queue.send(milliseconds=20) for _ in range(20)]
    environment = queue.environment(IDLE_SECONDS=1)
    with start(environment) as one, start(environment) as other:
        assert (one.end(), other.end()) == (0, 0)
    assert sorted(one.done + other.done) == sorted(sent)
    assert queue.left == (0, 0)


def test_told_to_stop_it_finishes_the_message_in_hand(queue: Queue, start: StartWorker) -> None:
    in_hand = queue.send(milliseconds=1500)
    with start(queue.environment()) as worker:
        worker.until("received")
        worker.tell(SIGTERM)
        queue.send(milliseconds=0)
        assert worker.end() == 0
    assert worker.done == [in_hand]
    assert worker.events == ["started", "received", "stopping", "done", "stopped"]
    assert queue.left == (1, 0)


def test_told_to_stop_it_waits_for_no_message(queue: Queue, start: StartWorker) -> None:
    with start(queue.environment()) as worker:
        worker.until("started")
        worker.tell(SIGTERM)
        assert worker.end() == 0
    assert worker.events == ["started", "stopping", "stopped"]


def test_the_message_of_a_worker_that_died_comes_back(queue: Queue, start: StartWorker) -> None:
    message = queue.send(milliseconds=1000)
    environment = queue.environment(VISIBILITY_SECONDS=3)
    with start(environment) as worker:
        worker.until("received")
        worker.tell(SIGKILL)
        assert worker.end() == -SIGKILL
    with start(environment) as other:
        assert other.until("done")["message"] == message


def test_a_message_in_hand_stays_hidden_beyond_its_timeout(queue: Queue, start: StartWorker) -> None:
    message = queue.send(milliseconds=4500)
    with start(queue.environment(VISIBILITY_SECONDS=3)) as worker:
        worker.until("received")
        with start(queue.environment(VISIBILITY_SECONDS=3, IDLE_SECONDS=4)) as other:
            assert other.end() == 0
        assert other.events == ["started", "stopped"]
        assert worker.until("done")["message"] == message


def test_a_message_that_it_cannot_read_is_left_to_the_queue(queue: Queue, start: StartWorker) -> None:
    queue.send(minutes=1)
    with start(queue.environment(IDLE_SECONDS=0)) as worker:
        assert worker.end() == 0
    assert 'unknown field "minutes"' in worker.said[2]["reason"]
    assert queue.left == (0, 1)


def test_it_takes_the_memory_that_a_message_asks_for_and_little_more(
    queue: Queue, start: StartWorker
) -> None:
    with start(queue.environment()) as worker:
        queue.send()
        worker.until("done")
        bare = worker.peak_mebibytes
        queue.send(memory_mib=64)
        worker.until("done")
        full = worker.peak_mebibytes
    assert bare < 20
    assert 64 <= full < 64 + 20


@pytest.mark.parametrize(
    ("wrong", "name"), [({"QUEUE_URL": ""}, "QUEUE_URL"), ({"IDLE_SECONDS": "soon"}, "IDLE_SECONDS")]
)
def test_a_wrong_setting_ends_it_with_the_name(
    queue: Queue, start: StartWorker, wrong: dict[str, str], name: str
) -> None:
    with start(queue.environment(**wrong)) as worker:
        assert worker.end() == 2
    assert worker.said[0]["reason"].startswith(f"{name}: ")


def test_a_queue_that_is_not_there_ends_it_with_the_reason(queue: Queue, start: StartWorker) -> None:
    with start(queue.environment(QUEUE_URL=f"{queue.url}-not")) as worker:
        assert worker.end() == 1
    assert "does not exist" in worker.said[-1]["reason"]
