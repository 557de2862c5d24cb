"""The local AWS and Valkey as local mode starts them: on loopback only, and keeping what they hold."""

import socket

import boto3
import pytest

from everyday_local.address import local_endpoint
from everyday_local.aws import local_session
from everyday_local.deploy import Deployment
from everyday_local.folder import Folder
from everyday_local.ministack import ministack
from everyday_local.ports import PREFERRED, any_free
from everyday_local.processes import Processes
from everyday_local.valkey import valkey
from tests.local.sockets import LOOPBACK, listening, marked

TEMPLATE = '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'


@pytest.fixture
def ports() -> dict[str, int]:
    return {name: any_free() for name in PREFERRED}


def start_aws(folder: Folder, processes: Processes, ports: dict[str, int]) -> boto3.Session:
    record = processes.start(ministack(folder, port=ports["ministack"], redis_port=ports["valkey"]))
    return local_session(record.address)


@pytest.mark.xdist_group("local")
def test_both_listen_on_loopback_only(folder: Folder, processes: Processes, ports: dict[str, int]) -> None:
    start_aws(folder, processes, ports)
    processes.start(valkey(folder, port=ports["valkey"]))
    addresses = listening(marked(folder.path))
    assert len(addresses) == 2
    assert set(addresses) <= LOOPBACK


@pytest.mark.xdist_group("local")
def test_the_local_aws_is_found_by_every_command_and_forgotten_when_it_ends(
    folder: Folder, processes: Processes, ports: dict[str, int]
) -> None:
    start_aws(folder, processes, ports)
    assert local_endpoint(folder) == f"http://127.0.0.1:{ports['ministack']}"
    processes.close()
    assert local_endpoint(folder) is None


@pytest.mark.xdist_group("local")
def test_what_the_local_aws_holds_outlives_it(
    folder: Folder, processes: Processes, ports: dict[str, int]
) -> None:
    session = start_aws(folder, processes, ports)
    session.client("s3").create_bucket(Bucket="archive")
    session.client("s3").put_object(Bucket="archive", Key="a/1.jpg", Body=b"picture")
    session.client("ssm").put_parameter(Name="/a", Value="kept", Type="String")
    processes.end(["ministack"])
    again = start_aws(folder, processes, ports)
    assert again.client("s3").get_object(Bucket="archive", Key="a/1.jpg")["Body"].read() == b"picture"
    assert again.client("ssm").get_parameter(Name="/a")["Parameter"]["Value"] == "kept"


@pytest.mark.xdist_group("local")
def test_a_stack_that_a_cut_deploy_left_in_the_middle_is_cleared_away(
    folder: Folder, processes: Processes, ports: dict[str, int]
) -> None:
    cloudformation = start_aws(folder, processes, ports).client("cloudformation")
    cloudformation.create_change_set(
        StackName="EverydayData", ChangeSetName="cut", ChangeSetType="CREATE", TemplateBody=TEMPLATE
    )
    deployment = Deployment(folder, processes, endpoint=f"http://127.0.0.1:{ports['ministack']}", context={})
    assert deployment.stuck() == ["EverydayData"]
    deployment.delete_stuck()
    assert deployment.stuck() == []


@pytest.mark.xdist_group("local")
def test_valkey_answers_and_keeps_its_data(
    folder: Folder, processes: Processes, ports: dict[str, int]
) -> None:
    service = valkey(folder, port=ports["valkey"])
    processes.start(service)
    assert ask(ports["valkey"], "SET a kept") == "+OK"
    processes.end(["valkey"])
    processes.start(service)
    assert ask(ports["valkey"], "GET a") == "$4\r\nkept"


def ask(port: int, command: str) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"{command}\r\n".encode())
        return connection.recv(1000).decode().strip()
