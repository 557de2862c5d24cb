"""What EventBridge does for `site`: a zip starts its pipeline, and a pipeline that failed is told."""

from collections.abc import Sequence

import aws_cdk.aws_events as events
import aws_cdk.aws_iam as iam
import aws_cdk.aws_s3 as s3
import aws_cdk.aws_sns as sns
from aws_cdk import CfnResource, Stack
from constructs import Construct

from stacks.constructs.publish_pipeline import PublishPipeline

_TOLD = (
    '"The pipeline <pipeline> failed: the site is as it was, or its new release is not confirmed. '
    "The reason stands in the pipeline's last execution, in the CodePipeline console.\""
)


class SiteEvents(Construct):
    """Rules on the pipelines of all sites. Written as CloudFormation takes them: the CDK's rules know only
    pipelines that the CDK made."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        pipelines: Sequence[PublishPipeline],
        uploads: s3.IBucket,
        alarms: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        made = [(each, each.resource) for each in pipelines if each.resource]
        if not made:
            return
        starter = self._starter([_arn(resource) for _, resource in made])
        for pipeline, resource in made:
            self._starts(pipeline, resource, uploads, starter)
        self._tells([resource for _, resource in made], alarms)

    def _starter(self, pipelines: Sequence[str]) -> iam.Role:
        account = {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
        start = iam.PolicyStatement(
            actions=["codepipeline:StartPipelineExecution"], resources=list(pipelines)
        )
        return iam.Role(
            self,
            "Starter",
            assumed_by=iam.ServicePrincipal("events.amazonaws.com", conditions=account),
            inline_policies={"Start": iam.PolicyDocument(statements=[start])},
        )

    def _starts(
        self, pipeline: PublishPipeline, resource: CfnResource, uploads: s3.IBucket, starter: iam.Role
    ) -> None:
        # The pipeline takes the newest version of the zip, whichever this event is about: of two pushes the
        # later wins, in whatever order they are heard of.
        events.CfnRule(
            self,
            pipeline.name,
            event_pattern={
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {"bucket": {"name": [uploads.bucket_name]}, "object": {"key": [pipeline.key]}},
            },
            targets=[
                events.CfnRule.TargetProperty(id="Start", arn=_arn(resource), role_arn=starter.role_arn)
            ],
        )

    def _tells(self, pipelines: Sequence[CfnResource], alarms: sns.ITopic) -> None:
        events.CfnRule(
            self,
            "Failed",
            event_pattern={
                "source": ["aws.codepipeline"],
                "detail-type": ["CodePipeline Pipeline Execution State Change"],
                "detail": {"state": ["FAILED"], "pipeline": [each.ref for each in pipelines]},
            },
            targets=[
                events.CfnRule.TargetProperty(
                    id="Tell",
                    arn=alarms.topic_arn,
                    input_transformer=events.CfnRule.InputTransformerProperty(
                        input_paths_map={"pipeline": "$.detail.pipeline"}, input_template=_TOLD
                    ),
                )
            ],
        )


def _arn(pipeline: CfnResource) -> str:
    return Stack.of(pipeline).format_arn(service="codepipeline", resource=pipeline.ref)
