"""The network of functions that need Valkey, and of container instances. Nothing in it costs by the hour."""

from collections.abc import Sequence

import aws_cdk.aws_ec2 as ec2
from aws_cdk import Fn, Stack
from constructs import Construct

from stacks.acknowledgements import acknowledge
from stacks.stage import Stage

_INSTANCES, _FUNCTIONS = "Instances", "Functions"
_FUNCTION_ZONES = 2


class Network(Construct):
    """Two kinds of subnets in two zones, and no NAT gateway.

    `instances`: public, so that images come from any registry; an instance has an IPv4 address of its own
    while it runs. `functions`: closed to the outside; they reach AWS over IPv6 through an egress-only
    gateway, and DynamoDB and S3 through gateway endpoints. All of that is free of charge.
    """

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.vpc = self._vpc()
        self.instances = ec2.SubnetSelection(subnet_group_name=_INSTANCES)
        self.functions = ec2.SubnetSelection(subnet_group_name=_FUNCTIONS)
        self.function_subnets: Sequence[ec2.ISubnet] = self.vpc.select_subnets(
            subnet_group_name=_FUNCTIONS
        ).subnets
        self.functions_group = ec2.SecurityGroup(
            self,
            "FunctionsGroup",
            vpc=self.vpc,
            description="Functions call out and are never called",
            allow_all_ipv6_outbound=True,
        )
        if stage.knows(ec2.CfnVPCCidrBlock.CFN_RESOURCE_TYPE_NAME):
            self._ipv6()

    def environment(self) -> dict[str, str]:
        """What a function in here must be told to reach AWS.

        Only SDKs that ask the dual-stack endpoints speak IPv6. DynamoDB's ordinary endpoint is named because
        that is the one which the gateway endpoint serves.
        """
        stack = Stack.of(self)
        return {
            "AWS_USE_DUALSTACK_ENDPOINT": "true",
            "AWS_ENDPOINT_URL_DYNAMODB": f"https://dynamodb.{stack.region}.{stack.url_suffix}",
        }

    def _vpc(self) -> ec2.Vpc:
        services = ec2.GatewayVpcEndpointAwsService
        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr("10.42.0.0/16"),
            max_azs=_FUNCTION_ZONES,
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name=_INSTANCES, subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=20),
                ec2.SubnetConfiguration(
                    name=_FUNCTIONS, subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=22
                ),
            ],
            gateway_endpoints={
                "DynamoDb": ec2.GatewayVpcEndpointOptions(service=services.DYNAMODB),
                "S3": ec2.GatewayVpcEndpointOptions(service=services.S3),
            },
        )
        acknowledge(
            vpc,
            "AwsSolutions::AwsSolutions-VPC7",
            because="Nothing in it can be called; flow logs would cost more than what they watch.",
        )
        return vpc

    def _ipv6(self) -> None:
        block = ec2.CfnVPCCidrBlock(
            self, "Ipv6", vpc_id=self.vpc.vpc_id, amazon_provided_ipv6_cidr_block=True
        )
        gateway = ec2.CfnEgressOnlyInternetGateway(self, "Egress", vpc_id=self.vpc.vpc_id)
        parts = Fn.cidr(Fn.select(0, self.vpc.vpc_ipv6_cidr_blocks), _FUNCTION_ZONES, "64")
        for number, subnet in enumerate(self.function_subnets):
            resource = subnet.node.default_child
            assert isinstance(resource, ec2.CfnSubnet)  # noqa: S101 - narrows jsii's type
            resource.ipv6_cidr_block = Fn.select(number, parts)
            resource.add_resource_dependency(block)
            ec2.CfnRoute(
                self,
                f"Egress{number}",
                route_table_id=subnet.route_table.route_table_id,
                destination_ipv6_cidr_block="::/0",
                egress_only_internet_gateway_id=gateway.attr_id,
            )
