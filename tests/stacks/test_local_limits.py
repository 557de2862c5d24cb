"""What the local stage leaves out is what the local AWS really refuses, and nothing else."""

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from stacks.local_limits import UNKNOWN_TYPES
from tests.stacks.conftest import ROOT, Synthesised

MINISTACK = ROOT / ".everyday/ministack/bin/ministack"


@pytest.fixture(scope="module")
def cloudformation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if not MINISTACK.exists():
        pytest.skip("the local AWS is not installed; make layers installs it")
    port = _free_port()
    environment = {
        "PATH": os.defpath,
        "HOME": str(tmp_path_factory.mktemp("home")),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": "cloudformation",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    process = subprocess.Popen(
        [MINISTACK], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_ministack/health")
        yield boto3.client(
            "cloudformation",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(address: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(address)


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
    assert {kind for kind in kinds if kind in refusal} == UNKNOWN_TYPES
