"""AWS, seen from the machine: the lease and the report in the one table, the volume in EC2.

The only module of the machine that knows boto3.
"""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from everyday.cloudtop.machine.ports import CloudError, VolumeView
from everyday.cloudtop.machine.settings import MachineSettings
from everyday.cloudtop.names import HOME, LEASE, OWNER_TAG, REPORT, WISH

log = logging.getLogger(__name__)

CONFIG = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
"""The only layer of retries: at worst 3 attempts of 3 + 10 s with waits of up to 1 + 2 s, so 42 s."""

HURRIED = Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 2})
"""For a machine that has two minutes left: 13 s at worst."""

PASSING = {
    "IncorrectState",
    "InternalError",
    "InternalServerError",
    "InvalidInstanceID.NotFound",  # EC2 tells every one of its servers about a new instance in its own time
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "SnapshotCreationPerVolumeRateExceeded",
    "ThrottlingException",
    "Unavailable",
    "VolumeInUse",
}

SPOKEN_LAST = ("notice", "left", "failed")
"""Stages after which a beat must not say that all is well."""


class BotoCloud:
    """See `ports.Cloud`. `now`: the time, with its zone."""

    def __init__(
        self,
        settings: MachineSettings,
        *,
        instance: str,
        zone: str,
        ec2: Any,
        table: Any,
        now: Callable[[], datetime],
    ) -> None:
        self.instance = instance
        self.zone = zone
        self._settings = settings
        self._ec2 = ec2
        self._dynamodb = table
        self._now = now

    def home(self) -> str:
        return str(self._doc(HOME).get("volume") or self._settings.volume)

    def holder(self) -> str | None:
        return _text(self._item(LEASE), "holder")

    def take_lease(self, volume: str) -> bool:
        item = {"pk": LEASE, "holder": self.instance, "volume": volume, "since": self._now().isoformat()}
        try:
            self._dynamodb.put_item(
                TableName=self._settings.table,
                Item={key: {"S": value} for key, value in item.items()},
                ConditionExpression="attribute_not_exists(pk)",
            )
        except (ClientError, BotoCoreError) as error:
            # Refused, or the answer was lost and the write may have been ours: only the item itself knows.
            log.info("the lease is read back after %s", error)
            return self.holder() == self.instance
        return True

    def give_lease(self) -> None:
        with _told("giving the lease back"), _condition():
            self._dynamodb.delete_item(
                TableName=self._settings.table,
                Key=_key(LEASE),
                ConditionExpression="#h = :me",
                ExpressionAttributeNames={"#h": "holder"},
                ExpressionAttributeValues={":me": {"S": self.instance}},
            )

    def volume(self, volume: str) -> VolumeView:
        with _told(f"looking at {volume}"):
            return view_of(self._ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0])

    def attach(self, volume: str, device: str) -> None:
        with _told(f"attaching {volume} to {self.instance}"):
            self._ec2.attach_volume(VolumeId=volume, InstanceId=self.instance, Device=device)

    def detach(self, volume: str) -> None:
        with _told(f"detaching {volume} from {self.instance}"):
            self._ec2.detach_volume(VolumeId=volume, InstanceId=self.instance)

    def tag(self, volume: str, tags: dict[str, str]) -> None:
        with _told(f"tagging {volume}"):
            self._ec2.create_tags(Resources=[volume], Tags=_tags(tags))

    def snapshot(self, volume: str, why: str) -> str:
        tags = {OWNER_TAG: self._settings.name, "Name": f"{self._settings.name}: {why}"}
        with _told(f"taking a snapshot of {volume}"):
            taken = self._ec2.create_snapshot(
                VolumeId=volume,
                Description=f"{why}, from {self.instance}",
                TagSpecifications=[{"ResourceType": "snapshot", "Tags": _tags(tags)}],
            )
        return str(taken["SnapshotId"])

    def report(self, stage: str, detail: str = "") -> None:
        values = {":i": self.instance, ":s": stage, ":t": self._now().isoformat(), ":d": detail[:1000]}
        self._say(
            UpdateExpression="SET #i = :i, #s = :s, #t = :t, #d = :d",
            ExpressionAttributeNames={"#i": "instance", "#s": "stage", "#t": "at", "#d": "detail"},
            ExpressionAttributeValues={key: {"S": value} for key, value in values.items()},
        )

    def beat(self, stage: str, detail: str, dirty: tuple[str, ...]) -> None:
        last = {f":x{number}": stage for number, stage in enumerate(SPOKEN_LAST)}
        values = {":i": self.instance, ":s": stage, ":t": self._now().isoformat(), ":d": detail, **last}
        self._say(
            UpdateExpression="SET #s = :s, #t = :t, #d = :d, #w = :w",
            ConditionExpression=f"#i = :i AND NOT #s IN ({', '.join(last)})",
            ExpressionAttributeNames={
                "#i": "instance",
                "#s": "stage",
                "#t": "at",
                "#d": "detail",
                "#w": "dirty",
            },
            ExpressionAttributeValues={
                ":w": {"L": [{"S": line} for line in dirty]},
                **{key: {"S": value} for key, value in values.items()},
            },
        )

    def hold_until(self) -> float | None:
        text = self._doc(WISH).get("hold_until")
        return None if text is None else datetime.fromisoformat(text).timestamp()

    def _say(self, **update: Any) -> None:
        try:
            with _condition():
                self._dynamodb.update_item(TableName=self._settings.table, Key=_key(REPORT), **update)
        except (ClientError, BotoCoreError) as error:
            log.warning("the report was not taken: %s", error)

    def _item(self, key: str) -> dict[str, Any]:
        with _told(f"reading the item {key} of {self._settings.table}"):
            found = self._dynamodb.get_item(
                TableName=self._settings.table, Key=_key(key), ConsistentRead=True
            )
        return dict(found.get("Item", {}))

    def _doc(self, key: str) -> dict[str, Any]:
        """A record that the keeper or the owner wrote; empty when there is none."""
        return dict(json.loads(_text(self._item(key), "doc") or "{}"))


def connect(
    settings: MachineSettings,
    *,
    instance: str,
    zone: str,
    region: str,
    now: Callable[[], datetime],
    hurried: bool = False,
) -> BotoCloud:
    """The real one; asks nothing yet. `hurried`: for the program that answers the two minutes' notice."""
    session = boto3.Session(region_name=region)
    make: Any = session.client  # typed for literal names only
    config = HURRIED if hurried else CONFIG
    return BotoCloud(
        settings,
        instance=instance,
        zone=zone,
        ec2=make("ec2", endpoint_url=settings.ec2_url, config=config),
        table=make("dynamodb", endpoint_url=settings.dynamodb_url, config=config),
        now=now,
    )


def view_of(volume: dict[str, Any]) -> VolumeView:
    """Of what DescribeVolumes shows. An attachment that is over counts as none."""
    attachments = [one for one in volume.get("Attachments", ()) if one.get("State") != "detached"]
    attachment = attachments[0] if attachments else {}
    return VolumeView(
        id=volume["VolumeId"],
        zone=volume["AvailabilityZone"],
        state=volume["State"],
        attached_to=attachment.get("InstanceId"),
        attachment=attachment.get("State"),
        tags={tag["Key"]: tag["Value"] for tag in volume.get("Tags", ())},
    )


@contextmanager
def _told(doing: str) -> Iterator[None]:
    """What boto3 raises, as a CloudError that begins with `doing`."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
        message = error.response.get("Error", {}).get("Message", "")
        raise CloudError(f"{doing}: {code}: {message}", passing=code in PASSING or status >= 500) from error
    except BotoCoreError as error:
        # Also missing credentials: the metadata service has them a moment after the first boot.
        raise CloudError(f"{doing}: {error}", passing=True) from error


@contextmanager
def _condition() -> Iterator[None]:
    """A write whose condition does not hold (any more) has nothing left to do."""
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
            raise


def _key(pk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}}


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _text(item: dict[str, Any], name: str) -> str | None:
    return item[name]["S"] if name in item else None
