"""What the machine and the keeper of `cloudtop` may do."""

from collections.abc import Iterable

import aws_cdk.aws_dynamodb as dynamodb
import aws_cdk.aws_iam as iam
from aws_cdk import Stack
from constructs import Construct

from everyday.cloudtop.names import (
    FORMATTED_TAG,
    FORMATTING_TAG,
    HOME,
    HOME_TAG,
    LEASE,
    OWNER_TAG,
    REPORT,
    WISH,
)
from stacks.acknowledgements import acknowledge_reads, acknowledge_wildcards
from stacks.cloudtop_data_stack import NAME
from stacks.constructs.machine_fleets import GROUP
from stacks.constructs.thin_function import ThinFunction

_OWN = {"ec2:ResourceTag/" + OWNER_TAG: NAME}
_HOME = {**_OWN, "ec2:ResourceTag/" + HOME_TAG: "yes"}


class MachineRole(Construct):
    """Who the machine is. On it runs whatever its owner runs, so it has no right over any fleet, and of all
    volumes it may handle the one with the data."""

    def __init__(self, scope: Construct, construct_id: str, *, table: dynamodb.ITable) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
        self._let_in()
        self._let_have_the_volume()
        self._let_report(table)

    def _let_in(self) -> None:
        """Session Manager (Systems Manager user guide, «Create a custom IAM role for Session Manager»)."""
        channels = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
        self._allow(*(f"ssmmessages:{each}" for each in channels), on="*")
        self._allow("ssm:UpdateInstanceInformation", on=self._ec2("instance/*"))
        acknowledge_reads(self.role)

    def _let_have_the_volume(self) -> None:
        volumes, instances = self._ec2("volume/*"), self._ec2("instance/*")
        snapshots = f"arn:{Stack.of(self).partition}:ec2:{Stack.of(self).region}::snapshot/*"
        self._allow("ec2:DescribeVolumes", on="*")
        self._allow("ec2:AttachVolume", "ec2:DetachVolume", on=volumes, equals=_HOME)
        self._allow("ec2:AttachVolume", "ec2:DetachVolume", on=instances, equals=_OWN)
        self._allow("ec2:CreateSnapshot", on=volumes, equals=_HOME)
        self._allow("ec2:CreateSnapshot", on=snapshots, equals={f"aws:RequestTag/{OWNER_TAG}": NAME})
        self._allow("ec2:CreateTags", on=snapshots, equals={"ec2:CreateAction": "CreateSnapshot"})
        self._allow("ec2:CreateTags", on=volumes, equals=_HOME, tags=(FORMATTING_TAG, FORMATTED_TAG))
        acknowledge_wildcards(
            self.role,
            *(volumes, instances, snapshots),
            because="Machines come and go; each statement is bound to the tags of this one and its volume.",
        )

    def _let_report(self, table: dynamodb.ITable) -> None:
        rights = (
            (("GetItem",), (HOME, WISH, LEASE)),
            (("PutItem", "DeleteItem"), (LEASE,)),
            (("UpdateItem",), (REPORT,)),
        )
        for names, keys in rights:
            self.role.add_to_policy(
                iam.PolicyStatement(
                    actions=[f"dynamodb:{each}" for each in names],
                    resources=[table.table_arn],
                    conditions={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": list(keys)}},
                )
            )

    def _ec2(self, name: str) -> str:
        return Stack.of(self).format_arn(service="ec2", resource=name)

    def _allow(
        self, *actions: str, on: str, equals: dict[str, str] | None = None, tags: tuple[str, ...] = ()
    ) -> None:
        conditions: dict[str, dict[str, object]] = {"StringEquals": dict(equals)} if equals else {}
        if tags:
            conditions["ForAllValues:StringEquals"] = {"aws:TagKeys": list(tags)}
        self.role.add_to_policy(
            iam.PolicyStatement(actions=list(actions), resources=[on], conditions=conditions)
        )


def let_keep(
    worker: ThinFunction, *, table: dynamodb.ITable, fleets: Iterable[str], engine: str, topic: str
) -> None:
    """Look at machines, ask fleets for one, end one, remember, tell the owner."""
    worker.allow(*(f"dynamodb:{each}Item" for each in ("Get", "Put", "Delete")), on=[table.table_arn])
    worker.allow("sns:Publish", on=[topic])
    worker.allow("ec2:DescribeInstances", "ec2:DescribeVolumes", on=["*"])
    stack = Stack.of(worker)
    machines = stack.format_arn(service="ec2", resource="instance/*")
    worker.allow("ec2:TerminateInstances", on=[machines], where={"StringEquals": dict(_OWN)})
    acknowledge_wildcards(worker, machines, because="Machines come and go; it ends those with our tag only.")
    if engine == "spot-fleet":
        looks = ("ec2:DescribeSpotFleetRequests", "ec2:DescribeSpotFleetRequestHistory")
        asked, change = [f"spot-fleet-request/{each}" for each in fleets], "ec2:ModifySpotFleetRequest"
        arns = [stack.format_arn(service="ec2", resource=each) for each in asked]
    else:
        looks = ("autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeScalingActivities")
        change = "autoscaling:UpdateAutoScalingGroup"
        arns = [_group_arn(stack, each) for each in fleets]
        acknowledge_wildcards(worker, *arns, because=f"An {GROUP}'s ARN has an id of AWS's in the middle.")
    worker.allow(*looks, on=["*"])
    worker.allow(change, on=arns)
    acknowledge_reads(worker)


def _group_arn(stack: Stack, name: str) -> str:
    place = f"{stack.partition}:autoscaling:{stack.region}:{stack.account}"
    return f"arn:{place}:autoScalingGroup:*:autoScalingGroupName/{name}"


def let_name(worker: ThinFunction, hosted_zone: str) -> None:
    """Write the machine's address into one hosted zone."""
    arn = f"arn:{Stack.of(worker).partition}:route53:::hostedzone/{hosted_zone}"
    worker.allow("route53:ChangeResourceRecordSets", on=[arn])
