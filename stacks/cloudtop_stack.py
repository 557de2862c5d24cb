"""cloudtop: a development machine on spot capacity, and the keeper that has it come back."""

from string import Template

import aws_cdk.aws_ec2 as ec2
import aws_cdk.aws_sns as sns
from aws_cdk import CfnResource, Duration, Environment, Stack
from constructs import Construct

from everyday.settings import CloudtopSettings
from stacks import cloudtop_access as access
from stacks.acknowledgements import acknowledge
from stacks.assets import Layers
from stacks.cloudtop_data_stack import NAME, CloudtopDataStack
from stacks.cloudtop_rules import CloudtopRules
from stacks.cloudtop_table import Cloudtop
from stacks.constructs.machine_fleets import MachineFleets
from stacks.constructs.machine_image import MachineImage
from stacks.constructs.machine_snapshots import MachineSnapshots
from stacks.constructs.thin_function import ThinFunction
from stacks.constructs.watch import Below, Watch
from stacks.layer_lock import ROOT
from stacks.outputs import publish
from stacks.stage import Stage
from stacks.table import interval

_NEVER_SECONDS = 0
_SILENT_MINUTES = 15


class CloudtopStack(Stack):
    """All that may be made anew: the data is in another stack. `zones`: the home first."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        cloudtop: Cloudtop,
        zones: tuple[str, ...],
        data: CloudtopDataStack,
        alarms: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id, env=Environment(region=stage.region))
        self._cloudtop, self._zones, self._data, self._alarms = cloudtop, zones, data, alarms
        self._layers = Layers(self, "Layers", stage=stage).all
        self._vpc = self._network()
        self._group = ec2.SecurityGroup(
            self, "Group", vpc=self._vpc, description="The machine calls out and is never called"
        )
        self._subnets = dict(zip(zones, (each.subnet_id for each in self._vpc.public_subnets), strict=True))
        MachineSnapshots(self, "Snapshots")
        fleets = self._fleets()
        keeper = self._keeper(fleets)
        self._rules(keeper)
        if cloudtop.connect_endpoint:
            self._endpoint()
        publish(self, CloudtopKeeper=keeper.function.function_name)

    def _network(self) -> ec2.Vpc:
        """Public subnets, since a NAT gateway costs more than the machine; nothing in it can be called."""
        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr("10.43.0.0/16"),
            availability_zones=list(self._zones),
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Machine", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=20)
            ],
        )
        acknowledge(
            vpc,
            "AwsSolutions::AwsSolutions-VPC7",
            because="Nothing in it can be called; flow logs would cost more than what they watch.",
        )
        return vpc

    def _fleets(self) -> MachineFleets:
        image = MachineImage(
            self,
            "Image",
            cloudtop=self._cloudtop,
            subnet=self._subnets[self._zones[0]],
            group=self._group,
        )
        return MachineFleets(
            self,
            "Machine",
            cloudtop=self._cloudtop,
            image=image.id,
            user_data=self._user_data(),
            role=access.MachineRole(self, "Access", table=self._data.table).role,
            group=self._group,
            subnets=self._subnets,
        )

    def _user_data(self) -> str:
        """A few lines of settings: what they say is in the launch template, and a change replaces fleets."""
        idle = self._cloudtop.idle_after
        seconds = _NEVER_SECONDS if idle == "never" else _seconds(idle)
        return Template((ROOT / "image/user-data").read_text(encoding="utf-8")).substitute(
            TABLE=self._data.table.table_name,
            VOLUME=self._data.volume,
            NAME=NAME,
            REGION=self.region,
            IDLE_SECONDS=str(seconds),
        )

    def _keeper(self, fleets: MachineFleets) -> ThinFunction:
        cloudtop = self._cloudtop
        hosted_zone, domain = cloudtop.name_record
        settings = CloudtopSettings(
            name=NAME,
            table=self._data.table.table_name,
            engine=cloudtop.engine,
            fleets=tuple(f"{zone}={fleet}" for zone, fleet in fleets.ids.items()),
            zone=self._zones[0],
            volume=self._data.volume,
            alarm_topic=self._alarms.topic_arn,
            fallback=cloudtop.fallback,
            patience_seconds=_seconds(cloudtop.fallback_after),
            hosted_zone=hosted_zone,
            domain=domain,
        )
        keeper = ThinFunction(
            self,
            "CloudtopKeeper",
            name="cloudtop_keeper",
            settings=settings,
            layers=self._layers,
            timeout=Duration.seconds(50),
            memory_mib=512,
        )
        # The next minute looks again; an old event says nothing that is still true.
        keeper.function.configure_async_invoke(retry_attempts=0, max_event_age=Duration.minutes(1))
        access.let_keep(
            keeper,
            table=self._data.table,
            fleets=fleets.ids.values(),
            engine=cloudtop.engine,
            topic=self._alarms.topic_arn,
        )
        if hosted_zone:
            access.let_name(keeper, hosted_zone)
        return keeper

    def _rules(self, keeper: ThinFunction) -> None:
        rules = CloudtopRules(self, "Rules", keeper=keeper.function)
        rules.looks()
        rules.hours(self._cloudtop)
        if self._cloudtop.monthly_cap_usd:
            rules.cap(self._cloudtop.monthly_cap_usd)
        watch = Watch(self, "Alarms", topic=self._alarms)
        watch.errors("CloudtopKeeper", keeper.function)
        looks = keeper.function.metric_invocations(period=Duration.minutes(_SILENT_MINUTES))
        text = (
            "Nobody looks after the CloudTop: a machine that is lost will not come back. See the rule Tick."
        )
        watch.alarm("CloudtopSilence", looks, Below, 1, text, silence_is_bad=True)

    def _endpoint(self) -> None:
        """EC2 Instance Connect Endpoint: from it, and from nowhere else, the ssh port may be reached."""
        door = ec2.SecurityGroup(
            self,
            "Door",
            vpc=self._vpc,
            description="The endpoint reaches the machine",
            allow_all_outbound=False,
        )
        door.add_egress_rule(self._group, ec2.Port.tcp(22))
        self._group.add_ingress_rule(door, ec2.Port.tcp(22))
        CfnResource(
            self,
            "ConnectEndpoint",
            type="AWS::EC2::InstanceConnectEndpoint",
            properties={
                "SubnetId": self._subnets[self._zones[0]],
                "SecurityGroupIds": [door.security_group_id],
            },
        )


def _seconds(text: str) -> int:
    return int(interval(text).total_seconds())
