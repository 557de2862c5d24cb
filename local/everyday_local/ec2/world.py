"""A region of EC2 in memory: strict where EC2 is strict, and nothing happens but by `advance`.

Held to: no volume crosses zones, none is attached twice, a fleet of type maintain replaces what ends, a fleet
that is asked for less tells the surplus machine by a notice, volumes only grow and at most four times a day.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from random import Random

from everyday_local.ec2.hypervisor import Hypervisor, NoHypervisor
from everyday_local.ec2.things import Copy, Disk, Ec2Error, Fleet, Happening, Instance, Market, Pace

_LIVE = ("pending", "running")
DAY = 86400.0
MODIFICATIONS = 4
"""EBS user guide, «Request modifications to your EBS volumes»: in a rolling 24 hours."""


class World:
    """`capacity(type, zone, market)`: whether EC2 has such a machine now. `on_running` and `on_ended` are
    called when an instance begins to run, and when its power goes."""

    def __init__(
        self, now: float, random: Random, *, hypervisor: Hypervisor | None = None, pace: Pace | None = None
    ) -> None:
        self.now = now
        self.random = random
        self.pace = pace or Pace()
        self.hypervisor = hypervisor or NoHypervisor()
        self.instances: dict[str, Instance] = {}
        self.disks: dict[str, Disk] = {}
        self.copies: dict[str, Copy] = {}
        self.fleets: dict[str, Fleet] = {}
        self.capacity: Callable[[str, str, Market], bool] = lambda _type, _zone, _market: True
        self.on_running: Callable[[Instance], None] = lambda _: None
        self.on_ended: Callable[[Instance], None] = lambda _: None
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._ids = count(1)
        self._tending: set[str] = set()

    def after(self, seconds: float, then: Callable[[], None]) -> None:
        """Let something happen."""
        heappush(self._due, (self.now + seconds, next(self._order), then))

    def advance(self, to: float) -> None:
        """Let everything happen that is due until then, in order."""
        while self._due and self._due[0][0] <= to:
            self.now, _, then = heappop(self._due)
            then()
        self.now = max(self.now, to)

    def make_fleet(self, fleet: Fleet) -> None:
        """Known again by the same id: nothing happens."""
        self.fleets.setdefault(fleet.id, fleet)

    def modify_fleet(self, fleet_id: str, *, target: int, on_demand: int) -> None:
        """ModifySpotFleetRequest."""
        fleet = self.fleet(fleet_id)
        if fleet.state not in ("active", "modifying"):
            raise Ec2Error("InvalidSpotFleetRequestState", f"{fleet_id} is {fleet.state}")
        if not 0 <= on_demand <= target:
            raise Ec2Error("InvalidParameterValue", "OnDemandTargetCapacity is more than TargetCapacity")
        fleet.target, fleet.on_demand = target, on_demand
        self._tend(fleet)

    def fleet(self, fleet_id: str) -> Fleet:
        if fleet_id not in self.fleets:
            raise Ec2Error("InvalidSpotFleetRequestId.NotFound", fleet_id)
        return self.fleets[fleet_id]

    def _tend(self, fleet: Fleet) -> None:
        """Launch what is missing, or let go of what is too much."""
        staying = self._staying(fleet)
        for surplus in staying[fleet.target :]:
            self._note(fleet, "termination_notified", surplus.id)
            self.give_notice(surplus.id)
        if len(staying) < fleet.target and fleet.id not in self._tending:
            self._tending.add(fleet.id)
            self.after(self._span(self.pace.launch), lambda: self._launch(fleet))

    def _launch(self, fleet: Fleet) -> None:
        self._tending.discard(fleet.id)
        staying = self._staying(fleet)
        if len(staying) >= fleet.target:
            return
        market: Market = "on-demand" if fleet.on_demand else "spot"
        kind = next((it for it in fleet.types if self.capacity(it, fleet.zone, market)), None)
        if kind is None:
            self._note(fleet, "allLaunchSpecsTemporarilyBlacklisted", f"no capacity in {fleet.zone}")
            self._tending.add(fleet.id)
            self.after(self._span(self.pace.retry), lambda: self._launch(fleet))
            return
        made = Instance(
            id=self._new("i"),
            type=kind,
            zone=fleet.zone,
            market=market,
            launched=self.now,
            fleet=fleet.id,
            tags=dict(fleet.tags),
        )
        self.instances[made.id] = made
        self._note(fleet, "launched", made.id)
        self.after(self._span((3, 10)), lambda: self._run(made))

    def _staying(self, fleet: Fleet) -> list[Instance]:
        mine = (it for it in self.instances.values() if it.fleet == fleet.id)
        return [it for it in mine if it.state in _LIVE and it.notice is None]

    def _run(self, instance: Instance) -> None:
        if instance.state == "pending":
            instance.state = "running"
            self.on_running(instance)

    def _note(self, fleet: Fleet, kind: str, text: str) -> None:
        fleet.history.append(Happening(self.now, kind, text))

    def instance(self, instance_id: str) -> Instance:
        if instance_id not in self.instances:
            raise Ec2Error("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")
        return self.instances[instance_id]

    def give_notice(self, instance_id: str) -> None:
        """The two minutes begin."""
        instance = self.instance(instance_id)
        if instance.state in _LIVE and instance.notice is None:
            instance.notice = self.now + self.pace.notice
            self.after(self.pace.notice, lambda: self.end(instance_id))
            self._tend(self.fleets[instance.fleet])

    def cut_power(self, instance_id: str) -> None:
        """It ends without a word."""
        self.end(instance_id)

    def end(self, instance_id: str) -> None:
        """TerminateInstances, or EC2 by itself."""
        instance = self.instance(instance_id)
        if instance.state not in _LIVE:
            return
        instance.state = "shutting-down"
        self.on_ended(instance)
        self.after(self._span(self.pace.shut_down), lambda: self._ended(instance))
        self._tend(self.fleets[instance.fleet])

    def _ended(self, instance: Instance) -> None:
        instance.state, instance.ended = "terminated", self.now
        for disk in self.disks.values():
            if disk.at == instance.id:
                self._free(disk)
        self.after(self.pace.forget, lambda: self._forget(instance.id))

    def _forget(self, instance_id: str) -> None:
        self.instances.pop(instance_id, None)

    def disk(self, volume: str) -> Disk:
        if volume not in self.disks:
            raise Ec2Error("InvalidVolume.NotFound", f"The volume '{volume}' does not exist.")
        return self.disks[volume]

    def attach(self, volume: str, instance_id: str, device: str) -> None:
        """AttachVolume."""
        disk, instance = self.disk(volume), self.instance(instance_id)
        if disk.state != "available":
            code = "VolumeInUse" if disk.state == "in-use" else "IncorrectState"
            raise Ec2Error(code, f"{volume} is {disk.state}, at {disk.at}")
        if disk.zone != instance.zone:
            raise Ec2Error("InvalidVolume.ZoneMismatch", f"{volume} is in {disk.zone}, not {instance.zone}")
        if instance.state != "running":
            raise Ec2Error("IncorrectState", f"{instance_id} is {instance.state}")
        disk.state, disk.at, disk.attachment = "in-use", instance_id, "attaching"
        self.after(self._span(self.pace.attach), lambda: self._attached(disk, instance_id, device))

    def _attached(self, disk: Disk, instance_id: str, device: str) -> None:
        if (disk.at, disk.attachment) == (instance_id, "attaching"):
            disk.attachment = "attached"
            self.hypervisor.attach(instance_id, disk.id, device)

    def detach(self, volume: str, instance_id: str) -> None:
        """DetachVolume, without force."""
        disk = self.disk(volume)
        if disk.at != instance_id or disk.attachment in ("detaching", "busy"):
            raise Ec2Error("IncorrectState", f"{volume} is {disk.attachment} at {disk.at}")
        disk.attachment = "detaching"
        self.after(self._span(self.pace.detach), lambda: self._detached(disk, instance_id))

    def _detached(self, disk: Disk, instance_id: str) -> None:
        """The guest has to let go of it first."""
        if disk.at != instance_id or disk.attachment not in ("detaching", "busy"):
            return
        if self.hypervisor.detach(instance_id, disk.id):
            self._free(disk)
        else:
            disk.attachment = "busy"
            self.after(self._span(self.pace.detach), lambda: self._detached(disk, instance_id))

    def _free(self, disk: Disk) -> None:
        disk.state, disk.at, disk.attachment = "available", None, None

    def grow(self, volume: str, size_gib: int) -> None:
        """ModifyVolume."""
        disk = self.disk(volume)
        if size_gib < disk.size_gib:
            raise Ec2Error("InvalidParameterValue", "New size cannot be smaller than existing size")
        disk.modified = [at for at in disk.modified if at > self.now - DAY]
        if len(disk.modified) >= MODIFICATIONS:
            raise Ec2Error("VolumeModificationRateExceeded", f"{volume} was modified {MODIFICATIONS} times")
        disk.modified.append(self.now)
        disk.size_gib = size_gib

    def snapshot(self, volume: str, why: str, tags: dict[str, str]) -> Copy:
        """CreateSnapshot: its content is that of now."""
        made = Copy(
            id=self._new("snap"),
            volume=volume,
            started=self.now,
            size_gib=self.disk(volume).size_gib,
            why=why,
            tags=tags,
        )
        self.copies[made.id] = made
        self.hypervisor.taken(made.id, volume=volume)
        self.after(self._span(self.pace.snapshot), lambda: setattr(made, "state", "completed"))
        return made

    def make_disk(self, disk: Disk, snapshot: str | None = None) -> Disk:
        """CreateVolume; the same token always means the same volume."""
        for known in self.disks.values():
            if disk.token and known.token == disk.token:
                return known
        if snapshot is not None:
            copy = self.copies.get(snapshot)
            if copy is None:
                raise Ec2Error("InvalidSnapshot.NotFound", f"The snapshot '{snapshot}' does not exist.")
            if copy.state != "completed":
                raise Ec2Error("IncorrectState", f"{snapshot} is {copy.state}")
            if disk.size_gib < copy.size_gib:
                raise Ec2Error("InvalidParameterValue", f"{disk.size_gib} GiB is less than the snapshot has")
        disk.id = disk.id or self._new("vol")
        self.disks[disk.id] = disk
        self.hypervisor.made(disk.id, size_gib=disk.size_gib, snapshot=snapshot)
        return disk

    def _span(self, between: tuple[float, float]) -> float:
        return self.random.uniform(*between)

    def _new(self, kind: str) -> str:
        return f"{kind}-{next(self._ids):017x}"
