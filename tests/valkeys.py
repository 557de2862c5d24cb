"""Real Valkey servers for tests: started by a test on loopback, disturbed by it, and ended with it."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import redis

from everyday.adapters.valkey.server import Server, connect
from everyday.adapters.valkey.state import ValkeyState
from everyday.adapters.valkey.stored import Stored, plain, read, state_fields, state_of
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


def audit(server: Valkey, cluster: str) -> None:
    """What is stored of a cluster adds up: the sums of what is held, of what is left, and the places."""
    admin = server.admin
    prefix = f"{cluster}:instance:".encode()
    found: dict[str, Stored] = {}
    for key in admin.scan_iter(match=prefix + b"*", count=1000):
        flat = [text for pair in admin.hgetall(key).items() for text in pair]
        packed = msgspec.msgpack.encode([text.decode() for text in flat])
        found[key[len(prefix) :].decode()] = read(msgspec.Raw(packed))
    assert {arn.encode() for arn in found} == admin.smembers(f"{cluster}:instances")
    left = [0, 0]
    for arn, it in found.items():
        state = state_of(arn, it, {})
        assert state_fields(state).get("held") == plain(it).get("held")
        assert state_fields(state).get("held_ports") == plain(it).get("held_ports")
        cpu, memory = (int(it.fields.get(f"remaining_{what}", 0)) for what in ("cpu", "memory"))
        left = [left[0] + cpu, left[1] + memory]
    sums = admin.mget(f"{cluster}:remaining_cpu", f"{cluster}:remaining_memory")
    assert [int(text or 0) for text in sums] == left
    places = {key.decode(): arn.decode() for key, arn in admin.hgetall(f"{cluster}:reservations").items()}
    assert places == {key: arn for arn, it in found.items() for key in it.reservations}
