"""What every composition root begins with: AWS's clients, the clock, random ids."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    import boto3


def now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


def new_id() -> str:
    """A new random id."""
    return uuid4().hex


def default_session() -> "boto3.Session":
    """What the environment says, as in a Lambda."""
    import boto3

    return boto3.Session()


def client(
    session: "boto3.Session | None",
    service: str,
    *,
    connections: int = 10,
    url: str | None = None,
    hurried: bool = False,
) -> Any:
    """One of AWS's clients, with this project's timeouts and retries (see `client_config`). `url` None: AWS's
    own address."""
    from everyday.adapters.aws import client_config

    make: Any = (session or default_session()).client  # typed for literal names only
    return make(service, endpoint_url=url, config=client_config(connections=connections, hurried=hurried))
