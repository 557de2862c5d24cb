"""Which port each service gets: its own, the one it had before, or the next that is free."""

import fcntl
import os
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from everyday_local.errors import LocalError

PREFERRED = {
    "ministack": 4566,
    "instagram": 4571,
    "ecs": 4575,
    "pipeline": 4577,
    "console": 4580,
    "edge": 4590,
    "blog": 2368,
    "valkey": 6399,
}
_STEPS = 200
_CLAIMS = Path(tempfile.gettempdir()) / f"everyday-ports-{os.getuid()}"


def is_free(port: int) -> bool:
    """Whether something may be started on this port of loopback: nobody uses it or is about to."""
    with claimed(port) as ours:
        return ours and unused(port)


def unused(port: int) -> bool:
    """Whether this port of loopback can be listened on, and nobody answers there on another address."""
    with socket.socket() as probe:
        # Without it, the last connections of a server that just ended would make its port look taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def claimed(port: int) -> Iterator[bool]:
    """Whether the port is this caller's to start something on, while the block runs.

    Two runs in different folders choose the same ports; between the look and the moment that a program
    listens, the other's answers would be taken for one's own.
    """
    with ExitStack() as held:
        try:
            _CLAIMS.mkdir(mode=0o700, exist_ok=True)
            claim = held.enter_context((_CLAIMS / str(port)).open("w"))
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        except OSError:  # no place for claims: as if there was nobody else
            yield True
        else:
            yield True


def any_free() -> int:
    """A port of loopback that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def choose(
    remembered: Mapping[str, int], running: Mapping[str, int], *, free: Callable[[int], bool] = is_free
) -> dict[str, int]:
    """A port for each service. `running` services keep theirs; the others step around what is taken.

    Raises LocalError when 200 ports in a row are taken.
    """
    chosen = {**running}
    for name, preferred in PREFERRED.items():
        if name not in chosen:
            chosen[name] = _next(remembered.get(name, preferred), set(chosen.values()), free)
    return chosen


def _next(first: int, taken: set[int], free: Callable[[int], bool]) -> int:
    for port in range(first, min(first + _STEPS, 65536)):
        if port not in taken and free(port):
            return port
    raise LocalError(f"no free port from {first} to {first + _STEPS - 1}; end what uses them and try again")
