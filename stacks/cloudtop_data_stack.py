"""What `cloudtop` must never lose: the volume, and the table with the lease. Apart from all that changes."""

import aws_cdk.aws_dynamodb as dynamodb
from aws_cdk import CfnResource, Environment, RemovalPolicy, Stack
from constructs import Construct

from everyday.cloudtop.names import FIRST_USE_TAG, HOME_TAG, OWNER_TAG
from stacks.acknowledgements import acknowledge
from stacks.outputs import publish
from stacks.stage import Stage

NAME = "cloudtop"
VOLUME = "AWS::EC2::Volume"


class CloudtopDataStack(Stack):
    """Logical ids and the zone are pinned by a test: a change of either is a new, empty volume."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: Stage, zone: str, volume_gib: int
    ) -> None:
        super().__init__(
            scope, construct_id, env=Environment(region=stage.region), termination_protection=stage.keeps
        )
        self.table = self._table(keeps=stage.keeps)
        self.volume = self._volume(zone, volume_gib)
        publish(self, CloudtopTable=self.table.table_name, CloudtopVolume=self.volume)

    def _table(self, *, keeps: bool) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=keeps,
            removal_policy=RemovalPolicy.RETAIN if keeps else RemovalPolicy.DESTROY,
        )

    def _volume(self, zone: str, size_gib: int) -> str:
        """The volume's id. It keeps the tag of its first use: that alone lets nothing be formatted."""
        tags = {"Name": NAME, OWNER_TAG: NAME, HOME_TAG: "yes", FIRST_USE_TAG: "yes"}
        volume = CfnResource(
            self,
            "Volume",
            type=VOLUME,
            properties={
                "AvailabilityZone": zone,
                "Size": size_gib,
                "VolumeType": "gp3",
                "Encrypted": True,
                "Tags": tag_list(tags),
            },
        )
        volume.apply_removal_policy(RemovalPolicy.RETAIN)
        acknowledge(
            volume,
            "CloudFormation-Validate::W3010",
            because="The data lives in the zone that its owner named; another one would be another volume.",
        )
        return volume.ref


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """As CloudFormation takes tags."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
