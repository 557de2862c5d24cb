"""What starts the CloudTop: a launch template, and in each zone a fleet that the template leaves at zero."""

from collections.abc import Mapping
from typing import Any

import aws_cdk.aws_ec2 as ec2
import aws_cdk.aws_iam as iam
from aws_cdk import CfnResource, Fn
from constructs import Construct

from everyday.cloudtop.names import OWNER_TAG
from stacks.acknowledgements import acknowledge
from stacks.cloudtop_data_stack import NAME, tag_list
from stacks.cloudtop_table import Cloudtop
from stacks.constructs.service_role import service_role

SPOT_FLEET, GROUP = "AWS::EC2::SpotFleet", "AWS::AutoScaling::AutoScalingGroup"


class MachineFleets(Construct):
    """`ids`: by zone, of the Spot Fleet requests or of the Auto Scaling groups.

    Nothing here may start a machine by being deployed: a Spot Fleet is replaced when nearly anything in it
    changes, and the new one is made before the old one ends.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cloudtop: Cloudtop,
        image: str,
        user_data: str,
        role: iam.Role,
        group: ec2.ISecurityGroup,
        subnets: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._cloudtop = cloudtop
        profile = iam.CfnInstanceProfile(self, "Profile", roles=[role.role_name])
        data = _launch(image, profile.attr_arn, group.security_group_id, user_data)
        template = CfnResource(
            self, "Template", type="AWS::EC2::LaunchTemplate", properties={"LaunchTemplateData": data}
        )
        version = template.get_att("LatestVersionNumber").to_string()
        self._template = {"LaunchTemplateId": template.ref, "Version": version}
        self.ids = self._fleets(subnets)

    def _fleets(self, subnets: Mapping[str, str]) -> dict[str, str]:
        if self._cloudtop.engine == "auto-scaling":
            return {zone: self._scaling_group(zone, subnet) for zone, subnet in subnets.items()}
        role = service_role(
            self,
            "FleetRole",
            "spotfleet",
            "service-role/AmazonEC2SpotFleetTaggingRole",
            because="The policy that EC2 asks of a Spot Fleet's role; only the service can take the role.",
        )
        return {zone: self._spot_fleet(zone, subnet, role) for zone, subnet in subnets.items()}

    def _spot_fleet(self, zone: str, subnet: str, role: iam.Role) -> str:
        overrides = [{**each, "SubnetId": subnet} for each in self._wanted()]
        config = {
            "IamFleetRole": role.role_arn,
            "Type": "maintain",
            "TargetCapacity": 0,
            "AllocationStrategy": "priceCapacityOptimized",
            "OnDemandAllocationStrategy": "lowestPrice",
            "InstanceInterruptionBehavior": "terminate",
            "ReplaceUnhealthyInstances": False,
            "LaunchTemplateConfigs": [
                {"LaunchTemplateSpecification": self._template, "Overrides": overrides}
            ],
            "TagSpecifications": [
                {"ResourceType": "spot-fleet-request", "Tags": tag_list({OWNER_TAG: NAME})},
            ],
        }
        if self._cloudtop.max_price:
            config["SpotPrice"] = self._cloudtop.max_price
        fleet = CfnResource(
            self, f"Fleet-{zone}", type=SPOT_FLEET, properties={"SpotFleetRequestConfigData": config}
        )
        # EC2 tries the rights of the role when the fleet is made.
        fleet.node.add_dependency(role)
        return fleet.ref

    def _scaling_group(self, zone: str, subnet: str) -> str:
        """No desired capacity: with one, every deploy would set it again."""
        distribution: dict[str, Any] = {
            "OnDemandBaseCapacity": 0,
            "OnDemandPercentageAboveBaseCapacity": 0,
            "SpotAllocationStrategy": "price-capacity-optimized",
        }
        if self._cloudtop.max_price:
            distribution["SpotMaxPrice"] = self._cloudtop.max_price
        group = CfnResource(
            self,
            f"Group-{zone}",
            type=GROUP,
            properties={
                "MinSize": "0",
                "MaxSize": "1",
                "CapacityRebalance": False,
                "VPCZoneIdentifier": [subnet],
                "MixedInstancesPolicy": {
                    "InstancesDistribution": distribution,
                    "LaunchTemplate": {
                        "LaunchTemplateSpecification": self._template,
                        "Overrides": self._wanted(),
                    },
                },
                "Tags": [{**each, "PropagateAtLaunch": True} for each in tag_list({OWNER_TAG: NAME})],
            },
        )
        acknowledge(
            group,
            "AwsSolutions::AwsSolutions-AS3",
            because="Every machine that comes or goes is an event of EC2, which cloudtop_keeper reads.",
        )
        return group.ref

    def _wanted(self) -> list[dict[str, Any]]:
        """The machines that may be started: by type, or else by what they must have."""
        if self._cloudtop.instance_types:
            return [{"InstanceType": each} for each in self._cloudtop.instance_types]
        vcpus, memory_mib = self._cloudtop.vcpus, self._cloudtop.memory_gib * 1024
        requirements = {
            "VCpuCount": {"Min": vcpus, "Max": vcpus},
            "MemoryMiB": {"Min": memory_mib},
            "CpuManufacturers": ["intel", "amd"],
            "InstanceGenerations": ["current"],
            "BurstablePerformance": "excluded",
            "BareMetal": "excluded",
        }
        return [{"InstanceRequirements": requirements}]


def _launch(image: str, profile: str, group: str, user_data: str) -> dict[str, Any]:
    """LaunchTemplateData. The root disk is not the one with the data, and must not look like it."""
    disk = {"VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}
    tags = tag_list({"Name": NAME, OWNER_TAG: NAME})
    return {
        "ImageId": image,
        "IamInstanceProfile": {"Arn": profile},
        "SecurityGroupIds": [group],
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": disk}],
        "TagSpecifications": [
            {"ResourceType": "instance", "Tags": tags},
            {"ResourceType": "volume", "Tags": tag_list({"Name": f"{NAME}: root"})},
        ],
        "UserData": Fn.base64(user_data),
    }
