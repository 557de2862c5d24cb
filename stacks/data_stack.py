"""What must never be lost: the archive, the catalog, the secrets. Kept apart from everything that changes."""

import aws_cdk.aws_dynamodb as dynamodb
import aws_cdk.aws_s3 as s3
import aws_cdk.aws_secretsmanager as secretsmanager
from aws_cdk import CfnResource, Duration, Environment, RemovalPolicy, Stack
from constructs import Construct

from stacks.acknowledgements import acknowledge
from stacks.outputs import publish
from stacks.stage import Stage

_STRING = dynamodb.AttributeType.STRING

# Objects below this size cost more in Glacier Instant Retrieval, which bills at least so much.
_COLD_FROM_BYTES = 128 * 1024


class DataStack(Stack):
    """Logical ids here are pinned by a test: a changed id would be a new, empty resource."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(
            scope,
            construct_id,
            env=Environment(region=stage.region),
            termination_protection=stage.keeps,
        )
        self._removal = RemovalPolicy.RETAIN if stage.keeps else RemovalPolicy.DESTROY
        self.archive = self._archive()
        self.catalog = self._catalog(protect=stage.keeps)
        self.instagram_secret = self._secret("InstagramSecret", "Instagram token; filled by photos login")
        self.ghost_secret = self._secret("GhostSecret", "Ghost Admin API key; filled by photos login --ghost")
        publish(
            self,
            ArchiveBucket=self.archive.bucket_name,
            CatalogTable=self.catalog.table_name,
            InstagramSecret=self.instagram_secret.secret_arn,
            GhostSecret=self.ghost_secret.secret_arn,
        )

    def _archive(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Archive",
            versioned=True,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            lifecycle_rules=_lifecycle(),
            removal_policy=self._removal,
        )
        acknowledge(
            bucket,
            "AwsSolutions::AwsSolutions-S1",
            because="One owner and three functions read it; an access log would be a second bucket to guard.",
        )
        acknowledge(
            bucket,
            "CloudFormation-Validate::W9003",
            because="The CDK writes ObjectSizeGreaterThan as a number; CloudFormation takes it as text.",
        )
        return bucket

    def _catalog(self, *, protect: bool) -> dynamodb.Table:
        table = dynamodb.Table(
            self,
            "Catalog",
            partition_key=dynamodb.Attribute(name="pk", type=_STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=protect,
            removal_policy=self._removal,
        )
        for index, partition in (("todo", "work"), ("timeline", "all")):
            table.add_global_secondary_index(
                index_name=index,
                partition_key=dynamodb.Attribute(name=partition, type=_STRING),
                sort_key=dynamodb.Attribute(name="taken_at", type=_STRING),
            )
        return table

    def _secret(self, construct_id: str, description: str) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(
            self, construct_id, description=description, removal_policy=self._removal
        )
        # Empty until the owner fills it: a generated password would look like a token, and a value in the
        # template would come back over the owner's whenever another property changes.
        resource = secret.node.default_child
        assert isinstance(resource, CfnResource)  # noqa: S101 - narrows jsii's type
        resource.add_property_deletion_override("GenerateSecretString")
        acknowledge(
            secret,
            "AwsSolutions::AwsSolutions-SMG4",
            because="Only Instagram and Ghost issue new ones; token_refresh renews the token every day.",
        )
        return secret


def _lifecycle() -> list[s3.LifecycleRule]:
    cold = s3.StorageClass.GLACIER_INSTANT_RETRIEVAL
    return [
        s3.LifecycleRule(
            id="Cold",
            object_size_greater_than=_COLD_FROM_BYTES,
            transitions=[s3.Transition(storage_class=cold, transition_after=Duration.days(30))],
        ),
        s3.LifecycleRule(
            id="OldVersions",
            # Documents are rewritten and originals never: the ten newest old versions stay for ever, so
            # a deletion by mistake can always be undone.
            noncurrent_versions_to_retain=10,
            noncurrent_version_expiration=Duration.days(365),
        ),
        s3.LifecycleRule(id="BrokenUploads", abort_incomplete_multipart_upload_after=Duration.days(1)),
    ]
