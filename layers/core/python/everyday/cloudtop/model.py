"""What the keeper knows: the owner's wish, the fleets, the machines, the volume, the lease."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from everyday.record import Record

Market = Literal["spot", "on-demand"]

MachineState = Literal["pending", "running", "shutting-down", "terminated", "stopping", "stopped"]
"""EC2's words."""

VolumeState = Literal["creating", "available", "in-use", "deleting", "deleted", "error"]
"""EC2's words."""

Stage = Literal[
    "booting",  # user data ran, the volume is not attached yet
    "waiting",  # another machine still has the volume or the lease; `detail` names it
    "attaching",
    "checking",  # fsck
    "ready",  # mounted, a shell can be used
    "read-only",  # mounted read-only: the file system wants a person
    "notice",  # the two minutes have begun
    "left",  # unmounted, detached, the lease given back
    "idle",  # the machine asks to be stopped
    "failed",  # the boot did not reach the data; `detail` says why
]


class Wish(Record, frozen=True, kw_only=True):
    """What the owner wants. `market`: `on-demand` when they asked for it, else spot with the fallback.
    `hold_until`: no idle or scheduled stop before. `reason`: who or what asked (`owner`, `idle`, `budget`,
    `schedule`, `boot failures`). `version` counts changes."""

    up: bool = False
    market: Market = "spot"
    asked_at: datetime | None = None
    hold_until: datetime | None = None
    reason: str = "owner"
    version: int = 0


class Home(Record, frozen=True, kw_only=True):
    """Where the data is. None of it changes but by `move` and `restore`."""

    zone: str
    volume: str
    version: int = 0


class Lease(Record, frozen=True, kw_only=True):
    """The right to write to the volume: of one instance, until it gives it back or is terminated."""

    holder: str
    volume: str
    since: datetime


class Report(Record, frozen=True, kw_only=True):
    """What the machine last said of itself. `dirty`: work that is in no other place, one line each."""

    instance: str
    stage: Stage
    at: datetime
    detail: str = ""
    dirty: tuple[str, ...] = ()


class Notes(Record, frozen=True, kw_only=True):
    """What the keeper remembers from one look to the next.

    `missing_since`: no usable spot machine since then, although one is wanted. `fell_back`: this run is on
    demand because spot stayed away. `failed`: instances whose boot failed since one was last usable.
    `told`: what the owner was already told in this run, so that nothing is told twice. `address`: what the
    stable name points to.
    """

    missing_since: datetime | None = None
    fell_back: bool = False
    failed: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    address: str = ""
    version: int = 0


class Capacity(Record, frozen=True, kw_only=True):
    """What one zone's fleet is asked for: `total` machines, `on_demand` of them. Both 0 or 1."""

    total: int = 0
    on_demand: int = 0


class Machine(Record, frozen=True, kw_only=True):
    """An EC2 instance of ours. `address`: its public IPv4 address, or the private one if it has no other."""

    id: str
    state: MachineState
    zone: str
    type: str
    market: Market
    launched_at: datetime
    image: str = ""
    address: str = ""


class Volume(Record, frozen=True, kw_only=True):
    """An EBS volume. `attached_to`: the instance, whatever the attachment's state (`attachment`)."""

    id: str
    zone: str
    state: VolumeState
    size_gib: int
    attached_to: str | None = None
    attachment: Literal["attaching", "attached", "detaching", "busy"] | None = None
    tags: Mapping[str, str] = {}


class Snapshot(Record, frozen=True, kw_only=True):
    """An EBS snapshot; its content is that of `started_at`."""

    id: str
    volume: str
    state: Literal["pending", "completed", "error"]
    started_at: datetime
    size_gib: int
    progress: str = ""
    why: str = ""


class FleetEvent(Record, frozen=True, kw_only=True):
    """A line of a fleet's history. `kind` is EC2's sub-type, as `launchSpecTemporarilyBlacklisted`."""

    kind: str
    at: datetime
    text: str = ""


class Situation(Record, frozen=True, kw_only=True):
    """Everything the keeper decides by, read at one time. `fleets`: by zone. `machines`: none that are
    terminated. `ended`: the ids of those that EC2 still shows as terminated. `trouble`: events since the
    machine went missing, newest last."""

    wish: Wish
    notes: Notes
    home: Home
    fleets: Mapping[str, Capacity]
    machines: tuple[Machine, ...] = ()
    ended: tuple[str, ...] = ()
    volume: Volume | None = None
    lease: Lease | None = None
    report: Report | None = None
    trouble: tuple[FleetEvent, ...] = ()


class Rules(Record, frozen=True, kw_only=True):
    """The owner's policy. Seconds. `fallback` False: wait for spot however long it takes. `named`: a stable
    name follows the machine."""

    fallback: bool = True
    patience_seconds: int = 300
    offer_move_seconds: int = 1800
    failures: int = 3
    named: bool = False
