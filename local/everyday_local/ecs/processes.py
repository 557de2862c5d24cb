"""Containers as processes of this machine: their command is run, their image is not pulled."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import msgspec

from everyday_local.ecs.engine import Launch, Report, Tell
from everyday_local.ecs.nursery import Order, Told

_CLOSE_SECONDS = 120.0
Wrap = Callable[[Launch], Order]
"""The command that runs a container, and the environment of that command."""

_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")


class ProcessEngine:
    """Runs each container's entry point and command, with its environment, held to its memory.

    `wrap` says how: as a process, unless it says otherwise. The output goes to `logs`, a file a container. A
    process of its own does the work (see nursery.py), so that nothing is left over however this one ends.
    """

    def __init__(self, logs: Path | None = None, *, wrap: Wrap | None = None) -> None:
        self._logs, self._wrap = logs, wrap or as_process
        self._lock = threading.Lock()
        self._running: dict[str, tuple[Launch, Tell]] = {}
        self._nursery: subprocess.Popen[bytes] | None = None

    def start(self, launch: Launch, tell: Tell) -> None:
        key = _key(launch.task, launch.name)
        with self._lock:
            self._running[key] = (launch, tell)
        order = self._wrap(launch)
        order.do, order.key, order.log = "start", key, self._log(launch)
        self._send(order)

    def stop(self, task: str, container: str) -> None:
        key = _key(task, container)
        with self._lock:
            known = self._running.get(key)
        if known is not None:
            self._send(Order(do="stop", key=key, timeout=known[0].stop_timeout))

    def kill(self, task: str, container: str) -> None:
        key = _key(task, container)
        with self._lock:
            known = self._running.pop(key, None)
        if known is not None:
            self._send(Order(do="kill", key=key))

    def close(self) -> None:
        with self._lock:
            nursery, self._nursery = self._nursery, None
            self._running.clear()
        if nursery is not None and nursery.stdin is not None:
            nursery.stdin.close()
            nursery.wait(_CLOSE_SECONDS)

    def _log(self, launch: Launch) -> str:
        if self._logs is None:
            return os.devnull
        self._logs.mkdir(parents=True, exist_ok=True)
        return str(self._logs / f"{launch.task.rpartition('/')[2]}-{launch.name}.log")

    def _send(self, order: Order) -> None:
        with self._lock:
            nursery = self._nursery = self._nursery or self._begin()
            assert nursery.stdin is not None  # noqa: S101 - it is a pipe
            nursery.stdin.write(msgspec.json.encode(order) + b"\n")
            nursery.stdin.flush()

    def _begin(self) -> subprocess.Popen[bytes]:
        nursery = subprocess.Popen(
            [sys.executable, "-m", "everyday_local.ecs.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for whoever gives the orders
        )
        told: SimpleQueue[Told | None] = SimpleQueue()
        threading.Thread(target=_listen, args=(nursery, told), name="ecs-listens", daemon=True).start()
        threading.Thread(target=self._pass_on, args=(nursery, told), name="ecs-tells", daemon=True).start()
        return nursery

    def _pass_on(self, nursery: subprocess.Popen[bytes], queue: "SimpleQueue[Told | None]") -> None:
        while (told := queue.get()) is not None:
            self._heard(told)
        with self._lock:
            # It ended by itself, and everything with it; after `close` there is nobody left to tell.
            lost = list(self._running) if self._nursery is nursery else []
            if self._nursery is nursery:
                self._nursery = None
        for key in lost:
            self._heard(Told(key=key, reason="the program that ran it has ended"))

    def _heard(self, told: Told) -> None:
        with self._lock:
            known = self._running.get(told.key) if told.running else self._running.pop(told.key, None)
        if known is not None:
            launch, tell = known
            tell(Report(launch.task, launch.name, told.running, told.exit_code, told.reason))


def _listen(nursery: subprocess.Popen[bytes], queue: "SimpleQueue[Told | None]") -> None:
    """In a thread of its own: whoever gives orders may hold what those who are told are waiting for."""
    assert nursery.stdout is not None  # noqa: S101 - it is a pipe
    with nursery.stdout as lines:
        for line in lines:
            queue.put(msgspec.json.decode(line, type=Told))
    queue.put(None)


def as_process(launch: Launch) -> Order:
    """The command as a process of this machine."""
    return Order(
        command=[*launch.entry_point, *launch.command],
        environment=inherited() | dict(launch.environment),
        memory=launch.memory,
    )


def inherited(*names: str) -> dict[str, str]:
    """What any program needs of this process's environment, and these names."""
    return {name: os.environ[name] for name in (*_INHERITED, *names) if name in os.environ}


def _key(task: str, container: str) -> str:
    return f"{task} {container}"
