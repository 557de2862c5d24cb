"""The worker example, built once, and queues for it on a local AWS."""

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from everyday_local.ministack import CREDENTIALS, REGION
from tests.contract.conftest import ministack
from tests.examples.podman import Podman, kinds
from tests.examples.program import Program, started

__all__ = ["ministack"]

WORKER = Path(__file__).parents[2] / "examples" / "worker"
IMAGE = "everyday-worker"
REFUSED = 2
"""How the worker ends without settings: the sign that it ran at all."""

StartWorker = Callable[..., AbstractContextManager[Program]]


class Queue:
    """A queue of messages for the worker."""

    def __init__(self, address: str) -> None:
        self._sqs: Any = boto3.client("sqs", REGION, endpoint_url=address, **_named(CREDENTIALS))
        self.url: str = self._sqs.create_queue(QueueName=f"work-{uuid4().hex}")["QueueUrl"]

    def send(self, **load: int) -> str:
        """The message's id."""
        sent = self._sqs.send_message(QueueUrl=self.url, MessageBody=json.dumps(load))
        return str(sent["MessageId"])

    @property
    def left(self) -> tuple[int, int]:
        """How many messages can be received, and how many are in somebody's hands."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        told = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=list(names))["Attributes"]
        return int(told[names[0]]), int(told[names[1]])

    def environment(self, **settings: object) -> dict[str, str]:
        """What a worker of this queue is told."""
        named = {name: str(value) for name, value in settings.items()}
        return {"QUEUE_URL": self.url, "AWS_REGION": REGION, **CREDENTIALS, **named}


def _named(credentials: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in credentials.items()}


@pytest.fixture
def queue(ministack: str) -> Queue:
    return Queue(ministack)


@pytest.fixture(scope="session")
def go() -> Callable[..., str]:
    """Runs Go in the worker's folder and gives what it printed."""
    if shutil.which("go") is None:
        pytest.skip("Go is not installed: tools/find-containers")

    def run(*command: str | Path) -> str:
        environment = {**os.environ, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
        ran = subprocess.run(command, cwd=WORKER, env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    return run


@pytest.fixture(scope="session")
def built(go: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the binary."""
    folder = tmp_path_factory.mktemp("worker")
    go("./build", folder)
    return folder


@pytest.fixture
def start(built: Path) -> StartWorker:
    """Starts a worker with nothing but these variables in its environment."""
    return lambda environment: started([str(built / "worker")], environment)


@pytest.fixture(scope="session")
def podman(built: Path) -> Iterator[Podman]:
    """One that runs containers here, with the worker's image."""
    if shutil.which("podman") is None:
        pytest.skip("Podman is not installed: tools/find-containers")
    # Podman takes no long paths, such as pytest's are.
    folder = Path(tempfile.mkdtemp(prefix="podman-"))
    try:
        found = _working(folder, built / "worker")
        found.answer("build", "--quiet", f"--tag={IMAGE}", "--file", WORKER / "Dockerfile", built)
        yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _working(folder: Path, binary: Path) -> Podman:
    """Tried with an image of the binary alone, so that a wrong Dockerfile is not taken for a wrong Podman."""
    with tarfile.open(folder / "probe.tar", "w") as archive:
        archive.add(binary, "worker")
    for kind in kinds(folder):
        kind.run("import", folder / "probe.tar", "probe")
        ran = kind.run("run", "--rm", "--network=host", "probe", "/worker")
        if ran.returncode == REFUSED:
            return kind
    pytest.skip(f"Podman runs no container here: {ran.stderr}")
