"""What happens to a zip that is pushed: it is built, if the owner says how, and published."""

import json
from typing import Any

import aws_cdk.aws_codebuild as codebuild
import aws_cdk.aws_iam as iam
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_s3 as s3
import aws_cdk.aws_ssm as ssm
from aws_cdk import CfnResource, Stack
from constructs import Construct

from stacks.constructs.artifacts import allow, let_hand_over
from stacks.site_outputs import PARAMETER

PIPELINE = "AWS::CodePipeline::Pipeline"
_PUSHED, _BUILT = "Pushed", "Built"
_READ_ZIP = (
    "s3:GetObject",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionTagging",
)
_READ_BUCKET = ("s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:ListBucket")


class PublishPipeline(Construct):
    """The pipeline of one site. `resource` is None where CodePipeline is not known: there a parameter holds
    what would be its properties.

    Written as CloudFormation takes it: the CDK's own actions get rights such as `s3:GetObject*`, and what
    stands in for CodePipeline reads the very definition that AWS gets.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        site: str,
        known: bool,
        uploads: s3.IBucket,
        artifacts: s3.IBucket,
        publisher: lambda_.IFunction,
        build: codebuild.IProject | None,
    ) -> None:
        super().__init__(scope, construct_id)
        # A name of its own, so that people and the stand-in know it.
        self.name = f"everyday-{site}"
        self.key = f"{site}.zip"
        self._role = self._service_role(uploads, artifacts, publisher, build)
        stages = [_source(uploads, self.key)]
        stages += [_build(build)] if build else []
        stages += [_publish(publisher, site, takes=_BUILT if build else _PUSHED)]
        definition = self._definition(artifacts, stages)
        self.resource = self._pipeline(definition) if known else None
        if not known:
            self._parameter(definition)

    def _definition(self, artifacts: s3.IBucket, stages: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "Name": self.name,
            "PipelineType": "V2",
            # A newer zip takes the place of one that still waits.
            "ExecutionMode": "SUPERSEDED",
            "RoleArn": self._role.role_arn,
            "ArtifactStore": {"Type": "S3", "Location": artifacts.bucket_name},
            "Stages": stages,
        }

    def _pipeline(self, definition: dict[str, Any]) -> CfnResource:
        pipeline = CfnResource(self, "Pipeline", type=PIPELINE, properties=definition)
        # CodePipeline tries the rights of the role when it is made.
        pipeline.node.add_dependency(self._role)
        return pipeline

    def _parameter(self, definition: dict[str, Any]) -> None:
        ssm.CfnParameter(
            self,
            "Definition",
            type="String",
            name=f"{PARAMETER}{self.name}",
            value=Stack.of(self).to_json_string(definition),
        )

    def _service_role(
        self,
        uploads: s3.IBucket,
        artifacts: s3.IBucket,
        publisher: lambda_.IFunction,
        build: codebuild.IProject | None,
    ) -> iam.Role:
        stack = Stack.of(self)
        itself = stack.format_arn(service="codepipeline", resource=self.name)
        trust = iam.ServicePrincipal(
            "codepipeline.amazonaws.com",
            conditions={
                "StringEquals": {"aws:SourceAccount": stack.account},
                "ArnEquals": {"aws:SourceArn": itself},
            },
        )
        role = iam.Role(self, "Role", assumed_by=trust)
        allow(role, *_READ_ZIP, on=uploads.arn_for_objects(self.key))
        allow(role, *_READ_BUCKET, on=uploads.bucket_arn)
        let_hand_over(role, artifacts)
        allow(role, "lambda:InvokeFunction", on=publisher.function_arn)
        if build:
            allow(role, "codebuild:BatchGetBuilds", "codebuild:StartBuild", on=build.project_arn)
        return role


def _source(uploads: s3.IBucket, key: str) -> dict[str, Any]:
    configuration = {
        "S3Bucket": uploads.bucket_name,
        "S3ObjectKey": key,
        # A rule of EventBridge starts the pipeline.
        "PollForSourceChanges": "false",
    }
    return _stage("Source", "Source", "S3", configuration, makes=_PUSHED)


def _build(project: codebuild.IProject) -> dict[str, Any]:
    configuration = {"ProjectName": project.project_name}
    return _stage("Build", "Build", "CodeBuild", configuration, takes=_PUSHED, makes=_BUILT)


def _publish(publisher: lambda_.IFunction, site: str, *, takes: str) -> dict[str, Any]:
    configuration = {
        "FunctionName": publisher.function_name,
        "UserParameters": json.dumps({"site": site}),
    }
    return _stage("Publish", "Invoke", "Lambda", configuration, takes=takes)


def _stage(
    name: str,
    category: str,
    provider: str,
    configuration: dict[str, str],
    *,
    takes: str | None = None,
    makes: str | None = None,
) -> dict[str, Any]:
    """A stage of one action of the same name."""
    kind = {"Category": category, "Owner": "AWS", "Provider": provider, "Version": "1"}
    action: dict[str, Any] = {"Name": name, "ActionTypeId": kind, "Configuration": configuration}
    if takes:
        action["InputArtifacts"] = [{"Name": takes}]
    if makes:
        action["OutputArtifacts"] = [{"Name": makes}]
    return {"Name": name, "Actions": [action]}
