"""boto3 against the local AWS only: no profile, no credential and no region of the owner is ever read."""

from typing import Any

import boto3
import botocore.session

from everyday_local.ministack import CREDENTIALS, REGION


class _LoopbackSession(botocore.session.Session):
    """Botocore's session, with every client at one address, unless it is told another."""

    def __init__(self, endpoint: str) -> None:
        unread = dict.fromkeys(("profile", "region"), (None, None, None, None))
        files = dict.fromkeys(("config_file", "credentials_file"), (None, None, "/dev/null", None))
        super().__init__(session_vars={**unread, **files})
        self._endpoint = endpoint

    def create_client(self, service_name: str, *args: Any, **options: Any) -> Any:
        options["endpoint_url"] = options.get("endpoint_url") or self._endpoint
        return super().create_client(service_name, *args, **options)


def local_session(endpoint: str) -> boto3.Session:
    """A session whose clients speak to the local AWS, or to the stand-in that they name."""
    return boto3.Session(
        botocore_session=_LoopbackSession(endpoint),
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
