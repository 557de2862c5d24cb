"""Who may do what: every policy of every template is read."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.stacks.conftest import Synthesised


def _statements(aws: Synthesised) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in aws.resources("AWS::IAM::"):
        properties = resource["Properties"]
        documents = [properties[key] for key in ("PolicyDocument",) if key in properties]
        documents += [each["PolicyDocument"] for each in properties.get("Policies", [])]
        for document in documents:
            for statement in document["Statement"]:
                yield name, statement


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_there_are_policies_to_judge(aws: Synthesised) -> None:
    assert len(list(_statements(aws))) >= 15


def test_no_action_is_a_wildcard(aws: Synthesised) -> None:
    actions = [action for _, statement in _statements(aws) for action in _listed(statement["Action"])]
    assert not [action for action in actions if "*" in action]


WITHOUT_RESOURCES = {
    "autoscaling:DescribeAutoScalingGroups",
    "codepipeline:PutJobFailureResult",
    "codepipeline:PutJobSuccessResult",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstances",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSpotFleetRequestHistory",
    "ec2:DescribeSpotFleetRequests",
    "ec2:DescribeSubnets",
    "ec2:DescribeVolumes",
    "ecr:GetAuthorizationToken",
    "ecs:DescribeTaskDefinition",
    "ecs:DiscoverPollEndpoint",
    "ecs:ListTasks",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}
"""Actions that AWS knows no resource for (Service Authorization Reference). All of them only read, but for
the two that answer a job of CodePipeline, for which its id must be known, and the four by which a machine
can be reached through Session Manager."""


def test_only_what_knows_no_resource_is_allowed_on_everything(aws: Synthesised) -> None:
    found = set()
    for _, statement in _statements(aws):
        assert statement["Effect"] == "Allow"
        if "*" in _listed(statement["Resource"]):
            found |= set(_listed(statement["Action"]))
    assert found == WITHOUT_RESOURCES


def _wildcards(aws: Synthesised) -> dict[str, set[str]]:
    """The resources with a star in them as plain texts, each with the actions allowed on it."""
    found: dict[str, set[str]] = {}
    for _, statement in _statements(aws):
        for resource in _listed(statement["Resource"]):
            text = resource if isinstance(resource, str) else "".join(_plain(resource))
            if "*" in text and text != "*":
                found.setdefault(text, set()).update(_listed(statement["Action"]))
    return found


def _plain(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        yield separator.join("".join(_plain(part)) for part in parts)
    else:
        yield f"<{next(iter(value))}>"


def test_every_wildcard_is_one_of_these(aws: Synthesised) -> None:
    here = "us-east-1:<Ref>"
    assert _wildcards(aws).keys() == {
        "<Fn::ImportValue>/instagram/*",
        "<Fn::ImportValue>/instagram/*/post.json",
        f"arn:<Ref>:ec2:{here}:*/*",
        f"arn:<Ref>:ec2:{here}:instance/*",
        f"arn:<Ref>:ec2:{here}:volume/*",
        "arn:<Ref>:ec2:us-east-1::snapshot/*",
        "<Fn::GetAtt>:*",
        f"arn:<Ref>:ecr:{here}:repository/*",
        f"arn:<Ref>:ecs:{here}:container-instance/everyday/*",
        f"arn:<Ref>:ecs:{here}:task/everyday/*",
        f"arn:<Ref>:ecs:{here}:task-definition/everyday-*:*",
        f"arn:<Ref>:autoscaling:{here}:autoScalingGroup:*:autoScalingGroupName/<Ref>",
        "<Fn::GetAtt>/assets/*",
        "<Fn::GetAtt>/pages/*",
        "<Fn::GetAtt>/*",
    }


def test_whatever_touches_tasks_or_instances_is_bound_to_the_cluster(aws: Synthesised) -> None:
    bound = {"ecs:RunTask", "ecs:StopTask", "ecs:DescribeTasks", "ecs:ListTasks", "ecs:Poll"}
    bound |= {"ecs:DescribeContainerInstances", "ecs:UpdateContainerInstancesState"}
    seen = set()
    for name, statement in _statements(aws):
        for action in bound & set(_listed(statement["Action"])):
            (clusters,) = statement["Condition"]["ArnEquals"].values()
            assert ["".join(_plain(each)) for each in _listed(clusters)] == [
                "arn:<Ref>:ecs:us-east-1:<Ref>:cluster/everyday"
            ], name
            seen.add(action)
    assert seen == bound


def test_only_the_scheduler_starts_tasks_and_only_of_the_owners_families(aws: Synthesised) -> None:
    ((name, statement),) = [each for each in _statements(aws) if "ecs:RunTask" in _listed(each[1]["Action"])]
    assert "JobScheduler" in name
    assert _listed(statement["Action"]) == ["ecs:RunTask"]
    assert "".join(_plain(statement["Resource"])).endswith(":task-definition/everyday-*:*")


def test_only_named_roles_are_handed_to_tasks_and_to_nobody_else(aws: Synthesised) -> None:
    ((name, statement),) = [each for each in _statements(aws) if "iam:PassRole" in _listed(each[1]["Action"])]
    assert "JobScheduler" in name
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    roles = json.dumps(statement["Resource"])
    assert len(statement["Resource"]) == 3
    assert "TasksExecution" in roles
    assert "TasksTask" in roles
    assert ":role/renders" in roles


def test_a_tasks_role_can_be_taken_by_ecs_for_this_account_only(aws: Synthesised) -> None:
    roles = [each for name, each in aws.resources("AWS::IAM::Role") if "/Tasks" in name]
    assert len(roles) == 2
    for role in roles:
        (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        assert "aws:SourceArn" in statement["Condition"]["ArnLike"]


def test_the_owners_task_may_do_nothing_until_the_owner_allows_something(aws: Synthesised) -> None:
    attached = [
        json.dumps(each["Properties"]["Roles"])
        for name, each in aws.resources("AWS::IAM::Policy")
        if name.startswith("EverydayJobs/")
    ]
    assert attached
    assert not [roles for roles in attached if "TasksTask" in roles]


ASKED_FOR = [
    "AmazonSSMManagedInstanceCore",
    "EC2InstanceProfileForImageBuilder",
    "service-role/AWSDataLifecycleManagerServiceRole",
    "service-role/AmazonEC2SpotFleetTaggingRole",
]
"""What AWS demands of roles that only its services take, or a machine that ends with its build."""


def test_no_managed_policy_is_attached_but_where_aws_asks_for_it(aws: Synthesised) -> None:
    roles = [each["Properties"] for _, each in aws.resources("AWS::IAM::Role")]
    assert len(roles) == 21
    attached = [json.dumps(each) for role in roles for each in role.get("ManagedPolicyArns", [])]
    assert sorted(each.split("policy/")[1].split('"')[0] for each in attached) == ASKED_FOR


# Lambda connects a function to its network in its role's name; handing a role to a task is tested above; what
# a publisher may delete is tested with the sites; of the CloudTop's
# table only the lease is deleted.
KNOWN = {
    "dynamodb:DeleteItem",
    "ec2:DeleteNetworkInterface",
    "iam:PassRole",
    "lambda:InvokeFunction",
    "s3:DeleteObjectVersion",
}
FORBIDDEN = ("Delete", "PutBucket", "PutLifecycle", "UpdateTable", "iam:", "sts:", "lambda:", "kms:")


def test_only_cloudtops_lease_and_its_keeper_delete_items(aws: Synthesised) -> None:
    names = {name for name, each in _statements(aws) if "dynamodb:DeleteItem" in _listed(each["Action"])}
    assert {name.split("/")[0] for name in names} == {"EverydayCloudtop"}


def test_nothing_can_delete_what_is_kept(aws: Synthesised) -> None:
    for name, statement in _statements(aws):
        for action in _listed(statement["Action"]):
            if not action.startswith("sqs:") and action not in KNOWN:
                assert not any(word in action for word in FORBIDDEN), f"{name}: {action}"


@pytest.mark.parametrize(
    ("role", "secret", "writes"),
    [
        ("PhotoBackup", "InstagramSecret", False),
        ("PhotoPost", "GhostSecret", False),
        ("TokenRefresh", "InstagramSecret", True),
        ("JobScheduler", "StateSecret", False),
        ("ClusterSnapshot", "StateSecret", False),
    ],
)
def test_a_function_reads_its_own_secret_and_only_one_may_write(
    aws: Synthesised, role: str, secret: str, *, writes: bool
) -> None:
    allowed = [
        statement
        for name, statement in _statements(aws)
        if role in name and "secretsmanager:" in json.dumps(statement["Action"])
    ]
    assert len(allowed) == 1
    assert secret in json.dumps(allowed[0]["Resource"])
    assert ("secretsmanager:PutSecretValue" in _listed(allowed[0]["Action"])) is writes


def test_photo_post_writes_nothing_in_the_archive_but_its_record_of_a_post(aws: Synthesised) -> None:
    puts = [
        resource
        for name, statement in _statements(aws)
        if "PhotoPost" in name and "s3:PutObject" in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    ]
    assert len(puts) == 1
    assert "/instagram/*/post.json" in json.dumps(puts)
