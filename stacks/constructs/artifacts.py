"""Where the steps of the pipelines hand things to each other."""

import aws_cdk.aws_iam as iam
import aws_cdk.aws_s3 as s3
from aws_cdk import Duration, RemovalPolicy
from constructs import Construct

from stacks.acknowledgements import acknowledge, acknowledge_wildcards

_KEPT_DAYS = 7


class Artifacts(Construct):
    """A bucket that forgets everything after a week."""

    def __init__(self, scope: Construct, construct_id: str, *, removal: RemovalPolicy) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="Old",
                    expiration=Duration.days(_KEPT_DAYS),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
            removal_policy=removal,
        )
        acknowledge(
            self.bucket,
            "AwsSolutions::AwsSolutions-S1",
            because="Only CodePipeline and the owner's builds use it, and both write logs of their own.",
        )


def let_hand_over(role: iam.Role, artifacts: s3.IBucket) -> None:
    """Let a step take what another left, and leave something. CodePipeline makes up the keys."""
    objects = artifacts.arn_for_objects("*")
    allow(role, "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", on=objects)
    allow(role, "s3:GetBucketAcl", "s3:GetBucketLocation", on=artifacts.bucket_arn)
    because = "CodePipeline makes up the keys of what its steps hand over; nothing else is in the bucket."
    acknowledge_wildcards(role, objects, because=because)


def allow(role: iam.Role, *actions: str, on: str) -> None:
    """Let the role do these actions on a resource."""
    role.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=[on]))
