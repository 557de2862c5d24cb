"""The Valkey server that holds what is known of the clusters right now. It may be lost at any moment."""

import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_ec2 as ec2
import aws_cdk.aws_elasticache as elasticache
import aws_cdk.aws_secretsmanager as secretsmanager
from aws_cdk import Duration, RemovalPolicy
from constructs import Construct

from stacks.acknowledgements import acknowledge
from stacks.constructs.network import Network

_PORT = 6380  # not the port that everybody tries
_PASSWORD = "password"  # noqa: S105 - the key in the secret's JSON object


class ClusterState(Construct):
    """One smallest node, reached over TLS with a password by the network's functions only.

    `url` has no password in it; `secret` is a JSON object with `password`.
    """

    def __init__(self, scope: Construct, construct_id: str, *, network: Network) -> None:
        super().__init__(scope, construct_id)
        self.secret = self._secret()
        self._group = self._server(network)
        address = self._group.attr_primary_end_point_address
        self.url = f"rediss://{address}:{_PORT}"

    def memory_percent(self) -> cloudwatch.Metric:
        """How much of its memory is in use."""
        return cloudwatch.Metric(
            namespace="AWS/ElastiCache",
            metric_name="DatabaseMemoryUsagePercentage",
            # The first and only member of the replication group.
            dimensions_map={"CacheClusterId": f"{self._group.ref}-001", "CacheNodeId": "0001"},
            statistic="Maximum",
            period=Duration.minutes(5),
        )

    def _secret(self) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(
            self,
            "Secret",
            description="Valkey's password",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template="{}",  # noqa: S106 - what the password is put into
                generate_string_key=_PASSWORD,
                password_length=64,
                # Valkey's AUTH token may have few of them.
                exclude_punctuation=True,
            ),
            removal_policy=RemovalPolicy.DESTROY,
        )
        acknowledge(
            secret,
            "AwsSolutions::AwsSolutions-SMG4",
            because="Nobody knows it, and only two functions inside the network can use it.",
        )
        return secret

    def _server(self, network: Network) -> elasticache.CfnReplicationGroup:
        subnets = elasticache.CfnSubnetGroup(
            self,
            "Subnets",
            description="Where Valkey stands",
            subnet_ids=[subnet.subnet_id for subnet in network.function_subnets],
        )
        group = elasticache.CfnReplicationGroup(
            self,
            "Valkey",
            replication_group_description="What is known of the ECS clusters",
            engine="valkey",
            engine_version="8.1",
            cache_node_type="cache.t4g.micro",
            num_cache_clusters=1,
            automatic_failover_enabled=False,
            port=_PORT,
            cache_parameter_group_name=self._parameters().ref,
            cache_subnet_group_name=subnets.ref,
            security_group_ids=[self._door(network).attr_group_id],
            transit_encryption_enabled=True,
            at_rest_encryption_enabled=True,
            # A reference that CloudFormation resolves: the template never holds the value.
            auth_token=self.secret.secret_value_from_json(_PASSWORD).unsafe_unwrap(),
            auto_minor_version_upgrade=True,
            snapshot_retention_limit=0,
        )
        acknowledge(
            group,
            "AwsSolutions::AwsSolutions-AEC4",
            because="What it holds is made again within minutes; a second node doubles the price.",
        )
        return group

    def _parameters(self) -> elasticache.CfnParameterGroup:
        return elasticache.CfnParameterGroup(
            self,
            "Parameters",
            cache_parameter_group_family="valkey8",
            description="Refuses writes when full",
            # ElastiCache's default evicts keys that have a time to live: records of ended tasks among them.
            properties={"maxmemory-policy": "noeviction"},
        )

    def _door(self, network: Network) -> ec2.CfnSecurityGroup:
        # With inline rules: as resources of their own they would be unknown to the local AWS.
        return ec2.CfnSecurityGroup(
            self,
            "Door",
            group_description="Functions may ask Valkey",
            vpc_id=network.vpc.vpc_id,
            security_group_ingress=[
                ec2.CfnSecurityGroup.IngressProperty(
                    ip_protocol="tcp",
                    from_port=_PORT,
                    to_port=_PORT,
                    source_security_group_id=network.functions_group.security_group_id,
                    description="The network's functions",
                )
            ],
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol="icmp",
                    from_port=252,
                    to_port=86,
                    cidr_ip="255.255.255.255/32",
                    description="Nowhere: without a rule AWS would allow everything",
                )
            ],
        )
