"""The worker's image: made from scratch, run by Podman."""

from contextlib import AbstractContextManager
from uuid import uuid4

import pytest

from tests.examples.conftest import IMAGE, REFUSED, Queue
from tests.examples.podman import Podman
from tests.examples.program import Program, started
from tests.examples.test_worker import MOST_BYTES

pytestmark = [pytest.mark.xdist_group("worker"), pytest.mark.timeout(180)]

MEMORY_WAS_SHORT = 137
"""128 and SIGKILL, as ECS reports it."""


def contained(
    podman: Podman, queue: Queue, *options: str, **settings: object
) -> AbstractContextManager[Program]:
    """A worker in a container with these options of `podman run`."""
    told = [f"--env={name}={value}" for name, value in queue.environment(**settings).items()]
    command = podman.command("run", "--rm", "--network=host", *options, *told, IMAGE)
    return started(command, podman.environment, folder=podman.folder)


def test_the_image_is_one_layer_and_small(podman: Podman) -> None:
    assert int(podman.answer("image", "inspect", "--format={{.Size}}", IMAGE)) < MOST_BYTES
    assert podman.answer("image", "inspect", "--format={{len .RootFS.Layers}}", IMAGE) == "1"


def test_it_empties_a_queue_from_a_container(podman: Podman, queue: Queue) -> None:
    sent = [queue.send(milliseconds=10, memory_mib=8) for _ in range(5)]
    with contained(podman, queue, "--memory=64m", "--read-only", IDLE_SECONDS=1) as worker:
        assert worker.end() == 0
    assert sorted(worker.done) == sorted(sent)
    assert queue.left == (0, 0)


def test_a_stopped_container_finishes_the_message_in_hand(podman: Podman, queue: Queue) -> None:
    in_hand = queue.send(milliseconds=2000)
    name = f"worker-{uuid4().hex}"
    with contained(podman, queue, f"--name={name}") as worker:
        worker.until("received")
        podman.answer("stop", "--time=30", name)
        assert worker.end() == 0
    assert worker.done == [in_hand]
    assert queue.left == (0, 0)


def test_a_container_without_the_memory_is_killed_and_its_message_stays(podman: Podman, queue: Queue) -> None:
    if not memory_is_held(podman):
        pytest.skip("containers are not held to their memory here")
    queue.send(memory_mib=200)
    with contained(podman, queue, "--memory=64m", "--memory-swap=64m") as worker:
        assert worker.end() == MEMORY_WAS_SHORT
    assert worker.done == []
    assert queue.left == (0, 1)


def memory_is_held(podman: Podman) -> bool:
    """Whether the machine lets Podman set the limit: without the memory controller it warns and goes on."""
    ran = podman.run("run", "--rm", "--network=host", "--memory=64m", "--memory-swap=64m", IMAGE)
    return ran.returncode == REFUSED and "memory" not in ran.stderr.lower()
