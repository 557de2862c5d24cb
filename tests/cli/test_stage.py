"""Where a command works, and what it says when it cannot."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from everyday_cli.stage import Stage, StageError, resolve
from everyday_local.aws import local_session
from everyday_local.folder import Folder
from everyday_local.processes import Processes
from everyday_local.service import Record


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVERYDAY_LOCAL", str(tmp_path / "local"))
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return Folder.chosen()


@pytest.fixture
def up(monkeypatch: pytest.MonkeyPatch) -> None:
    record = Record(
        name="ministack",
        title="",
        pid=1,
        started="1",
        port=4599,
        address="http://127.0.0.1:4599",
        digest="",
    )
    monkeypatch.setattr(Processes, "running", lambda _: {"ministack": record})


@pytest.mark.usefixtures("up")
def test_local_is_the_default_while_local_mode_is_up() -> None:
    stage = resolve(None)
    assert stage.name == "local"
    assert stage.session.client("s3").meta.endpoint_url == "http://127.0.0.1:4599"


def test_aws_is_the_default_while_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert resolve(None).name == "aws"


@pytest.mark.usefixtures("up")
def test_aws_can_be_asked_for_while_local_mode_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    stage = resolve("aws")
    assert stage.session.client("s3").meta.endpoint_url == "https://s3.eu-central-1.amazonaws.com"


def test_local_that_is_not_up_says_how_to_start_it() -> None:
    with pytest.raises(StageError, match="everyday local up"):
        resolve("local")


def test_aws_without_a_region_says_so() -> None:
    with pytest.raises(StageError, match="no AWS region"):
        resolve("aws")


def test_the_region_of_everyday_toml_wins_over_the_shells(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("everyday.toml").write_text('[everyday]\nregion = "eu-north-1"\n')
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert resolve("aws").session.region_name == "eu-north-1"


def test_a_profile_that_does_not_exist_is_told_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "gone")
    with pytest.raises(StageError, match="gone"):
        resolve("aws")


def test_a_local_aws_that_does_not_answer_is_told_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    from everyday_cli.stage import Stage

    with pytest.raises(StageError, match="everyday local status"):
        Stage("local", local_session("http://127.0.0.1:1")).outputs("EverydayData")


def test_the_local_session_never_reads_the_owners_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = (
        "[profile work]\nregion = eu-west-3\nendpoint_url = https://example.com\naws_access_key_id = OWNER\n"
    )
    (tmp_path / "config").write_text(config)
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "OWNER")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://example.com")
    session = local_session("http://127.0.0.1:4599")
    credentials = session.get_credentials()
    assert credentials is not None
    assert (credentials.access_key, session.region_name) == ("test", "us-east-1")
    assert session.client("dynamodb").meta.endpoint_url == "http://127.0.0.1:4599"


class _NotDeployed:
    """CloudFormation of an account without the stack."""

    def client(self, _: str) -> "_NotDeployed":
        return self

    def describe_stacks(self, StackName: str) -> None:
        message = f"Stack with id {StackName} does not exist"
        raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("name", "advice"),
    [("aws", r"set enabled = true under \[jobs\] .* and deploy it with: make deploy"), ("local", "local up")],
)
def test_jobs_that_are_off_say_how_to_switch_them_on(name: str, advice: str) -> None:
    with pytest.raises(StageError, match=advice):
        _ = Stage(name, _NotDeployed()).jobs  # type: ignore[arg-type]
