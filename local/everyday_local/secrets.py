"""Fills the deployed secrets with what the stand-ins gave out."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from everyday.adapters.aws import client_config
from everyday.adapters.secrets import SecretsManagerSecrets
from everyday.errors import SettingsError

if TYPE_CHECKING:
    import boto3

_SECONDS = 30


def fill(
    session: "boto3.Session", outputs: Mapping[str, str], *, instagram_url: str, admin_key_file: Path
) -> str:
    """Give the functions the sample account's token and the blog's key; returns the key.

    A token that is already there is kept: `token_refresh` may have renewed it.
    """
    secrets = SecretsManagerSecrets(session.client("secretsmanager", config=client_config()))
    if _held(secrets, outputs["InstagramSecret"]) is None:
        secrets.put(outputs["InstagramSecret"], _token(instagram_url))
    admin_key = admin_key_file.read_text().strip()
    if _held(secrets, outputs["GhostSecret"]) != {"admin_key": admin_key}:
        secrets.put(outputs["GhostSecret"], {"admin_key": admin_key})
    return admin_key


def _token(instagram_url: str) -> Mapping[str, Any]:
    """The stand-in's first token is two days old, so that it may be refreshed at once."""
    answer = requests.get(f"{instagram_url}/_standin/account", timeout=_SECONDS)
    answer.raise_for_status()
    account = answer.json()
    obtained_at = datetime.now(UTC) - timedelta(days=2)
    return {
        "access_token": account["token"],
        "obtained_at": obtained_at.isoformat(),
        "expires_at": (obtained_at + timedelta(days=60)).isoformat(),
        "user_id": account["user_id"],
        "username": account["username"],
    }


def _held(secrets: SecretsManagerSecrets, name: str) -> Mapping[str, Any] | None:
    try:
        return secrets.get(name)
    except SettingsError:
        return None
