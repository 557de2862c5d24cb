"""An ECS cluster with container instances of its own, none while nothing runs."""

from collections.abc import Sequence

import aws_cdk.aws_autoscaling as autoscaling
import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_cloudwatch_actions as actions
import aws_cdk.aws_ec2 as ec2
import aws_cdk.aws_ecs as ecs
import aws_cdk.aws_iam as iam
from aws_cdk import Duration
from constructs import Construct

from stacks.acknowledgements import acknowledge, acknowledge_reads, acknowledge_wildcards
from stacks.constructs.network import Network
from stacks.stage import Stage
from stacks.table import graviton

_AMI = "/aws/service/ecs/optimized-ami/amazon-linux-2023/{}recommended/image_id"
_ROOT_GIB = 30
_IDLE_MINUTES = 15
_NOTHING_PERCENT = 0.0001


class Instances(Construct):
    """The cluster `name` and the Auto Scaling group that gives it instances.

    Whoever schedules raises the group's desired capacity; when nothing has run for a quarter of an hour, the
    group goes back to zero. `arn` is the cluster's.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        name: str,
        arn: str,
        types: Sequence[str],
        spot: bool,
        most: int,
        network: Network,
    ) -> None:
        super().__init__(scope, construct_id)
        self._cluster = self._make_cluster(name)
        self._arn = arn
        self.role = self._role()
        template = self._template(name, types, network)
        self.group = self._group(template, types, spot=spot, most=most, network=network)
        self._scale_to_zero(name)
        if stage.knows(ecs.CfnCapacityProvider.CFN_RESOURCE_TYPE_NAME):
            self._drained()

    def _make_cluster(self, name: str) -> ecs.CfnCluster:
        insights = ecs.CfnCluster.ClusterSettingsProperty(name="containerInsights", value="disabled")
        # The name is the owner's word in messages and commands, and part of ARNs in policies.
        cluster = ecs.CfnCluster(self, "Cluster", cluster_name=name, cluster_settings=[insights])
        acknowledge(
            cluster,
            "AwsSolutions::AwsSolutions-ECS4",
            because="Container Insights bills every metric; the scheduler prints its own for nothing.",
        )
        return cluster

    def _role(self) -> iam.Role:
        """What ECS's agent needs, for this cluster only; images and logs are the task execution role's."""
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
        instances = self._arn.replace(":cluster/", ":container-instance/") + "/*"
        for names, resource, conditions in (
            (("RegisterContainerInstance", "DeregisterContainerInstance"), self._arn, None),
            (("SubmitTaskStateChange", "SubmitContainerStateChange"), self._arn, None),
            (("SubmitAttachmentStateChanges",), self._arn, None),
            (
                ("Poll", "StartTelemetrySession", "UpdateContainerInstancesState"),
                instances,
                {"ArnEquals": {"ecs:cluster": self._arn}},
            ),
            (("DiscoverPollEndpoint",), "*", None),
        ):
            role.add_to_policy(
                iam.PolicyStatement(
                    actions=[f"ecs:{each}" for each in names], resources=[resource], conditions=conditions
                )
            )
        acknowledge_reads(role)
        acknowledge_wildcards(role, instances, because="An instance gets its id when it registers.")
        return role

    def _template(self, cluster: str, types: Sequence[str], network: Network) -> ec2.LaunchTemplate:
        disk = ec2.BlockDeviceVolume.ebs(
            _ROOT_GIB, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3, delete_on_termination=True
        )
        image = _AMI.format("arm64/" if graviton(types[0]) else "")
        return ec2.LaunchTemplate(
            self,
            "Template",
            machine_image=ec2.MachineImage.resolve_ssm_parameter_at_launch(image),
            role=self.role,
            user_data=_user_data(cluster),
            block_devices=[ec2.BlockDevice(device_name="/dev/xvda", volume=disk)],
            security_group=ec2.SecurityGroup(
                self, "Group", vpc=network.vpc, description="Tasks call out and are never called"
            ),
            require_imdsv2=True,
            # One hop: a task in a network of its own cannot take the instance's credentials.
            http_put_response_hop_limit=1,
        )

    def _group(
        self, template: ec2.LaunchTemplate, types: Sequence[str], *, spot: bool, most: int, network: Network
    ) -> autoscaling.AutoScalingGroup:
        group = autoscaling.AutoScalingGroup(
            self,
            "Fleet",
            vpc=network.vpc,
            vpc_subnets=network.instances,
            min_capacity=0,
            max_capacity=most,
            mixed_instances_policy=autoscaling.MixedInstancesPolicy(
                launch_template=template,
                launch_template_overrides=[
                    autoscaling.LaunchTemplateOverrides(instance_type=ec2.InstanceType(each))
                    for each in types
                ],
                instances_distribution=autoscaling.InstancesDistribution(
                    on_demand_base_capacity=0,
                    on_demand_percentage_above_base_capacity=0 if spot else 100,
                    spot_allocation_strategy=autoscaling.SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED,
                ),
            ),
        )
        acknowledge(
            group,
            "AwsSolutions::AwsSolutions-AS3",
            because="Every instance that comes or goes is an ECS event, which cluster_snapshot reads.",
        )
        acknowledge(
            group,
            "AwsSolutions::AwsSolutions-EC26",
            because="The rule cannot read a launch template by reference; its disk is encrypted.",
        )
        return group

    def _scale_to_zero(self, cluster: str) -> None:
        """No instance in the cluster: no data, no alarm. A new one has a quarter of an hour to get a task."""
        idle = cloudwatch.Metric(
            namespace="AWS/ECS",
            metric_name="MemoryReservation",
            dimensions_map={"ClusterName": cluster},
            statistic="Maximum",
            period=Duration.minutes(1),
        ).create_alarm(
            self,
            "Idle",
            # Every task reserves some memory: a step that begins below nothing would never be taken.
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            threshold=_NOTHING_PERCENT,
            evaluation_periods=_IDLE_MINUTES,
            alarm_description="No task for a quarter of an hour: the instances go. Nothing to do.",
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        none = autoscaling.StepScalingAction(
            self,
            "ToZero",
            auto_scaling_group=self.group,
            adjustment_type=autoscaling.AdjustmentType.EXACT_CAPACITY,
        )
        none.add_adjustment(adjustment=0, upper_bound=0)
        idle.add_alarm_action(actions.AutoScalingAction(none))

    def _drained(self) -> None:
        """An instance that is to go ends its tasks first. ECS does not choose the group's size."""
        provider = ecs.CfnCapacityProvider(
            self,
            "Provider",
            auto_scaling_group_provider=ecs.CfnCapacityProvider.AutoScalingGroupProviderProperty(
                auto_scaling_group_arn=self.group.auto_scaling_group_arn,
                managed_scaling=ecs.CfnCapacityProvider.ManagedScalingProperty(status="DISABLED"),
                managed_termination_protection="DISABLED",
                managed_draining="ENABLED",
            ),
        )
        ecs.CfnClusterCapacityProviderAssociations(
            self,
            "Providers",
            cluster=self._cluster.ref,
            capacity_providers=[provider.ref],
            default_capacity_provider_strategy=[],
        )


def _user_data(cluster: str) -> ec2.UserData:
    data = ec2.UserData.for_linux()
    settings = {
        "ECS_CLUSTER": cluster,
        # On the two minutes' notice ECS gives the instance no more tasks and stops those it has in order.
        "ECS_ENABLE_SPOT_INSTANCE_DRAINING": "true",
        "ECS_AWSVPC_BLOCK_IMDS": "true",
        "ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE": "true",
    }
    data.add_commands(*(f"echo {name}={value} >> /etc/ecs/ecs.config" for name, value in settings.items()))
    return data
