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


def test_no_resource_is_everything(aws: Synthesised) -> None:
    for name, statement in _statements(aws):
        assert statement["Effect"] == "Allow"
        for resource in _listed(statement["Resource"]):
            assert resource != "*", f"{name}: {statement['Action']}"


def test_wildcards_in_resources_stay_inside_the_archives_prefix(aws: Synthesised) -> None:
    wild = {
        json.dumps(resource)
        for _, statement in _statements(aws)
        for resource in _listed(statement["Resource"])
        if "*" in json.dumps(resource)
    }
    assert len(wild) == 2
    assert all('"/instagram/*' in each for each in wild)


def test_no_managed_policy_is_attached(aws: Synthesised) -> None:
    roles = [each["Properties"] for _, each in aws.resources("AWS::IAM::Role")]
    assert len(roles) == 3
    assert not [role for role in roles if role.get("ManagedPolicyArns")]


FORBIDDEN = ("Delete", "PutBucket", "PutLifecycle", "UpdateTable", "iam:", "sts:", "lambda:", "kms:")


def test_nothing_can_delete_what_is_kept(aws: Synthesised) -> None:
    for name, statement in _statements(aws):
        for action in _listed(statement["Action"]):
            if not action.startswith("sqs:"):
                assert not any(word in action for word in FORBIDDEN), f"{name}: {action}"


@pytest.mark.parametrize(
    ("role", "secret", "writes"),
    [
        ("PhotoBackup", "InstagramSecret", False),
        ("PhotoPost", "GhostSecret", False),
        ("TokenRefresh", "InstagramSecret", True),
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
