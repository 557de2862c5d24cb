"""Machines, volumes and snapshots of one CloudTop in EC2.

What EC2 shows lags behind what it was told by some seconds: an id that it does not know (yet) is None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from everyday.adapters.aws import code_of, translated
from everyday.adapters.cloudtop_shapes import machine_of, snapshot_of, tags_of, volume_of
from everyday.cloudtop.model import Machine, Snapshot, Volume
from everyday.cloudtop.names import HOME_TAG, OWNER_TAG
from everyday.errors import CloudtopRefused, Ec2Unavailable

_UNKNOWN = frozenset(
    {
        "InvalidInstanceID.NotFound",
        "InvalidInstanceID.Malformed",
        "InvalidVolume.NotFound",
        "InvalidSnapshot.NotFound",
    }
)
_NEVER = frozenset(
    {
        "IncorrectModificationState",
        "InvalidParameterCombination",
        "InvalidParameterValue",
        "InvalidVolume.ZoneMismatch",
        "IdempotentParameterMismatch",
        "VolumeModificationRateExceeded",
    }
)


class BotoEc2:
    """The Ec2 port. `name`: the value of the tag that all of it has."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._mine = [{"Name": f"tag:{OWNER_TAG}", "Values": [name]}]
        self._name = name

    def machines(self) -> Sequence[Machine]:
        return [machine_of(it) for it in self._instances(Filters=self._mine)]

    def machine(self, instance: str) -> Machine | None:
        with _known():
            return next((machine_of(it) for it in self._instances(InstanceIds=[instance])), None)
        return None

    def terminate(self, instance: str) -> None:
        with _known(), _told(f"ending {instance}"):
            self._client.terminate_instances(InstanceIds=[instance])

    def volume(self, volume: str) -> Volume | None:
        with _known():
            return next(iter(self._volumes(VolumeIds=[volume])), None)
        return None

    def volumes(self) -> Sequence[Volume]:
        return self._volumes(Filters=self._mine)

    def snapshots(self) -> Sequence[Snapshot]:
        found = self._snapshots(OwnerIds=["self"], Filters=self._mine)
        return sorted(found, key=lambda it: (it.started_at, it.id), reverse=True)

    def snapshot(self, snapshot: str) -> Snapshot | None:
        with _known():
            return next(iter(self._snapshots(SnapshotIds=[snapshot])), None)
        return None

    def take_snapshot(self, volume: str, *, why: str) -> Snapshot:
        with _told(f"taking a snapshot of {volume}"):
            taken = self._client.create_snapshot(
                VolumeId=volume, Description=why, TagSpecifications=[self._tagged("snapshot", {})]
            )
        return snapshot_of(taken)

    def make_volume(self, snapshot: str, *, zone: str, token: str, size_gib: int | None = None) -> Volume:
        with _told(f"making a volume of {snapshot} in {zone}"):
            made = self._client.create_volume(
                SnapshotId=snapshot,
                AvailabilityZone=zone,
                VolumeType="gp3",
                Encrypted=True,
                ClientToken=token,
                TagSpecifications=[self._tagged("volume", {HOME_TAG: "yes"})],
                **({"Size": size_gib} if size_gib else {}),
            )
        return volume_of(made)

    def grow(self, volume: str, size_gib: int) -> None:
        now = self.volume(volume)
        if now is None:
            raise CloudtopRefused(
                f"there is no volume {volume}; `everyday cloudtop status` names the one in use"
            )
        if size_gib < now.size_gib:
            raise CloudtopRefused(f"{volume} has {now.size_gib} GiB, and no volume can be made smaller")
        if size_gib > now.size_gib:
            with _told(f"growing {volume} to {size_gib} GiB"):
                self._client.modify_volume(VolumeId=volume, Size=size_gib)

    def tag(self, resource: str, tags: Mapping[str, str]) -> None:
        with _told(f"tagging {resource}"):
            self._client.create_tags(Resources=[resource], Tags=tags_of(tags))

    def _tagged(self, kind: str, more: Mapping[str, str]) -> Mapping[str, Any]:
        tags = tags_of({OWNER_TAG: self._name, "Name": self._name, **more})
        return {"ResourceType": kind, "Tags": tags}

    def _instances(self, **request: Any) -> Sequence[Mapping[str, Any]]:
        reservations = self._pages("describe_instances", "Reservations", request)
        return [it for each in reservations for it in each["Instances"]]

    def _volumes(self, **request: Any) -> Sequence[Volume]:
        return [volume_of(it) for it in self._pages("describe_volumes", "Volumes", request)]

    def _snapshots(self, **request: Any) -> Sequence[Snapshot]:
        return [snapshot_of(it) for it in self._pages("describe_snapshots", "Snapshots", request)]

    def _pages(self, operation: str, field: str, request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        with _told(f"{operation.replace('_', ' ')}"):
            pages = self._client.get_paginator(operation).paginate(**request)
            return [it for page in pages for it in page[field]]


class _UnknownIdError(Exception):
    """EC2 does not know the id."""


@contextmanager
def _known() -> Iterator[None]:
    """Go on behind the block when EC2 does not know the id."""
    try:
        yield
    except _UnknownIdError:
        return


@contextmanager
def _told(doing: str) -> Iterator[None]:
    with translated(Ec2Unavailable, doing):
        try:
            yield
        except ClientError as error:
            if code_of(error) in _UNKNOWN:
                raise _UnknownIdError from error
            if code_of(error) in _NEVER:
                raise CloudtopRefused(f"{doing}: {error.response['Error'].get('Message')}") from error
            raise
