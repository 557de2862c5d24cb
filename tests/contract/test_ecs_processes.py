"""Tasks that really run: as processes which are held to their memory and never outlive the stand-in."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from everyday_local.ecs.client import Client
from everyday_local.ecs.ecs import Ecs
from everyday_local.ecs.processes import ProcessEngine
from everyday_local.ecs.run import spawned, ticking
from everyday_local.ecs.saved import Store
from everyday_local.ecs.timeline import utc_now
from tests.contract.ecs_world import boto_client, container, run, task

WAIT = 60.0


class Host:
    """An account with one machine whose tasks are processes of this one."""

    def __init__(self, logs: Path) -> None:
        self.engine = ProcessEngine(logs)
        self.ecs = Ecs(clock=utc_now, engine=lambda _: self.engine)
        self.aws = Client(self.ecs)
        self.logs = logs
        self._changes: Queue[dict[str, Any]] = Queue()
        self.ecs.events.sinks.append(lambda event: self._changes.put(event["detail"]))
        self.ecs.add_cluster()
        self.ecs.add_instance(cpu=0, memory=2048, ec2_id="i-1")

    def start(self, *command: str, memory: int = 100, **members: Any) -> str:
        definition = container(memory=memory, command=list(command), **members)
        self.aws.register_task_definition(family="work", containerDefinitions=[definition])
        return run(self.aws)

    def wait(self, arn: str, status: str) -> dict[str, Any]:
        """The task when it has reached this status."""
        while True:
            change = self._changes.get(timeout=WAIT)
            if change.get("taskArn") == arn and change["lastStatus"] == status:
                return change

    def output(self, arn: str) -> str:
        return (self.logs / f"{arn.rpartition('/')[2]}-main.log").read_text()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path / "logs")
    with ticking(host.ecs), closing(host.ecs):
        yield host


@pytest.fixture
def lifeline(tmp_path: Path) -> Path:
    """A pipe for tasks to hold open: what reads it comes to its end when nobody holds it any more."""
    path = tmp_path / "lifeline"
    os.mkfifo(path)
    return path


def holding(path: Path, then: str = "sleep 600") -> tuple[str, ...]:
    """A command that has a child; both hold the pipe open and would live for minutes."""
    return ("sh", "-c", f"exec 3>{path}; sleep 600 & echo ready >&3; {then}")


def test_the_command_runs_with_its_environment_and_its_exit_code_is_told(host: Host) -> None:
    """API reference, ContainerDefinition: entryPoint, command, environment; containers[].exitCode."""
    environment = [{"name": "GREETING", "value": "hello"}, {"name": "NAME", "value": "nobody"}]
    definition = container(
        entryPoint=["sh", "-c"], command=['echo "$GREETING $NAME"; exit 3'], environment=environment
    )
    host.aws.register_task_definition(family="work", containerDefinitions=[definition])
    override = {"name": "main", "environment": [{"name": "NAME", "value": "world"}]}
    arn = run(host.aws, overrides={"containerOverrides": [override]})
    ended = host.wait(arn, "STOPPED")
    assert ended["containers"][0]["exitCode"] == 3
    assert ended["stopCode"] == "EssentialContainerExited"
    assert host.output(arn) == "hello world\n"


def test_a_task_sees_nothing_of_this_process_but_what_any_program_needs(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the owner")
    arn = host.start("env")
    host.wait(arn, "STOPPED")
    names = {line.partition("=")[0] for line in host.output(arn).splitlines()}
    assert names <= {"PATH", "HOME", "LANG", "TMPDIR", "AWS_EXECUTION_ENV", "AWS_REGION", "PWD", "_", "SHLVL"}
    assert "PATH" in names


def test_a_container_over_its_memory_is_killed(host: Host) -> None:
    """API reference, memory: who attempts to exceed it is killed; the agent's reason and exit code 137."""
    hog = "import signal; kept = bytearray(200 * 2**20); signal.pause()"
    arn = host.start(sys.executable, "-c", hog, memory=100)
    ended = host.wait(arn, "STOPPED")["containers"][0]
    assert ended["exitCode"] == 137
    assert ended["reason"] == "OutOfMemoryError: Container killed due to memory usage"


def test_reserving_address_space_is_not_using_memory(host: Host) -> None:
    """As with the memory limit of a container; a runtime like Go's reserves much more than it uses."""
    careful = "import mmap; kept = mmap.mmap(-1, 2**30); print(len(kept))"
    arn = host.start(sys.executable, "-c", careful, memory=100)
    assert host.wait(arn, "STOPPED")["containers"][0]["exitCode"] == 0


def test_a_told_task_may_finish_first(host: Host, lifeline: Path) -> None:
    """API reference, StopTask: SIGTERM first, and no SIGKILL when the container ends in time."""
    polite = "trap 'echo finished; exit 7' TERM; echo ready >&3; while :; do sleep 0.1; done"
    arn = host.start("sh", "-c", f"exec 3>{lifeline}; {polite}", stopTimeout=60)
    with lifeline.open() as pipe:
        pipe.readline()
        host.aws.stop_task(task=arn)
        ended = host.wait(arn, "STOPPED")
    assert (ended["containers"][0]["exitCode"], ended["stopCode"]) == (7, "UserInitiated")
    assert host.output(arn) == "finished\n"


def test_a_deaf_task_is_killed_with_its_children(host: Host, lifeline: Path) -> None:
    deaf = "trap '' TERM; sleep 600 & echo ready >&3; wait"
    arn = host.start("sh", "-c", f"exec 3>{lifeline}; {deaf}", stopTimeout=1)
    with lifeline.open() as pipe:
        pipe.readline()
        host.aws.stop_task(task=arn)
        assert pipe.read() == ""
    assert host.wait(arn, "STOPPED")["containers"][0]["exitCode"] == 137


@pytest.mark.parametrize("command", [("/no/such/program",), ()])
def test_what_cannot_be_started_fails_with_the_reason(host: Host, command: tuple[str, ...]) -> None:
    """Developer guide, stopped task error codes: TaskFailedToStart, CannotStartContainerError."""
    arn = host.start(*command)
    ended = host.wait(arn, "STOPPED")
    assert ended["stopCode"] == "TaskFailedToStart"
    assert ended["containers"][0]["reason"].startswith("CannotStartContainerError: ")
    assert "exitCode" not in ended["containers"][0]
    assert "startedAt" not in ended


def test_a_reclaimed_machine_ends_its_processes(host: Host, lifeline: Path) -> None:
    host.start(*holding(lifeline))
    with lifeline.open() as pipe:
        pipe.readline()
        host.ecs.terminate(host.ecs.find_instance("i-1"))
        assert pipe.read() == ""


def test_everything_ends_with_the_stand_in(host: Host, lifeline: Path) -> None:
    host.start(*holding(lifeline))
    with lifeline.open() as pipe:
        pipe.readline()
        host.ecs.close()
        assert pipe.read() == ""


def test_tasks_end_with_the_program_that_runs_them_and_their_end_is_told(host: Host, lifeline: Path) -> None:
    arn = host.start("sh", "-c", f"exec 3>{lifeline}; echo $PPID >&3; exec sleep 600")
    with lifeline.open() as pipe:
        os.kill(int(pipe.readline()), signal.SIGKILL)
        assert pipe.read() == ""
    ended = host.wait(arn, "STOPPED")
    assert ended["containers"][0]["reason"] == "the program that ran it has ended"
    assert host.wait(host.start("true"), "STOPPED")["containers"][0]["exitCode"] == 0


def test_nothing_is_left_when_the_stand_in_is_killed(tmp_path: Path, lifeline: Path) -> None:
    with spawned("--instance", "i-1:1024:512") as standin:
        aws = boto_client(standin.url)
        aws.register_task_definition(
            family="work", containerDefinitions=[container(command=list(holding(lifeline)))]
        )
        run(aws)
        with lifeline.open() as pipe:
            pipe.readline()
            os.kill(standin.pid, signal.SIGKILL)
            assert pipe.read() == ""


def test_a_killed_stand_in_goes_on_where_it_was(tmp_path: Path) -> None:
    """As AWS forgets no cluster, instance, definition, task or token; only the containers have ended."""
    arguments = ["--state", str(tmp_path), "--cluster", "blog", "--instance", "i-1:1024:512"]
    asked = {"cluster": "blog", "taskDefinition": "work", "clientToken": "job-1.0", "startedBy": "job-1/0"}
    with spawned(*arguments) as standin:
        aws = boto_client(standin.url)
        definition = container(command=["sleep", "600"])
        aws.register_task_definition(family="work", containerDefinitions=[definition])
        instances = aws.list_container_instances(cluster="blog")["containerInstanceArns"]
        arn = run(aws, **asked)
        os.kill(standin.pid, signal.SIGKILL)
    with spawned(*arguments) as standin:
        aws = boto_client(standin.url)
        assert aws.list_container_instances(cluster="blog")["containerInstanceArns"] == instances
        found = aws.describe_tasks(cluster="blog", tasks=[arn])["tasks"][0]
        assert (found["lastStatus"], found["stopCode"]) == ("STOPPED", "TerminationNotice")
        assert (found["startedBy"], found["stoppedReason"]) == ("job-1/0", "Host EC2 (instance i-1) stopped.")
        assert run(aws, **asked) == arn
        told = aws.describe_container_instances(cluster="blog", containerInstances=instances)
        remaining = told["containerInstances"][0]["remainingResources"]
        assert [each["integerValue"] for each in remaining if each["name"] == "MEMORY"] == [512]
        arns = aws.list_task_definitions()["taskDefinitionArns"]
        assert [each.rpartition("/")[2] for each in arns] == ["work:1"]


def test_a_store_gives_back_what_it_was_given(tmp_path: Path) -> None:
    first = Ecs(seed=1)
    with closing(Store(tmp_path / "ecs.db")) as store:
        first.keep_in(store)
        first.add_cluster()
        instance = first.add_instance(cpu=1024, memory=512, gpus=2, attributes={"disk": None, "kind": "m5"})
        before = Client(first)
        needs = [{"type": "GPU", "value": "1"}]
        before.register_task_definition(
            family="work", containerDefinitions=[container(resourceRequirements=needs)]
        )
        ended = run(before, clientToken="a", tags=[{"key": "job", "value": "1"}])
        before.stop_task(task=ended)
    second = Ecs()
    with closing(Store(tmp_path / "ecs.db")) as store:
        second.keep_in(store)
        after = Client(second)
        same: list[tuple[str, dict[str, Any]]] = [
            ("describe_tasks", {"tasks": [ended], "include": ["TAGS"]}),
            ("describe_task_definition", {"taskDefinition": "work"}),
            ("describe_clusters", {}),
            ("describe_container_instances", {"containerInstances": [instance.arn]}),
            (
                "run_task",
                {"taskDefinition": "work", "clientToken": "a", "tags": [{"key": "job", "value": "1"}]},
            ),
        ]
        for name, params in same:
            assert getattr(after, name)(**params) == getattr(before, name)(**params), name
        assert task(after, ended)["lastStatus"] == "STOPPED"
        second.advance(3601)
        assert after.describe_tasks(tasks=[ended])["failures"]
