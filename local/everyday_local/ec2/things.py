"""What there is in the stand-in for EC2. Times in seconds since 1970."""

from dataclasses import dataclass, field
from typing import Literal

Market = Literal["spot", "on-demand"]


class Ec2Error(Exception):
    """EC2's answer to what it refuses; `code` as EC2 has it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(slots=True, kw_only=True)
class Instance:
    """`notice`: when EC2 ends it, once it has said so."""

    id: str
    type: str
    zone: str
    market: Market
    launched: float
    fleet: str
    state: str = "pending"
    notice: float | None = None
    rebalance: bool = False
    ended: float | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Disk:
    """An EBS volume. `at`: the instance that it is attached to, or still is."""

    id: str
    zone: str
    size_gib: int
    state: str = "available"
    at: str | None = None
    attachment: str | None = None
    token: str = ""
    modified: list[float] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Copy:
    """A snapshot."""

    id: str
    volume: str
    started: float
    size_gib: int
    state: str = "pending"
    why: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of a fleet's history, with EC2's sub-type."""

    at: float
    kind: str
    text: str = ""


@dataclass(slots=True, kw_only=True)
class Fleet:
    """A request of type `maintain` for one zone, asked for nothing at first."""

    id: str
    zone: str
    types: tuple[str, ...]
    tags: dict[str, str] = field(default_factory=dict)
    target: int = 0
    on_demand: int = 0
    state: str = "active"
    history: list[Happening] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Pace:
    """How long EC2 takes, in seconds: from, to."""

    launch: tuple[float, float] = (8, 30)
    retry: tuple[float, float] = (20, 40)
    attach: tuple[float, float] = (1, 6)
    detach: tuple[float, float] = (1, 8)
    shut_down: tuple[float, float] = (15, 60)
    snapshot: tuple[float, float] = (20, 240)
    notice: float = 120.0
    forget: float = 3600.0
