"""Run the stand-in: inside this process (`running`, `serving`) or in one of its own (`spawned`)."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from everyday_local.ecs.app import build_app
from everyday_local.ecs.ecs import Ecs
from everyday_local.serving import served


@contextmanager
def running(*, port: int = 0, **settings: Any) -> Iterator[tuple[Ecs, str]]:
    """A stand-in on loopback and its address, while the block runs; `settings` are those of `Ecs`."""
    ecs = Ecs(**settings)
    with serving(ecs, port=port) as url:
        yield ecs, url


@contextmanager
def serving(ecs: Ecs, *, port: int = 0) -> Iterator[str]:
    """The address of a stand-in that is there already, while the block runs; then what it ran ends."""
    try:
        with ticking(ecs), served(build_app(ecs), port=port) as url:
            yield url
    finally:
        ecs.close()


@contextmanager
def ticking(ecs: Ecs) -> Iterator[None]:
    """While the block runs, what falls due is done without anybody asking, as the clock goes."""
    ended = threading.Event()
    thread = threading.Thread(target=_tick, args=(ecs, ended), name="ecs-clock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        ecs.timeline.changed.set()
        thread.join(10)


def _tick(ecs: Ecs, ended: threading.Event) -> None:
    while not ended.is_set():
        ecs.timeline.changed.clear()
        ecs.settle()
        with ecs.turn():
            seconds = ecs.timeline.next_due()
        ecs.timeline.changed.wait(seconds)


class Spawned(NamedTuple):
    """A stand-in in another process."""

    url: str
    pid: int


@contextmanager
def spawned(*arguments: str) -> Iterator[Spawned]:
    """`python -m everyday_local.ecs` with these arguments, ended with the block."""
    command = [sys.executable, "-m", "everyday_local.ecs", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("the ECS stand-in ended before it was ready")
            yield Spawned(json.loads(line)["url"], process.pid)
        finally:
            process.terminate()
            process.wait(30)
