"""What the local stage leaves out is what the local AWS really refuses, and nothing else."""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from everyday_local.aws import local_session
from stacks.local_limits import UNKNOWN_TYPES
from tests.stacks.conftest import Synthesised


@pytest.fixture
def cloudformation(local_aws: str) -> Any:
    return local_session(local_aws).client("cloudformation")


def _refusal(cloudformation: Any, kinds: set[str]) -> str:
    """What the local AWS says to a template with these types; each is behind no condition."""
    resources = {f"R{number}": {"Type": kind} for number, kind in enumerate(sorted(kinds))}
    body = json.dumps({"Resources": resources})
    try:
        cloudformation.create_stack(StackName=f"Limits{len(kinds)}", TemplateBody=body)
    except ClientError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", sorted(UNKNOWN_TYPES))
def test_the_local_aws_refuses_what_is_left_out(cloudformation: Any, kind: str) -> None:
    assert kind in _refusal(cloudformation, {kind}), "it is known now: take it off the list"


def test_every_type_left_out_is_one_that_we_deploy(aws: Synthesised) -> None:
    assert {each["Type"] for _, each in aws.resources()} >= UNKNOWN_TYPES


def test_the_local_aws_names_none_of_the_others(cloudformation: Any, aws: Synthesised) -> None:
    kinds = {each["Type"] for _, each in aws.resources()}
    refusal = _refusal(cloudformation, kinds)
    assert refusal
    assert kinds & set(re.findall(r"AWS::\w+::\w+", refusal)) == UNKNOWN_TYPES
