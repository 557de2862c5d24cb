"""What the AWS adapters share: clients with timeouts, one layer of retries, errors in our own words."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from everyday.errors import Unavailable

CONNECT_TIMEOUT_SECONDS = 3
READ_TIMEOUT_SECONDS = 15
HURRIED_READ_TIMEOUT_SECONDS = 10
ATTEMPTS = 4


def client_config(*, connections: int = 10, hurried: bool = False) -> Config:
    """For every boto3 client of this project: botocore's jittered, capped retries, and nobody else's.

    At worst a call takes 4 attempts of 3 + 15 s and waits of up to 1 + 2 + 4 s: 79 s. `connections` is how
    many threads use the client at once. `hurried`: two attempts of 3 + 10 s and a wait of up to 1 s, 27 s in
    all, for a caller that is called again anyway.
    """
    return Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=HURRIED_READ_TIMEOUT_SECONDS if hurried else READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 2 if hurried else ATTEMPTS},
        max_pool_connections=connections,
    )


def code_of(error: ClientError) -> str:
    """AWS's word for what went wrong, such as `PreconditionFailed`; a HEAD request only has the status."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


@contextmanager
def translated(kind: type[Unavailable], doing: str) -> Iterator[None]:
    """Raise what botocore raises as `kind`; `doing` begins the message."""
    try:
        yield
    except ClientError as error:
        raise kind(f"{doing}: {code_of(error)}") from error
    except BotoCoreError as error:
        raise kind(f"{doing}: {type(error).__name__}") from error


def pauses(attempts: int = ATTEMPTS, *, base: float = 0.1, cap: float = 2.0) -> Iterator[float]:
    """Seconds to wait between the attempts at what a batch call left over: full jitter, doubling up to `cap`.

    botocore retries a call that failed; the part of a batch that AWS did not take is ours to send again.
    """
    for attempt in range(attempts - 1):
        yield random.uniform(0, min(cap, base * 2**attempt))  # noqa: S311 - spreads load, guards nothing
