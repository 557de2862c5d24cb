"""A program of local mode, and how a started one is written down."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec


@dataclass(frozen=True, kw_only=True)
class Service:
    """A program that serves one port of loopback. `ready` asks it whether it does.

    `switches` are environment variables that decide what it does, beside the plain `environment`.
    """

    name: str
    title: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    switches: Mapping[str, str] = field(default_factory=dict, repr=False)
    port: int
    address: str
    ready: Callable[[], bool]
    start_seconds: float = 60.0

    @property
    def digest(self) -> str:
        """Changes when the program would be started differently."""
        words = msgspec.json.encode([list(self.command), dict(self.switches)], order="sorted")
        return hashlib.sha256(words).hexdigest()[:16]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A started process as it is written down. `pid` leads its own process group."""

    name: str
    title: str
    pid: int
    started: str
    port: int
    address: str
    digest: str
