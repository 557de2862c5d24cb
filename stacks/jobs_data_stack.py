"""What `jobs` must never lose: the ledger. Kept apart from everything that changes."""

import aws_cdk.aws_dynamodb as dynamodb
from aws_cdk import Environment, RemovalPolicy, Stack
from constructs import Construct

from stacks.outputs import publish
from stacks.stage import Stage

_STRING = dynamodb.AttributeType.STRING


class JobsDataStack(Stack):
    """Logical ids here are pinned by a test: a changed id would be a new, empty resource."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(
            scope,
            construct_id,
            env=Environment(region=stage.region),
            termination_protection=stage.keeps,
        )
        self.ledger = self._ledger(keeps=stage.keeps)
        publish(self, JobsTable=self.ledger.table_name)

    def _ledger(self, *, keeps: bool) -> dynamodb.Table:
        table = dynamodb.Table(
            self,
            "Ledger",
            partition_key=dynamodb.Attribute(name="pk", type=_STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires_at",
            deletion_protection=keeps,
            removal_policy=RemovalPolicy.RETAIN if keeps else RemovalPolicy.DESTROY,
        )
        # Sparse: a job is in one lane at a time. What only starting a job needs stays out of the index.
        table.add_global_secondary_index(
            index_name="lanes",
            partition_key=dynamodb.Attribute(name="lane", type=_STRING),
            sort_key=dynamodb.Attribute(name="sort", type=_STRING),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=["doc", "version"],
        )
        return table
