"""Secrets in AWS Secrets Manager."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from everyday.adapters.aws import code_of, translated
from everyday.errors import SecretsUnavailable, SettingsError

if TYPE_CHECKING:
    from types_boto3_secretsmanager.client import SecretsManagerClient


class SecretsManagerSecrets:
    """Secrets by name or ARN. What they hold never appears in an error. Raises SecretsUnavailable."""

    def __init__(self, client: SecretsManagerClient) -> None:
        self._client = client

    def get(self, name: str) -> Mapping[str, Any]:
        with translated(SecretsUnavailable, f"reading the secret {name}"):
            try:
                found = self._client.get_secret_value(SecretId=name)
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    raise SettingsError(f"the secret {name} does not exist or was never filled") from error
                raise
        try:
            return msgspec.json.decode(found.get("SecretString", ""), type=dict[str, Any])
        except msgspec.DecodeError:
            # Without the cause: a decoder's message must not have the chance to quote a secret.
            raise SettingsError(f"the secret {name} was never filled: it holds no JSON object") from None

    def put(self, name: str, value: Mapping[str, Any]) -> None:
        """Store the value as the secret's current version. The same call twice makes one version
        (botocore sends one request token for all its attempts)."""
        with translated(SecretsUnavailable, f"writing the secret {name}"):
            self._client.put_secret_value(SecretId=name, SecretString=msgspec.json.encode(value).decode())
