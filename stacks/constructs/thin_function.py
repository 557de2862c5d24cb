"""A Lambda with a role and a log group of its own."""

from collections.abc import Sequence

import aws_cdk.aws_iam as iam
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_lambda_destinations as destinations
import aws_cdk.aws_logs as logs
import aws_cdk.aws_sqs as sqs
from aws_cdk import Duration, RemovalPolicy, Size
from constructs import Construct

from everyday.settings import Settings
from stacks.assets import ARCHITECTURE, RUNTIME, function_code


class ThinFunction(Construct):
    """The function in `functions/<name>/`, told its settings and allowed nothing but to write its log.

    `dead_letters` takes what an asynchronous call could not finish: EventBridge hands an event over and its
    own dead-letter queue does not see what happens then.
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
    ) -> None:
        super().__init__(scope, construct_id)
        log_group, role = self._log_group_and_role()
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            code=function_code(name),
            handler="handler.handle",
            layers=list(layers),
            environment=settings.to_env(),
            timeout=timeout,
            memory_size=memory_mib,
            ephemeral_storage_size=tmp,
            role=role,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
            system_log_level_v2=lambda_.SystemLogLevel.WARN,
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

    def allow(self, *actions: str, on: Sequence[str]) -> None:
        """Let the function do these actions on these resources."""
        self.function.add_to_role_policy(iam.PolicyStatement(actions=list(actions), resources=list(on)))
