"""Snapshots of the volume with the data, whether a machine runs or not: Data Lifecycle Manager."""

from typing import Any

import aws_cdk.aws_iam as iam
from aws_cdk import CfnResource
from constructs import Construct

from everyday.cloudtop.names import HOME_TAG
from stacks.acknowledgements import acknowledge
from stacks.cloudtop_data_stack import tag_list

_MANAGED = "service-role/AWSDataLifecycleManagerServiceRole"
_HOURLY, _DAILY = 24, 14


class MachineSnapshots(Construct):
    """Every hour, kept for a day, and every night, kept for two weeks."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        hourly = {"Interval": 1, "IntervalUnit": "HOURS", "Times": ["00:30"]}
        nightly = {"Interval": 24, "IntervalUnit": "HOURS", "Times": ["03:00"]}
        CfnResource(
            self,
            "Policy",
            type="AWS::DLM::LifecyclePolicy",
            properties={
                "Description": "Snapshots of the volume of the CloudTop",
                "State": "ENABLED",
                "ExecutionRoleArn": self._role().role_arn,
                "PolicyDetails": {
                    "PolicyType": "EBS_SNAPSHOT_MANAGEMENT",
                    "ResourceTypes": ["VOLUME"],
                    # More than one tag would mean: any of them.
                    "TargetTags": tag_list({HOME_TAG: "yes"}),
                    "Schedules": [
                        _schedule("hourly", hourly, _HOURLY),
                        _schedule("nightly", nightly, _DAILY),
                    ],
                },
            },
        )

    def _role(self) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("dlm.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(_MANAGED)],
        )
        acknowledge(
            role,
            f"AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{_MANAGED}]",
            because="The policy that Data Lifecycle Manager asks for; only that service can take the role.",
        )
        return role


def _schedule(name: str, rule: dict[str, Any], kept: int) -> dict[str, Any]:
    return {
        "Name": name,
        "CreateRule": rule,
        "RetainRule": {"Count": kept},
        "CopyTags": True,
        "TagsToAdd": tag_list({"ct:why": name}),
    }
