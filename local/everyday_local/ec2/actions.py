"""EC2's actions over the world, by name: parameters in, the answer out. Any other is refused."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from everyday_local.ec2 import views
from everyday_local.ec2.things import Disk, Ec2Error, Instance
from everyday_local.ec2.world import World

UNKNOWN_SECONDS = 2.0
"""So long a new instance is not to be found: EC2 tells every one of its servers in its own time."""

HISTORY_LATE_SECONDS = 30.0
"""EC2 user guide: a fleet's history shows an event up to so much later."""

Parameters = Mapping[str, Any]


class _Tagged(Protocol):
    tags: dict[str, str]


_Thing = TypeVar("_Thing", bound=_Tagged)


class Actions:
    """Called under a lock, after the world has been brought up to now."""

    def __init__(self, world: World) -> None:
        self._world = world

    def act(self, name: str, asked: Parameters) -> dict[str, Any]:
        """Raises Ec2Error."""
        action: Callable[[Parameters], dict[str, Any]] | None = getattr(self, name, None)
        if action is None or not name[:1].isupper():
            raise Ec2Error("UnsupportedOperation", f"the stand-in does not know {name}")
        return action(asked)

    def DescribeInstances(self, asked: Parameters) -> dict[str, Any]:
        known = [it for it in self._world.instances.values() if self._is_known(it)]
        for name in asked.get("InstanceIds", ()):
            self._instance(name)
        found = _chosen(known, asked, "InstanceIds", lambda it: it.id)
        return {
            "Reservations": [
                {"ReservationId": f"r-{it.id}", "Instances": [views.instance(it)]} for it in found
            ]
        }

    def TerminateInstances(self, asked: Parameters) -> dict[str, Any]:
        ended = [self._instance(name) for name in asked["InstanceIds"]]
        before = [views.state(it) for it in ended]
        for it in ended:
            self._world.end(it.id)
        changes = zip(ended, before, strict=True)
        return {
            "TerminatingInstances": [
                {"InstanceId": it.id, "PreviousState": old, "CurrentState": views.state(it)}
                for it, old in changes
            ]
        }

    def DescribeVolumes(self, asked: Parameters) -> dict[str, Any]:
        for name in asked.get("VolumeIds", ()):
            self._world.disk(name)
        found = _chosen(self._world.disks.values(), asked, "VolumeIds", lambda it: it.id)
        return {"Volumes": [views.volume(it) for it in found]}

    def CreateVolume(self, asked: Parameters) -> dict[str, Any]:
        snapshot = asked.get("SnapshotId")
        copy = self._world.copies.get(snapshot) if snapshot else None
        size = asked.get("Size") or (copy.size_gib if copy else 0)
        if not size and not snapshot:
            raise Ec2Error("MissingParameter", "The request must contain the parameter size or snapshotId")
        disk = Disk(
            id="",
            zone=asked["AvailabilityZone"],
            size_gib=size,
            token=asked.get("ClientToken", ""),
            tags=_given_tags(asked, "volume"),
        )
        return views.volume(self._world.make_disk(disk, snapshot))

    def AttachVolume(self, asked: Parameters) -> dict[str, Any]:
        self._instance(asked["InstanceId"])
        self._world.attach(asked["VolumeId"], asked["InstanceId"], asked["Device"])
        return self._attachment(asked["VolumeId"])

    def DetachVolume(self, asked: Parameters) -> dict[str, Any]:
        if asked.get("Force"):
            raise Ec2Error("UnsupportedOperation", "nobody here may take a volume by force")
        disk = self._world.disk(asked["VolumeId"])
        self._world.detach(disk.id, asked.get("InstanceId") or disk.at or "")
        return self._attachment(disk.id)

    def ModifyVolume(self, asked: Parameters) -> dict[str, Any]:
        self._world.grow(asked["VolumeId"], asked["Size"])
        return {
            "VolumeModification": {
                "VolumeId": asked["VolumeId"],
                "ModificationState": "modifying",
                "TargetSize": asked["Size"],
            }
        }

    def CreateSnapshot(self, asked: Parameters) -> dict[str, Any]:
        why = asked.get("Description", "")
        return views.snapshot(self._world.snapshot(asked["VolumeId"], why, _given_tags(asked, "snapshot")))

    def DescribeSnapshots(self, asked: Parameters) -> dict[str, Any]:
        for name in asked.get("SnapshotIds", ()):
            if name not in self._world.copies:
                raise Ec2Error("InvalidSnapshot.NotFound", f"The snapshot '{name}' does not exist.")
        found = _chosen(self._world.copies.values(), asked, "SnapshotIds", lambda it: it.id)
        return {"Snapshots": [views.snapshot(it) for it in found]}

    def CreateTags(self, asked: Parameters) -> dict[str, Any]:
        for name in asked["Resources"]:
            self._thing(name).tags.update({tag["Key"]: tag["Value"] for tag in asked["Tags"]})
        return {}

    def DescribeSpotFleetRequests(self, asked: Parameters) -> dict[str, Any]:
        names = asked.get("SpotFleetRequestIds") or list(self._world.fleets)
        return {"SpotFleetRequestConfigs": [views.fleet(self._world.fleet(name)) for name in names]}

    def ModifySpotFleetRequest(self, asked: Parameters) -> dict[str, Any]:
        fleet = self._world.fleet(asked["SpotFleetRequestId"])
        target = asked.get("TargetCapacity", fleet.target)
        on_demand = asked.get("OnDemandTargetCapacity", min(fleet.on_demand, target))
        self._world.modify_fleet(fleet.id, target=target, on_demand=on_demand)
        return {"Return": True}

    def DescribeSpotFleetRequestHistory(self, asked: Parameters) -> dict[str, Any]:
        fleet = self._world.fleet(asked["SpotFleetRequestId"])
        until = views.at(self._world.now) - timedelta(seconds=HISTORY_LATE_SECONDS)
        lines = [it for it in fleet.history if asked["StartTime"] <= views.at(it.at) <= until]
        return {
            "SpotFleetRequestId": fleet.id,
            "StartTime": asked["StartTime"],
            "HistoryRecords": [views.happening(it) for it in lines],
        }

    def _is_known(self, instance: Instance) -> bool:
        return self._world.now - instance.launched >= UNKNOWN_SECONDS

    def _instance(self, name: str) -> Instance:
        found = self._world.instance(name)
        if not self._is_known(found):
            raise Ec2Error("InvalidInstanceID.NotFound", f"The instance ID '{name}' does not exist")
        return found

    def _thing(self, name: str) -> _Tagged:
        if name.startswith("vol-"):
            return self._world.disk(name)
        if name in self._world.copies:
            return self._world.copies[name]
        return self._instance(name)

    def _attachment(self, volume: str) -> dict[str, Any]:
        disk = self._world.disk(volume)
        return {"VolumeId": disk.id, "InstanceId": disk.at, "State": disk.attachment}


def _chosen(
    things: Iterable[_Thing], asked: Parameters, ids: str, name: Callable[[_Thing], str]
) -> Sequence[_Thing]:
    """By ids and by filters on tags, the only ones that are known here."""
    wanted = asked.get(ids)
    found = [it for it in things if wanted is None or name(it) in wanted]
    for each in asked.get("Filters", ()):
        kind, _, key = each["Name"].partition(":")
        if kind != "tag":
            raise Ec2Error("InvalidParameterValue", f"The filter '{each['Name']}' is invalid")
        found = [it for it in found if it.tags.get(key) in each["Values"]]
    return found


def _given_tags(asked: Parameters, kind: str) -> dict[str, str]:
    given = [each for each in asked.get("TagSpecifications", ()) if each["ResourceType"] == kind]
    return {tag["Key"]: tag["Value"] for each in given for tag in each["Tags"]}
