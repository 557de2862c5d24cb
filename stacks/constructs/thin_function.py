"""A Lambda with a role and a log group of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk.aws_iam as iam
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_lambda_destinations as destinations
import aws_cdk.aws_logs as logs
import aws_cdk.aws_sqs as sqs
from aws_cdk import Duration, RemovalPolicy, Size, Stack
from constructs import Construct

from everyday.settings import Settings
from stacks.acknowledgements import acknowledge_reads, acknowledge_wildcards
from stacks.assets import ARCHITECTURE, RUNTIME, function_code
from stacks.constructs.network import Network


class ThinFunction(Construct):
    """The function in `functions/<name>/`, told its settings and allowed nothing but to write its log.

    `dead_letters` takes what an asynchronous call could not finish: EventBridge hands an event over and its
    own dead-letter queue does not see what happens then. `network`: where it stands, None for no network of
    ours.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        settings: Settings,
        layers: Sequence[lambda_.ILayerVersion],
        timeout: Duration,
        memory_mib: int,
        tmp: Size | None = None,
        dead_letters: sqs.IQueue | None = None,
        network: Network | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        log_group, role = self._log_group_and_role()
        if network:
            self._let_into_network(role)
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            code=function_code(name),
            handler="handler.handle",
            layers=list(layers),
            environment=settings.to_env() | (network.environment() if network else {}),
            timeout=timeout,
            memory_size=memory_mib,
            ephemeral_storage_size=tmp,
            role=role,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
            system_log_level_v2=lambda_.SystemLogLevel.WARN,
            vpc=network.vpc if network else None,
            vpc_subnets=network.functions if network else None,
            security_groups=[network.functions_group] if network else None,
            ipv6_allowed_for_dual_stack=True if network else None,
        )
        if dead_letters:
            self.function.configure_async_invoke(
                on_failure=destinations.SqsDestination(dead_letters),
                max_event_age=Duration.hours(1),
                retry_attempts=2,
            )

    def _log_group_and_role(self) -> tuple[logs.LogGroup, iam.Role]:
        log_group = logs.LogGroup(
            self, "Logs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        # A role of its own: the managed basic execution policy may write every log group.
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(role)
        return log_group, role

    def _let_into_network(self, role: iam.Role) -> None:
        """What Lambda does with the function's role to connect it; the function itself never does.

        Lambda developer guide, «Giving Lambda functions access to resources in a VPC»: describing works on
        all resources only, the rest on all of the account's.
        """
        stack = Stack.of(self)
        own = f"arn:{stack.partition}:ec2:{stack.region}:{stack.account}:*/*"
        changes = ("CreateNetworkInterface", "DeleteNetworkInterface")
        addresses = ("AssignPrivateIpAddresses", "UnassignPrivateIpAddresses")
        looks = ("DescribeNetworkInterfaces", "DescribeSubnets")
        for names, resource in ((changes + addresses, own), (looks, "*")):
            role.add_to_policy(
                iam.PolicyStatement(actions=[f"ec2:{name}" for name in names], resources=[resource])
            )
        acknowledge_reads(role)
        acknowledge_wildcards(
            role, own, because="Lambda connects the function with this role, and knows no narrower resources."
        )

    def allow(
        self, *actions: str, on: Sequence[str], where: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        """Let the function do these actions on these resources, `where` these conditions hold."""
        self.function.add_to_role_policy(
            iam.PolicyStatement(actions=list(actions), resources=list(on), conditions=where)
        )
