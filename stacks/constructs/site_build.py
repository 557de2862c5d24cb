"""The owner's own step of a pipeline: a command makes the site of what is pushed."""

import aws_cdk.aws_codebuild as codebuild
import aws_cdk.aws_iam as iam
import aws_cdk.aws_logs as logs
import aws_cdk.aws_s3 as s3
from aws_cdk import Duration, RemovalPolicy, Stack
from constructs import Construct

from stacks.acknowledgements import acknowledge
from stacks.constructs.artifacts import let_hand_over

_TIMEOUT = Duration.minutes(30)
_AWS_IMAGES = "aws/codebuild/"


class SiteBuild(Construct):
    """Runs `command` in what is pushed and hands over what is in `folder` then. It may do nothing else."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        command: str,
        folder: str,
        image: str,
        artifacts: s3.IBucket,
    ) -> None:
        super().__init__(scope, construct_id)
        log_group = logs.LogGroup(
            self, "Logs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        self.project = codebuild.PipelineProject(
            self,
            "Project",
            role=self._role(log_group, artifacts).without_policy_updates(),
            build_spec=codebuild.BuildSpec.from_object(_steps(command, folder)),
            environment=codebuild.BuildEnvironment(
                build_image=_image(image), compute_type=codebuild.ComputeType.SMALL
            ),
            logging=codebuild.LoggingOptions(
                cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=log_group)
            ),
            grant_report_group_permissions=False,
            timeout=_TIMEOUT,
        )
        acknowledge(
            self.project,
            "AwsSolutions::AwsSolutions-CB4",
            because="What is built is about to be public; AWS's own key of S3 is enough.",
        )

    def _role(self, log_group: logs.LogGroup, artifacts: s3.IBucket) -> iam.Role:
        account = {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
        trust = iam.ServicePrincipal("codebuild.amazonaws.com", conditions=account)
        role = iam.Role(self, "Role", assumed_by=trust)
        log_group.grant_write(role)
        let_hand_over(role, artifacts)
        return role


def _steps(command: str, folder: str) -> dict[str, object]:
    return {
        "version": "0.2",
        "phases": {"build": {"commands": [command]}},
        "artifacts": {"base-directory": folder, "files": ["**/*"]},
    }


def _image(name: str) -> codebuild.IBuildImage:
    arm = codebuild.LinuxArmBuildImage
    return (
        arm.from_code_build_image_id(name) if name.startswith(_AWS_IMAGES) else arm.from_docker_registry(name)
    )
