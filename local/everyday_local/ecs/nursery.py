"""`python -m everyday_local.ecs.nursery`: runs containers as processes, and outlives none of them.

Orders come in on standard input and reports go out on standard output, a JSON document a line. When standard
input ends, because whoever gave the orders has ended in whatever way, everything that runs here is killed.
Each container is a process group of its own. It is held to its memory by watching what the group cannot give
back (its anonymous and shared memory), ten times a second: a limit on address space would stop programs that
reserve much and use little. What grows faster than that is seen late, and what leaves its group is not seen.
"""

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec

from everyday_local.ecs.engine import KILLED, OUT_OF_MEMORY

WATCH_SECONDS = 0.1
CLEANUP_SECONDS = 30.0
_MIB = 1024 * 1024
_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


class Order(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`do` is start, stop (SIGTERM now, SIGKILL after `timeout` seconds) or kill. `memory` in MiB.

    `cleanup` is a command that is run when the process has ended, in whatever way; `refusals` are the exit
    codes by which the command says that it could not do its work, each with the reason.
    """

    do: str = "start"
    key: str = ""
    command: list[str] = []
    environment: dict[str, str] = {}
    memory: int | None = None
    log: str = os.devnull
    timeout: float = 0.0
    cleanup: list[str] = []
    refusals: dict[int, str] = {}


class Told(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The process of `key` runs now, or has ended."""

    key: str
    running: bool = False
    exit_code: int | None = None
    reason: str | None = None


class _Child:
    def __init__(self, order: Order, process: subprocess.Popen[bytes]) -> None:
        self.order, self.process = order, process
        self.kill_at: float | None = None
        self.reason: str | None = None

    def tell_to_end(self) -> None:
        """Only the first process of a container gets its SIGTERM."""
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


class Nursery:
    """The children, by key. Single-threaded, so that what happens between fork and exec is safe."""

    def __init__(self, tell: Callable[[Told], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._clock = tell, clock
        self._children: dict[str, _Child] = {}
        self._watch_at = 0.0

    def obey(self, order: Order) -> None:
        if order.do == "start":
            self._start(order)
        elif (child := self._children.get(order.key)) is not None:
            if order.do == "stop" and child.kill_at is None:
                child.kill_at = self._clock() + order.timeout
                child.tell_to_end()
            elif order.do == "kill":
                child.kill()

    def tick(self) -> None:
        """Bury the dead, kill what was told to end and has not, watch the memory."""
        now = self._clock()
        for key, child in list(self._children.items()):
            if child.process.poll() is not None:
                self._bury(key, child)
            elif child.kill_at is not None and now >= child.kill_at:
                child.kill()
        if now >= self._watch_at:
            self._watch_at = now + WATCH_SECONDS
            self._watch()

    def close(self) -> None:
        for key, child in list(self._children.items()):
            child.kill()
            child.process.wait()
            self._bury(key, child)

    def _start(self, order: Order) -> None:
        try:
            with Path(order.log).open("ab") as log:
                process = subprocess.Popen(
                    order.command,
                    env=order.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=_die_with_parent,
                )
        except (OSError, ValueError, IndexError) as error:
            self._tell(Told(key=order.key, reason=f"CannotStartContainerError: {error}"))
            return
        self._children[order.key] = _Child(order, process)
        self._tell(Told(key=order.key, running=True))

    def _bury(self, key: str, child: _Child) -> None:
        child.kill()  # what it left behind in its group
        del self._children[key]
        if child.order.cleanup:
            _run(child.order.cleanup, child.order.environment)
        code = child.process.returncode
        code = KILLED if child.reason else code if code >= 0 else 128 - code
        refusal = child.order.refusals.get(code)
        exit_code = code if refusal is None else None
        self._tell(Told(key=key, exit_code=exit_code, reason=refusal or child.reason))

    def _watch(self) -> None:
        limited = {
            child.process.pid: child for child in self._children.values() if child.order.memory is not None
        }
        for group, used in _held(limited).items() if limited else ():
            child = limited[group]
            if used > (child.order.memory or 0) * _MIB:
                child.reason = OUT_OF_MEMORY
                child.kill()


def _run(command: list[str], environment: dict[str, str]) -> None:
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(
            command,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=CLEANUP_SECONDS,
        )


def _held(groups: Iterable[int]) -> dict[int, int]:
    """Bytes that each process group cannot give back. Nothing where there is no /proc."""
    held = dict.fromkeys(groups, 0)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            group = int((folder / "stat").read_text().rpartition(")")[2].split()[2])
            if group in held:
                held[group] += _unreclaimable((folder / "status").read_text())
        except (OSError, ValueError, IndexError):
            continue  # it has just ended
    return held


def _unreclaimable(status: str) -> int:
    lines = [line.split() for line in status.splitlines() if line.startswith(("RssAnon:", "RssShmem:"))]
    return sum(int(words[1]) * 1024 for words in lines)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def serve(orders: IO[bytes], reports: IO[bytes]) -> None:
    """Obey until `orders` ends."""
    encode = msgspec.json.encode

    def tell(told: Told) -> None:
        try:
            reports.write(encode(told) + b"\n")
            reports.flush()
        except BrokenPipeError:
            return  # whoever asked is gone, and `orders` will end, too

    nursery = Nursery(tell)
    try:
        _loop(nursery, orders)
    finally:
        nursery.close()


def _loop(nursery: Nursery, orders: IO[bytes]) -> None:
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(orders, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select(WATCH_SECONDS):
                if key.fd == woken:
                    os.read(woken, 4096)
                    continue
                if not (read := os.read(key.fd, 65536)):
                    return
                *lines, rest = (rest + read).split(b"\n")
                for line in lines:
                    nursery.obey(msgspec.json.decode(line, type=Order))
            nursery.tick()


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        # The end of standard input is what ends it. Not SIG_IGN: that would be inherited by the containers.
        signal.signal(number, lambda *_: None)
    serve(sys.stdin.buffer, sys.stdout.buffer)
