"""Snapshots of the volume with the data, whether a machine runs or not: Data Lifecycle Manager."""

from typing import Any

from aws_cdk import CfnResource
from constructs import Construct

from everyday.cloudtop.names import HOME_TAG
from stacks.cloudtop_data_stack import tag_list
from stacks.constructs.service_role import service_role

_HOURLY, _DAILY = 24, 14


class MachineSnapshots(Construct):
    """Every hour, kept for a day, and every night, kept for two weeks."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        role = service_role(
            self,
            "Role",
            "dlm",
            "service-role/AWSDataLifecycleManagerServiceRole",
            because="The policy that Data Lifecycle Manager asks for; only that service can take the role.",
        )
        hourly = {"Interval": 1, "IntervalUnit": "HOURS", "Times": ["00:30"]}
        nightly = {"Interval": 24, "IntervalUnit": "HOURS", "Times": ["03:00"]}
        CfnResource(
            self,
            "Policy",
            type="AWS::DLM::LifecyclePolicy",
            properties={
                "Description": "Snapshots of the volume of the CloudTop",
                "State": "ENABLED",
                "ExecutionRoleArn": role.role_arn,
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


def _schedule(name: str, rule: dict[str, Any], kept: int) -> dict[str, Any]:
    return {
        "Name": name,
        "CreateRule": rule,
        "RetainRule": {"Count": kept},
        "CopyTags": True,
        "TagsToAdd": tag_list({"ct:why": name}),
    }
