"""The real keeper and the real machine program over the stand-in's world, in its time.

What is made up: a guest that boots for 60 to 90 seconds, and a table in memory. That nothing is lost on the
disk is tried on virtual machines.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from random import Random

from everyday.adapters.memory_cloudtop import MemoryBook
from everyday.cloudtop.events import Ask, Look
from everyday.cloudtop.keeping import Keeper
from everyday.cloudtop.looking import Sight
from everyday.cloudtop.machine.departure import Departure
from everyday.cloudtop.machine.imds import Notice
from everyday.cloudtop.machine.ports import CloudError, HostError, Probe, VolumeView
from everyday.cloudtop.machine.settings import MachineSettings
from everyday.cloudtop.machine.storage import NoStorageError, Storage
from everyday.cloudtop.model import (
    Capacity,
    FleetEvent,
    Home,
    Machine,
    Report,
    Rules,
    Snapshot,
    Stage,
    Volume,
    Wish,
)
from everyday.cloudtop.names import HOME_TAG
from everyday_local.ec2.things import Copy, Disk, Ec2Error, Fleet, Instance
from everyday_local.ec2.world import World
from tests.faults.cloudtop.actors import Actor

VOLUME, ZONE = "vol-1", "a"
Sleep = Callable[[float], None]
START = 1_790_000_000.0
DATA = Probe(kind="ext4", uuid="u-1", zero=False)


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class Crash(Exception):
    """The keeper ended in the middle."""


class SimEc2:
    """The keeper's side of EC2. `crash`: how likely a call that changes something is the keeper's last."""

    def __init__(self, sim: "Simulation") -> None:
        self._sim, self._world = sim, sim.world

    def capacities(self) -> Mapping[str, Capacity]:
        return {
            it.zone: Capacity(total=it.target, on_demand=it.on_demand) for it in self._world.fleets.values()
        }

    def ask(self, zone: str, capacity: Capacity) -> None:
        self._sim.may_crash()
        self._world.modify_fleet(f"sfr-{zone}", target=capacity.total, on_demand=capacity.on_demand)
        self._sim.may_crash()

    def history(self, zone: str, since: datetime) -> Sequence[FleetEvent]:
        newest_first = reversed(self._world.fleets[f"sfr-{zone}"].history)
        lines = takewhile(lambda it: _at(it.at) >= since, newest_first)
        return [FleetEvent(kind=it.kind, at=_at(it.at), text=it.text) for it in lines][::-1]

    def machines(self) -> Sequence[Machine]:
        """An instance of the last two seconds is not to be found by its tags yet."""
        return [_machine(it) for it in self._world.instances.values() if self._world.now - it.launched > 2]

    def machine(self, instance: str) -> Machine | None:
        found = self._world.instances.get(instance)
        return _machine(found) if found else None

    def terminate(self, instance: str) -> None:
        self._sim.may_crash()
        self._world.end(instance)

    def volume(self, volume: str) -> Volume | None:
        found = self._world.disks.get(volume)
        return _volume(found) if found else None

    def volumes(self) -> Sequence[Volume]:
        return [_volume(it) for it in self._world.disks.values()]

    def snapshots(self) -> Sequence[Snapshot]:
        newest_first = sorted(self._world.copies.values(), key=lambda it: (it.started, it.id), reverse=True)
        return [_snapshot(it) for it in newest_first]

    def snapshot(self, snapshot: str) -> Snapshot | None:
        found = self._world.copies.get(snapshot)
        return _snapshot(found) if found else None

    def take_snapshot(self, volume: str, *, why: str) -> Snapshot:
        return _snapshot(self._world.snapshot(volume, why, {}))

    def make_volume(self, snapshot: str, *, zone: str, token: str, size_gib: int | None = None) -> Volume:
        size = size_gib or self._world.copies[snapshot].size_gib
        disk = Disk(id="", zone=zone, size_gib=size, token=token, tags={HOME_TAG: "yes"})
        return _volume(self._world.make_disk(disk, snapshot))

    def grow(self, volume: str, size_gib: int) -> None:
        self._world.grow(volume, size_gib)

    def tag(self, resource: str, tags: Mapping[str, str]) -> None:
        self._world.disks[resource].tags.update(tags)


def _volume(disk: Disk) -> Volume:
    return Volume(
        id=disk.id,
        zone=disk.zone,
        state="in-use" if disk.at else "available",
        size_gib=disk.size_gib,
        attached_to=disk.at,
        attachment=disk.attachment,  # type: ignore[arg-type]
        tags=disk.tags,
    )


def _snapshot(copy: Copy) -> Snapshot:
    return Snapshot(
        id=copy.id,
        volume=copy.volume,
        state=copy.state,  # type: ignore[arg-type]
        started_at=_at(copy.started),
        size_gib=copy.size_gib,
        why=copy.why,
    )


def _machine(told: Instance) -> Machine:
    return Machine(
        id=told.id,
        state=told.state,  # type: ignore[arg-type]
        zone=told.zone,
        type=told.type,
        market=told.market,
        launched_at=_at(told.launched),
    )


class Guest:
    """One machine: its Host, its Cloud and its program. Asserts what must never happen."""

    def __init__(self, sim: "Simulation", instance: Instance) -> None:
        self.zone = instance.zone
        self.sim, self.instance, self._it = sim, instance.id, instance
        self.is_mounted = False
        self.settings = MachineSettings(table="t", volume=VOLUME, run=sim.folder / instance.id)
        self.actor = Actor(sim.world, self._live)

    def _live(self, sleep: Sleep) -> None:
        sleep(self.sim.random.uniform(60, 90))
        storage = Storage(
            host=self,
            cloud=self,
            settings=self.settings,
            noticed=lambda: self._it.notice is not None,
            clock=lambda: self.sim.world.now,
            sleep=sleep,
            fresh=lambda: "u-new",
        )
        try:
            storage.open()
        except (NoStorageError, CloudError, HostError) as error:
            if self._it.notice is None:
                self.report("failed", str(error))
            return
        self._work(sleep)

    def _work(self, sleep: Sleep) -> None:
        """As the watch does."""
        departure = Departure(host=self, cloud=self, settings=self.settings, time=lambda: self.sim.world.now)
        while True:
            if self._it.notice is not None:
                left = Notice(action="terminate", time=self._it.notice)
                departure.go_on(left, rebalance=False)
            sleep(self.sim.watch_seconds)

    # The cloud

    def home(self) -> str:
        self._may_fail()
        return self.sim.data

    def holder(self) -> str | None:
        lease = self.sim.book.lease()
        return lease.holder if lease else None

    def take_lease(self, volume: str) -> bool:
        self._may_fail()
        return self.sim.book.take_lease(self.instance, volume, _at(self.sim.world.now))

    def give_lease(self) -> None:
        self._may_fail()
        assert not self.is_mounted, "the lease was given back by who has the data mounted"
        self.sim.book.free_lease(self.instance)

    def volume(self, volume: str) -> VolumeView:
        disk = self.sim.world.disks[volume]
        state = "in-use" if disk.at else "available"
        return VolumeView(
            id=volume, zone=disk.zone, state=state, attached_to=disk.at, attachment=disk.attachment, tags={}
        )

    def attach(self, volume: str, device: str) -> None:
        holder = self.holder()
        assert holder == self.instance, f"{self.instance} attaches, and {holder} has the lease"
        self._asked(lambda: self.sim.world.attach(volume, self.instance, device))

    def detach(self, volume: str) -> None:
        assert not self.is_mounted, "detached while it is mounted"
        self._asked(lambda: self.sim.world.detach(volume, self.instance))

    def tag(self, volume: str, tags: dict[str, str]) -> None:
        self._may_fail()

    def snapshot(self, volume: str, why: str) -> str:
        self._may_fail()
        return self.sim.world.snapshot(volume, why, {}).id

    def report(self, stage: Stage | str, detail: str = "") -> None:
        now = _at(self.sim.world.now)
        self.sim.book.say(Report(instance=self.instance, stage=stage, at=now, detail=detail))  # type: ignore[arg-type]
        if stage == "ready":
            self.sim.usable()

    def beat(self, stage: str, detail: str, dirty: tuple[str, ...]) -> None: ...

    def hold_until(self) -> float | None:
        return None

    def _may_fail(self) -> None:
        if self.sim.random.random() < 0.05:
            raise CloudError("RequestLimitExceeded", passing=True)

    def _asked(self, call: Callable[[], None]) -> None:
        self._may_fail()
        try:
            call()
        except Ec2Error as error:
            raise CloudError(str(error), passing=error.code in ("VolumeInUse", "IncorrectState")) from error

    # The operating system

    def device_of(self, volume: str) -> Path | None:
        disk = self.sim.world.disks[volume]
        there = disk.at == self.instance and disk.attachment == "attached"
        return Path("/dev/x") if there else None

    def probe(self, device: Path) -> Probe:
        return DATA

    def make_filesystem(self, device: Path, uuid: str) -> None:
        raise AssertionError("formatted what holds data")

    def check(self, device: Path, kind: str) -> bool:
        return True

    def grow(self, device: Path, kind: str, path: Path) -> None: ...

    def mount(self, device: Path, path: Path, *, read_only: bool = False) -> None:
        assert self.sim.world.disks[self.sim.data].at == self.instance, "mounted what is not attached"
        others = [it.instance for it in self.sim.guests.values() if it.is_mounted and it is not self]
        assert not others, f"{others} have it mounted too"
        self.sim.mounts += 1
        self.is_mounted = True

    def mounted(self, path: Path) -> bool:
        return self.is_mounted

    def unmount(self, path: Path) -> bool:
        self.is_mounted = self.sim.random.random() < 0.3  # somebody holds it for a while
        return not self.is_mounted

    def sync(self) -> None: ...

    def warn(self, text: str) -> None: ...

    def stop_services(self) -> None: ...

    def run_hook(self, path: Path, seconds: float) -> str:
        return "there is none"


class Simulation:
    """One CloudTop, wanted, with a keeper that looks every minute, and sometimes ends in the middle."""

    watch_seconds = 5.0

    def __init__(
        self,
        seed: int,
        folder: Path,
        *,
        types: tuple[str, ...] = ("x", "y"),
        rules: Rules = Rules(),  # noqa: B008 - frozen
    ) -> None:
        self.random = Random(seed)
        self.folder = folder
        self.world = World(START, self.random)
        self.book = MemoryBook()
        self.mounts = 0
        self.guests: dict[str, Guest] = {}
        self._ended: list[Guest] = []
        self.back: list[float] = []
        self.crash = 0.0
        self._interrupted: float | None = None
        for zone in (ZONE, "b"):
            self.world.make_fleet(Fleet(id=f"sfr-{zone}", zone=zone, types=types))
        self.world.make_disk(Disk(id=VOLUME, zone=ZONE, size_gib=50, tags={HOME_TAG: "yes"}))
        self.world.on_running = self._begin
        self.world.on_ended = self._end
        self.book.put_wish(Wish(up=True, asked_at=_at(START), version=1))
        ec2 = SimEc2(self)
        self.sight = Sight(self.book, ec2, ec2, Home(zone=ZONE, volume=VOLUME))
        self.keeper = Keeper(
            sight=self.sight,
            owner=self,
            rules=rules,
            clock=lambda: _at(self.world.now),
        )
        self._tick()

    def tell(self, text: str) -> None:
        """Nobody listens."""

    @property
    def data(self) -> str:
        """The volume with the data."""
        return (self.book.home() or self.sight.first).volume

    def may_crash(self) -> None:
        if self.random.random() < self.crash:
            raise Crash

    def usable(self) -> None:
        """A machine is ready."""
        if self._interrupted is not None:
            self.back.append(self.world.now - self._interrupted)
            self._interrupted = None

    def until_usable(self, seconds: float) -> bool:
        """Let time pass until a machine has the data, for so long at most."""
        until = self.world.now + seconds
        while self.world.now < until:
            if any(
                it.is_mounted and it.sim.world.instances[it.instance].notice is None for it in self.living()
            ):
                return True
            self.world.advance(self.world.now + 1)
        return False

    def rest(self) -> None:
        """The owner stops the machine, and wants it again when it has ended."""
        self.keeper.hear(Ask(up=False, reason="owner"))
        self.world.after(240, self._again)

    def _again(self) -> None:
        self.keeper.hear(Ask(up=True, reason="owner"))

    def living(self) -> list[Guest]:
        """Guests whose power is on; raises what one of their programs raised."""
        for guest in (*self.guests.values(), *self._ended):
            if guest.actor.error:
                raise guest.actor.error
        self._ended = [it for it in self._ended if not it.actor.over]
        return [
            it for it in self.guests.values() if it.instance in self.world.instances and not it.actor.over
        ]

    def at_work(self) -> Guest | None:
        """Who has the data."""
        return next((it for it in self.living() if it.is_mounted), None)

    def interrupt(self, *, notice: bool) -> None:
        """EC2 takes the machine that has the data."""
        guest = self.at_work()
        assert guest, "nobody has the data"
        self._interrupted = self.world.now
        if notice:
            self.world.give_notice(guest.instance)
        else:
            self.world.cut_power(guest.instance)

    def _begin(self, instance: Instance) -> None:
        self.guests[instance.id] = Guest(self, instance)

    def _end(self, instance: Instance) -> None:
        """Its power goes: what was mounted is no longer."""
        if guest := self.guests.pop(instance.id, None):
            guest.actor.kill()
            guest.is_mounted = False
            self._ended.append(guest)
        if self.random.random() < 0.7:  # an event of EC2's; some are lost, and some come twice
            for _ in range(self.random.choice((1, 1, 2))):
                self.world.after(self.random.uniform(0, 20), self._look)

    def _tick(self) -> None:
        self._look()
        self.world.after(60, self._tick)

    def _look(self) -> None:
        try:
            self.keeper.hear(Look("tick"))
        except Crash:
            return  # the next minute does the rest
