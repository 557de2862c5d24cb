"""What each function of `jobs` may do, and the roles of the owner's tasks."""

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk.aws_autoscaling as autoscaling
import aws_cdk.aws_dynamodb as dynamodb
import aws_cdk.aws_iam as iam
import aws_cdk.aws_logs as logs
import aws_cdk.aws_sqs as sqs
from aws_cdk import RemovalPolicy, Stack
from constructs import Construct

from stacks.acknowledgements import acknowledge_reads, acknowledge_wildcards
from stacks.constructs.thin_function import ThinFunction


@dataclass(frozen=True)
class Clusters:
    """The ECS clusters of a stack, as policies name them. `names` are known at synthesis."""

    stack: Stack
    names: Sequence[str]

    @property
    def arns(self) -> list[str]:
        return [self.arn("cluster", name) for name in self.names]

    @property
    def here(self) -> dict[str, dict[str, list[str]]]:
        """The condition that a call is about one of them."""
        return {"ArnEquals": {"ecs:cluster": self.arns}}

    def inside(self, kind: str) -> list[str]:
        """Everything of a kind, such as `task`, in them."""
        return [self.arn(kind, f"{name}/*") for name in self.names]

    def arn(self, kind: str, name: str) -> str:
        """ECS's ARN of one thing in this account and region."""
        return self.stack.format_arn(service="ecs", resource=kind, resource_name=name)


class TaskRoles(Construct):
    """For the owner's task definitions: `execution` gets images and writes logs to `logs`, and `task` is who
    the container is. It may do nothing until the owner allows something.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.logs = logs.LogGroup(
            self, "Logs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        self.task = iam.Role(self, "Task", assumed_by=self._tasks())
        self.execution = iam.Role(self, "Execution", assumed_by=self._tasks())
        self.logs.grant_write(self.execution)
        self._let_pull()

    def _tasks(self) -> iam.PrincipalBase:
        """ECS, for tasks of this account and region only."""
        stack = Stack.of(self)
        every = stack.format_arn(service="ecs", resource="*")
        return iam.ServicePrincipal(
            "ecs-tasks.amazonaws.com",
            conditions={
                "StringEquals": {"aws:SourceAccount": stack.account},
                "ArnLike": {"aws:SourceArn": every},
            },
        )

    def _let_pull(self) -> None:
        stack = Stack.of(self)
        images = stack.format_arn(service="ecr", resource="repository", resource_name="*")
        reads = ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
        for names, resource in ((reads, images), (("GetAuthorizationToken",), "*")):
            self.execution.add_to_policy(
                iam.PolicyStatement(actions=[f"ecr:{each}" for each in names], resources=[resource])
            )
        acknowledge_reads(self.execution)
        acknowledge_wildcards(
            self.execution,
            images,
            because="The owner's images may be in any of the owner's repositories; it can only read them.",
        )


def let_ingest(
    worker: ThinFunction, *, ledger: dynamodb.ITable, wakes: sqs.IQueue, dead_letters: sqs.IQueue
) -> None:
    """Write jobs, look at task definitions, wake the scheduler, give up what is wrong."""
    _let_write(worker, ledger)
    worker.allow("sqs:SendMessage", on=[wakes.queue_arn, dead_letters.queue_arn])
    _let_look_at_definitions(worker)


def let_snapshot(
    worker: ThinFunction, *, ledger: dynamodb.ITable, wakes: sqs.IQueue, state: str, clusters: Clusters
) -> None:
    """Read the clusters, keep the ledger true, stop tasks that nobody wants, wake the scheduler."""
    _let_write(worker, ledger)
    worker.allow("sqs:SendMessage", on=[wakes.queue_arn])
    worker.allow("secretsmanager:GetSecretValue", on=[state])
    worker.allow("ecs:ListContainerInstances", on=clusters.arns)
    _let_handle_tasks(worker, clusters)


def let_schedule(
    worker: ThinFunction,
    *,
    ledger: dynamodb.ITable,
    queues: Sequence[sqs.IQueue],
    state: str,
    clusters: Clusters,
    families: Sequence[str],
    roles: Sequence[str],
) -> None:
    """Start tasks of the owner's families, in these clusters, in these roles; send to the queues."""
    _let_write(worker, ledger)
    worker.allow("sqs:SendMessage", on=[queue.queue_arn for queue in queues])
    worker.allow("secretsmanager:GetSecretValue", on=[state])
    _let_handle_tasks(worker, clusters)
    definitions = [clusters.arn("task-definition", f"{family}:*") for family in families]
    worker.allow("ecs:RunTask", on=definitions, where=clusters.here)
    to_ecs = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    worker.allow("iam:PassRole", on=roles, where=to_ecs)
    acknowledge_wildcards(
        worker,
        *definitions,
        because="A family's revisions are not known at deployment; the families are the owner's choice.",
    )


def let_grow(worker: ThinFunction, *, group: autoscaling.AutoScalingGroup) -> None:
    """Choose the size of one Auto Scaling group, after looking at what it can launch."""
    arn = group.auto_scaling_group_arn
    worker.allow("autoscaling:SetDesiredCapacity", on=[arn])
    # Neither knows resources.
    worker.allow("autoscaling:DescribeAutoScalingGroups", "ec2:DescribeInstanceTypes", on=["*"])
    acknowledge_reads(worker)
    acknowledge_wildcards(worker, arn, because="The group's ARN has an id of AWS's in the middle of it.")


def _let_write(worker: ThinFunction, ledger: dynamodb.ITable) -> None:
    reads = ("GetItem", "BatchGetItem")
    writes = ("PutItem", "UpdateItem")
    worker.allow(*(f"dynamodb:{each}" for each in reads + writes), on=[ledger.table_arn])
    worker.allow("dynamodb:Query", on=[f"{ledger.table_arn}/index/lanes"])


def _let_look_at_definitions(worker: ThinFunction) -> None:
    worker.allow("ecs:DescribeTaskDefinition", on=["*"])
    acknowledge_reads(worker)


def _let_handle_tasks(worker: ThinFunction, clusters: Clusters) -> None:
    tasks, instances = clusters.inside("task"), clusters.inside("container-instance")
    worker.allow("ecs:DescribeTasks", "ecs:StopTask", on=tasks, where=clusters.here)
    worker.allow("ecs:DescribeContainerInstances", on=instances, where=clusters.here)
    # A list that is not of one instance has no resource but the condition.
    worker.allow("ecs:ListTasks", on=["*"], where=clusters.here)
    acknowledge_reads(worker)
    acknowledge_wildcards(
        worker,
        *tasks,
        *instances,
        because="Tasks and instances come and go; each statement is bound to the clusters.",
    )
