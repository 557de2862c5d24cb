"""Tasks of the ECS stand-in as containers, where Podman works."""

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from everyday_local.ecs.client import Client
from everyday_local.ecs.ecs import Ecs
from everyday_local.ecs.podman import containers
from everyday_local.ecs.processes import ProcessEngine
from everyday_local.ecs.run import ticking
from everyday_local.ecs.timeline import utc_now
from tests.contract.ecs_world import container, run
from tests.examples.podman import Podman, kinds

pytestmark = [pytest.mark.xdist_group("containers"), pytest.mark.timeout(180)]

WAIT = 100.0
IMAGE = "localhost/shell"


@pytest.fixture(scope="module")
def podman() -> Iterator[Podman]:
    """Podman with a small image in which there are a shell and `sleep`."""
    if shutil.which("podman") is None:
        pytest.skip("Podman is not installed: tools/find-containers")
    # The path of its store must be short.
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="p") as name:
        folder = Path(name)
        pack(folder / "shell.tar", "sh", "sleep")
        for podman in kinds(folder):
            podman.run("import", folder / "shell.tar", IMAGE)
            tried = podman.run("run", "--rm", "--network=host", IMAGE, "/bin/sh", "-c", "exit 7")
            if tried.returncode == 7:
                yield podman
                podman.run("system", "reset", "--force")
                return
        pytest.skip(f"Podman runs no container here: {tried.stderr.strip()[-300:]}")


def pack(target: Path, *programs: str) -> None:
    """These programs of this machine with the libraries they need, as the file system of an image."""
    with tarfile.open(target, "w") as tar:
        for program in programs:
            path = Path(shutil.which(program) or program).resolve()
            tar.add(path, f"bin/{program}")
            needed = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout.split()
            for library in {word for word in needed if word.startswith("/")}:
                if library.lstrip("/") not in tar.getnames():
                    tar.add(Path(library).resolve(), library)


class Host:
    """An account with one machine whose tasks are containers."""

    def __init__(self, podman: Podman, logs: Path) -> None:
        self.podman, self.logs = podman, logs
        self.ecs = Ecs(
            clock=utc_now,
            engine=lambda _: ProcessEngine(logs, wrap=containers(podman.command())),
        )
        self.aws = Client(self.ecs)
        self.changes: Queue[dict[str, Any]] = Queue()
        self.ecs.events.sinks.append(lambda event: self.changes.put(event["detail"]))
        self.ecs.add_cluster()
        self.ecs.add_instance(cpu=0, memory=2048)

    def start(self, *command: str, **members: Any) -> str:
        definition = container(**{"image": IMAGE, "command": list(command), **members})
        self.aws.register_task_definition(family="work", containerDefinitions=[definition])
        return run(self.aws)

    def wait(self, arn: str, status: str) -> dict[str, Any]:
        while True:
            change = self.changes.get(timeout=WAIT)
            if change.get("taskArn") == arn and change["lastStatus"] == status:
                return change

    def output(self, arn: str) -> Path:
        return self.logs / f"{arn.rpartition('/')[2]}-main.log"


@pytest.fixture
def host(podman: Podman, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    if configuration := podman.environment.get("CONTAINERS_CONF"):
        monkeypatch.setenv("CONTAINERS_CONF", configuration)
    host = Host(podman, tmp_path / "logs")
    with ticking(host.ecs), closing(host.ecs):
        yield host


def test_the_image_runs_with_the_environment_of_the_definition(host: Host) -> None:
    environment = [{"name": "NAME", "value": "two words"}]
    arn = host.start('echo "hello $NAME"; exit 3', entryPoint=["/bin/sh", "-c"], environment=environment)
    assert host.wait(arn, "STOPPED")["containers"][0]["exitCode"] == 3
    assert host.output(arn).read_text() == "hello two words\n"


def test_an_image_that_is_not_there_fails_the_start(host: Host) -> None:
    ended = host.wait(host.start("/bin/sh", image="localhost/nobody"), "STOPPED")
    assert ended["stopCode"] == "TaskFailedToStart"
    assert ended["containers"][0]["reason"].startswith("CannotPullContainerError")
    ended = host.wait(host.start("/bin/nothing"), "STOPPED")
    assert ended["containers"][0]["reason"].startswith("CannotStartContainerError")


def test_a_stopped_container_is_gone(host: Host) -> None:
    arn = host.start("/bin/sh", "-c", "sleep 600", stopTimeout=1)
    host.wait(arn, "RUNNING")
    host.aws.stop_task(task=arn)
    assert host.wait(arn, "STOPPED")["stopCode"] == "UserInitiated"
    assert host.podman.answer("ps", "--all", "--quiet") == ""


def test_containers_end_with_the_stand_in(host: Host) -> None:
    host.wait(host.start("/bin/sh", "-c", "sleep 600"), "RUNNING")
    host.ecs.close()
    assert host.podman.answer("ps", "--all", "--quiet") == ""
