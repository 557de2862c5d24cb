"""Idempotency of RunTask: what a client token was first answered with.

A token is good for 24 hours in its cluster («Ensuring idempotency in ECS API calls»). With the same
parameters the first answer is given again; with others the call is refused with the ARNs it made.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from everyday_local.ecs.errors import conflict, invalid

LIFETIME = timedelta(hours=24)
Params = Mapping[str, Any]
_ALLOWED = re.compile(r"[\x21-\x7e]{1,64}")


class Answered(NamedTuple):
    """What a call with parameters of this digest was answered, and until when that counts."""

    digest: str
    answer: dict[str, Any]
    until: datetime


def recall(known: Answered | None, token: str, params: Params, now: datetime) -> dict[str, Any] | None:
    """The first answer, None for a token that is new (again).

    Raises EcsError for a bad token, and when it was used with other parameters.
    """
    if not _ALLOWED.fullmatch(token):
        raise invalid("clientToken must be 1 to 64 characters in the range of 33 to 126.")
    if known is None or known.until <= now:
        return None
    if known.digest != _digest(params):
        arns = [task["taskArn"] for task in known.answer["tasks"]]
        raise conflict("The client token was used with other parameters.", arns)
    return known.answer


def answered(params: Params, answer: dict[str, Any], now: datetime) -> Answered:
    """What to keep for the next one who uses the token."""
    return Answered(_digest(params), answer, now + LIFETIME)


def _digest(params: Params) -> str:
    return hashlib.sha256(msgspec.json.encode(dict(params), order="deterministic")).hexdigest()
