"""A keeper over a world in memory: EC2's answers are whatever the test puts there."""

from collections.abc import Sequence
from datetime import datetime

from everyday.adapters.memory_cloudtop import MemoryBook
from everyday.cloudtop.keeping import Keeper
from everyday.cloudtop.looking import Sight
from everyday.cloudtop.model import Capacity, FleetEvent, Machine, Rules, Snapshot, Volume
from everyday.errors import EventsUnavailable, NamesUnavailable
from tests.unit.cloudtop.situations import FREE, HOME, NOON


class NotedFleets:
    def __init__(self) -> None:
        self.asked = {"a": Capacity(), "b": Capacity()}

    def capacities(self) -> dict[str, Capacity]:
        return dict(self.asked)

    def ask(self, zone: str, capacity: Capacity) -> None:
        self.asked[zone] = capacity

    def history(self, zone: str, since: datetime) -> Sequence[FleetEvent]:
        return []


class NotedEc2:
    """Only what the keeper uses; the rest of the port is the owner's."""

    def __init__(self) -> None:
        self.shown: list[Machine] = []
        self.untagged: list[Machine] = []
        self.disk: Volume | None = FREE
        self.ended: list[str] = []

    def machines(self) -> Sequence[Machine]:
        return self.shown

    def machine(self, instance: str) -> Machine | None:
        return next((it for it in (*self.shown, *self.untagged) if it.id == instance), None)

    def terminate(self, instance: str) -> None:
        self.ended.append(instance)

    def volume(self, volume: str) -> Volume | None:
        return self.disk

    def volumes(self) -> Sequence[Volume]:
        raise AssertionError("the keeper looks at the home only")

    def snapshots(self) -> Sequence[Snapshot]:
        raise AssertionError("the keeper takes and reads no snapshots")

    def snapshot(self, snapshot: str) -> Snapshot | None:
        raise AssertionError(snapshot)

    def take_snapshot(self, volume: str, *, why: str) -> Snapshot:
        raise AssertionError(why)

    def make_volume(self, snapshot: str, *, zone: str, token: str, size_gib: int | None = None) -> Volume:
        raise AssertionError(token)

    def grow(self, volume: str, size_gib: int) -> None:
        raise AssertionError(volume)

    def tag(self, resource: str, tags: object) -> None:
        raise AssertionError(resource)


class NotedOwner:
    def __init__(self) -> None:
        self.told: list[str] = []
        self.away = False

    def tell(self, text: str) -> None:
        if self.away:
            raise EventsUnavailable("nobody listens")
        self.told.append(text)

    def point(self, address: str) -> None:
        if self.away:
            raise NamesUnavailable("Route 53 does not answer")
        self.told.append(address)


class World:
    def __init__(self) -> None:
        self.book = MemoryBook()
        self.ec2 = NotedEc2()
        self.fleets = NotedFleets()
        self.owner = NotedOwner()
        self.now = NOON

    def keeper(self, *, named: bool = False) -> Keeper:
        sight = Sight(self.book, self.ec2, self.fleets, HOME)
        return Keeper(
            sight=sight,
            owner=self.owner,
            rules=Rules(named=named),
            clock=lambda: self.now,
            names=self.owner if named else None,
        )
