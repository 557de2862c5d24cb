"""One set of promises over every Secrets."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from everyday.adapters.memory import MemorySecrets
from everyday.adapters.secrets import SecretsManagerSecrets
from everyday.errors import SecretsUnavailable, SettingsError
from everyday.ports import Secrets
from tests.contract.conftest import Trouble

TOKEN = {"access_token": "IGAA-canary", "expires_at": "2026-07-01T00:00:00Z"}


@pytest.fixture
def manager(client: Callable[[str], Any]) -> Any:
    return client("secretsmanager")


@pytest.fixture
def name(manager: Any) -> str:
    """A secret as CloudFormation makes one without being told a value."""
    created = manager.create_secret(Name=f"instagram-{uuid4().hex}", SecretString="k3yGrQ0a")
    return str(created["ARN"])


@pytest.fixture(params=["memory", "aws"])
def secrets(request: pytest.FixtureRequest) -> Secrets:
    if request.param == "memory":
        return MemorySecrets()
    return SecretsManagerSecrets(request.getfixturevalue("manager"))


def test_what_was_put_is_got_and_the_newest_wins(secrets: Secrets, name: str) -> None:
    for value in ({"access_token": "old"}, TOKEN):
        secrets.put(name, value)
        assert secrets.get(name) == value


def test_a_secret_never_filled_is_a_matter_of_settings(secrets: Secrets, name: str) -> None:
    with pytest.raises(SettingsError, match="never filled"):
        secrets.get(name)
    with pytest.raises(SettingsError, match=r"unknown (was never filled|does not exist)"):
        secrets.get("unknown")


@pytest.mark.parametrize(
    "text", ["", "IGAA-canary", '"IGAA-canary"', '["IGAA-canary"]', '{"IGAA-canary', "null"]
)
def test_what_is_no_json_object_is_refused_without_being_quoted(manager: Any, name: str, text: str) -> None:
    if text:
        manager.put_secret_value(SecretId=name, SecretString=text)
    with pytest.raises(SettingsError) as raised:
        SecretsManagerSecrets(manager).get(name)
    assert "canary" not in f"{raised.value!r} {raised.value.__cause__!r} {raised.value.__context__!r}"


@pytest.mark.parametrize("trouble", ["lost", "cut", (500, "InternalServiceError")], ids=str)
def test_a_write_survives_one_trouble_as_one_version(manager: Any, name: str, trouble: Any) -> None:
    secrets = SecretsManagerSecrets(manager)
    Trouble(manager, "PutSecretValue").script = [trouble]
    secrets.put(name, TOKEN)
    assert secrets.get(name) == TOKEN
    listed = manager.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]
    assert len(listed) <= 2, "the one it was made with, and ours (ministack drops the first on a retry)"


@pytest.mark.parametrize(
    "trouble", ["cut", (500, "InternalServiceError"), (400, "AccessDeniedException")], ids=str
)
def test_a_store_that_stays_away_is_unavailable_and_tells_no_secret(
    manager: Any, name: str, trouble: Any
) -> None:
    secrets = SecretsManagerSecrets(manager)
    Trouble(manager).script = [trouble] * 20
    with pytest.raises(SecretsUnavailable, match="reading the secret"):
        secrets.get(name)
    with pytest.raises(SecretsUnavailable) as raised:
        secrets.put(name, TOKEN)
    assert "canary" not in f"{raised.value!r} {raised.value.__cause__!r}"
