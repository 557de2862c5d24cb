"""EC2's answers in our own words."""

from collections.abc import Mapping, Sequence
from typing import Any

from everyday.cloudtop.model import Machine, Snapshot, Volume


def machine_of(told: Mapping[str, Any]) -> Machine:
    """Of what DescribeInstances shows; an instance on demand has no lifecycle."""
    return Machine(
        id=told["InstanceId"],
        state=told["State"]["Name"],
        zone=told["Placement"]["AvailabilityZone"],
        type=told["InstanceType"],
        market="spot" if told.get("InstanceLifecycle") == "spot" else "on-demand",
        launched_at=told["LaunchTime"],
        image=told.get("ImageId", ""),
        address=told.get("PublicIpAddress") or told.get("PrivateIpAddress", ""),
    )


def volume_of(told: Mapping[str, Any]) -> Volume:
    """Of what DescribeVolumes and CreateVolume show. An attachment that is over counts as none."""
    attachments = [it for it in told.get("Attachments", ()) if it.get("State") != "detached"]
    attachment: Mapping[str, Any] = attachments[0] if attachments else {}
    return Volume(
        id=told["VolumeId"],
        zone=told["AvailabilityZone"],
        state=told["State"],
        size_gib=told["Size"],
        attached_to=attachment.get("InstanceId"),
        attachment=attachment.get("State"),
        tags={tag["Key"]: tag["Value"] for tag in told.get("Tags", ())},
    )


def snapshot_of(told: Mapping[str, Any]) -> Snapshot:
    """Of what DescribeSnapshots and CreateSnapshot show. States other than EC2's three, which belong to the
    archive and the recycle bin, cannot be restored from as they are."""
    state = told["State"]
    return Snapshot(
        id=told["SnapshotId"],
        volume=told["VolumeId"],
        state=state if state in ("pending", "completed") else "error",
        started_at=told["StartTime"],
        size_gib=told["VolumeSize"],
        progress=told.get("Progress", ""),
        why=told.get("Description", ""),
    )


def tags_of(tags: Mapping[str, str]) -> Sequence[Mapping[str, str]]:
    """As EC2 takes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
