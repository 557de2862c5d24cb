"""What the keeper may do. Each is idempotent: done twice it is done once."""

from everyday.cloudtop.model import Capacity, Notes, Wish
from everyday.record import Record


class SetCapacity(Record, frozen=True, kw_only=True, tag=True):
    """Ask the zone's fleet for so many machines."""

    zone: str
    capacity: Capacity
    why: str


class FreeLease(Record, frozen=True, kw_only=True, tag=True):
    """Take the lease from a holder that is terminated or no longer known to EC2; only if still theirs."""

    holder: str


class Terminate(Record, frozen=True, kw_only=True, tag=True):
    """End an instance: its boot failed, or it is one too many."""

    instance: str
    why: str


class ChangeWish(Record, frozen=True, kw_only=True, tag=True):
    """Write this wish, unless the owner has wished something else in between."""

    wish: Wish


class Tell(Record, frozen=True, kw_only=True, tag=True):
    """Tell the owner, once in a run for each `key`."""

    key: str
    text: str


class PointName(Record, frozen=True, kw_only=True, tag=True):
    """Let the stable name mean this address."""

    address: str


Action = SetCapacity | FreeLease | Terminate | ChangeWish | PointName | Tell


class Decision(Record, frozen=True, kw_only=True):
    """`actions` in the order they are to be done; then `notes` are written."""

    notes: Notes
    actions: tuple[Action, ...] = ()
