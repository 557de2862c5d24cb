"""What `cloudtop` needs from the outside."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from everyday.cloudtop.model import (
    Capacity,
    FleetEvent,
    Home,
    Lease,
    Machine,
    Notes,
    Report,
    Snapshot,
    Volume,
    Wish,
)

if TYPE_CHECKING:
    from everyday.cloudtop.costing import Usage  # only a command needs it


class Fleets(Protocol):
    """One fleet a zone, whatever the engine. All methods raise FleetUnavailable."""

    def capacities(self) -> Mapping[str, Capacity]:
        """What each zone's fleet is asked for, by zone."""
        ...

    def ask(self, zone: str, capacity: Capacity) -> None:
        """Ask for it; a no-op if it is asked for already. Raises CloudtopRefused for a cancelled fleet."""
        ...

    def history(self, zone: str, since: datetime) -> Sequence[FleetEvent]:
        """What the zone's fleet went through, oldest first; up to 30 s late."""
        ...


class Ec2(Protocol):
    """Machines, volumes and snapshots with our tag. All methods raise Ec2Unavailable."""

    def machines(self) -> Sequence[Machine]:
        """Every instance of ours that EC2 still shows, terminated ones too."""
        ...

    def machine(self, instance: str) -> Machine | None:
        """One instance by its id; None when EC2 does not know it (any more)."""
        ...

    def terminate(self, instance: str) -> None: ...

    def volume(self, volume: str) -> Volume | None: ...

    def volumes(self) -> Sequence[Volume]: ...

    def snapshots(self) -> Sequence[Snapshot]:
        """Newest first."""
        ...

    def snapshot(self, snapshot: str) -> Snapshot | None: ...

    def take_snapshot(self, volume: str, *, why: str) -> Snapshot: ...

    def make_volume(self, snapshot: str, *, zone: str, token: str, size_gib: int | None = None) -> Volume:
        """A volume of the snapshot's content; the same `token` always means the same volume."""
        ...

    def grow(self, volume: str, size_gib: int) -> None:
        """Raises CloudtopRefused: smaller, or a modification is still going on (EBS allows four in 24 h)."""
        ...

    def tag(self, resource: str, tags: Mapping[str, str]) -> None: ...


class Book(Protocol):
    """The one table: conditional writes, consistent reads. All methods raise BookUnavailable."""

    def wish(self) -> Wish: ...

    def put_wish(self, wish: Wish) -> None:
        """Write the successor of the wish that was read: `wish.version` is one more than that one's. Raises
        BookConflict."""
        ...

    def home(self) -> Home | None: ...

    def put_home(self, home: Home) -> None:
        """Like `put_wish`."""
        ...

    def notes(self) -> Notes: ...

    def put_notes(self, notes: Notes) -> None:
        """Like `put_wish`."""
        ...

    def lease(self) -> Lease | None: ...

    def free_lease(self, holder: str) -> bool:
        """Take the lease from `holder`; False if it is not theirs (any more)."""
        ...

    def report(self) -> Report | None: ...


class Owner(Protocol):
    """Tells the owner what they should know."""

    def tell(self, text: str) -> None:
        """Raises EventsUnavailable."""
        ...


class Bills(Protocol):
    """What AWS has counted."""

    def month(self, now: datetime) -> "Sequence[Usage]":
        """Everything that was used in the month of `now` so far. Raises BillUnavailable."""
        ...


class NameServer(Protocol):
    """The stable name of the machine."""

    def point(self, address: str) -> None:
        """Let it mean this IPv4 address; a no-op if it does. Raises NamesUnavailable."""
        ...
