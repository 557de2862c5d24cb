"""What there is, in EC2's own words: as the answers of its API have it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from everyday_local.ec2.things import Copy, Disk, Fleet, Happening, Instance

_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48}


def at(seconds: float) -> datetime:
    """A time of the world."""
    return datetime.fromtimestamp(seconds, UTC)


def tags(of: Mapping[str, str]) -> list[dict[str, str]]:
    """As EC2 lists them."""
    return [{"Key": key, "Value": value} for key, value in of.items()]


def state(instance: Instance) -> dict[str, Any]:
    """With EC2's number for it."""
    return {"Code": _CODES[instance.state], "Name": instance.state}


def instance(it: Instance) -> dict[str, Any]:
    """A member of DescribeInstances."""
    return {
        "InstanceId": it.id,
        "InstanceType": it.type,
        "InstanceLifecycle": "spot" if it.market == "spot" else None,
        "LaunchTime": at(it.launched),
        "Placement": {"AvailabilityZone": it.zone},
        "State": state(it),
        "Tags": tags(it.tags),
    }


def volume(it: Disk) -> dict[str, Any]:
    """A member of DescribeVolumes, and what CreateVolume answers."""
    attachments = [{"InstanceId": it.at, "VolumeId": it.id, "State": it.attachment}] if it.at else []
    return {
        "VolumeId": it.id,
        "AvailabilityZone": it.zone,
        "Size": it.size_gib,
        "State": it.state,
        "Attachments": attachments,
        "Tags": tags(it.tags),
    }


def snapshot(it: Copy) -> dict[str, Any]:
    """A member of DescribeSnapshots, and what CreateSnapshot answers."""
    return {
        "SnapshotId": it.id,
        "VolumeId": it.volume,
        "State": it.state,
        "StartTime": at(it.started),
        "VolumeSize": it.size_gib,
        "Description": it.why,
        "Progress": "100%" if it.state == "completed" else "10%",
        "Tags": tags(it.tags),
    }


def fleet(it: Fleet) -> dict[str, Any]:
    """A member of DescribeSpotFleetRequests."""
    return {
        "SpotFleetRequestId": it.id,
        "SpotFleetRequestState": it.state,
        "SpotFleetRequestConfig": {
            "Type": "maintain",
            "TargetCapacity": it.target,
            "OnDemandTargetCapacity": it.on_demand,
        },
    }


def happening(it: Happening) -> dict[str, Any]:
    """A line of DescribeSpotFleetRequestHistory."""
    about = {"EventSubType": it.kind, "EventDescription": it.text}
    return {"EventType": "information", "EventInformation": about, "Timestamp": at(it.at)}
