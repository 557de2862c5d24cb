"""Real Valkey servers for tests: started by a test on loopback, disturbed by it, and ended with it."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from everyday.adapters.valkey.server import Server, connect
from everyday.adapters.valkey.state import ValkeyState
from everyday_local.folder import Folder
from everyday_local.ports import any_free
from everyday_local.valkey import valkey

_START_SECONDS = 30


class Valkey:
    """One server. It keeps its address over restarts, and its data only as far as the test saves it."""

    def __init__(self, folder: Folder, *options: str) -> None:
        self._service = valkey(folder, port=any_free())
        self._command = [*self._service.command, "--save", "", *options]
        self._process: subprocess.Popen[bytes] | None = None
        self.port, self.url = self._service.port, self._service.address
        self.admin = redis.Redis(port=self.port, socket_timeout=20)

    def start(self) -> None:
        """Start it and wait until it listens; it may still be loading."""
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, "it ended by itself"
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a lost machine does."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def hang(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def state(self) -> ValkeyState:
        """A state with connections of its own."""
        return ValkeyState(Server(lambda: connect(self.url)))

    def _answers(self) -> bool:
        try:
            return bool(self.admin.ping())
        except redis.exceptions.BusyLoadingError:
            return True
        except redis.exceptions.ConnectionError:
            return False


@contextmanager
def a_valkey(path: Path, *options: str) -> Iterator[Valkey]:
    """A started server of a test's own."""
    server = Valkey(Folder(path), *options)
    server.start()
    try:
        yield server
    finally:
        server.kill()
        server.admin.close()
