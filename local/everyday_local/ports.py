"""Which port each service gets: its own, the one it had before, or the next that is free."""

import socket
from collections.abc import Callable, Mapping

from everyday_local.errors import LocalError

PREFERRED = {
    "ministack": 4566,
    "instagram": 4571,
    "ecs": 4575,
    "console": 4580,
    "blog": 2368,
    "valkey": 6399,
}
_STEPS = 200


def is_free(port: int) -> bool:
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
