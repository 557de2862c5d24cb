"""Idempotency of RunTask: what a client token was first answered with.

A token is good for 24 hours in its cluster («Ensuring idempotency in ECS API calls»). With the same
parameters the first answer is given again; with others the call is refused with the ARNs it made.
"""

import hashlib
import re
from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from everyday_local.ecs.errors import conflict, invalid

LIFETIME = timedelta(hours=24)
_ALLOWED = re.compile(r"[\x21-\x7e]{1,64}")


class _Answer(NamedTuple):
    digest: str
    answer: dict[str, Any]
    until: datetime


class Tokens:
    """The tokens of one account.

    Whether ECS keeps an answer that placed nothing is not documented: `keep_failures` says if this one does.
    """

    def __init__(self, *, keep_failures: bool = True) -> None:
        self.keep_failures = keep_failures
        self._answers: dict[tuple[str, str], _Answer] = {}

    def recall(
        self, cluster: str, token: str, params: Mapping[str, Any], now: datetime
    ) -> dict[str, Any] | None:
        """The first answer, None for a new token. Raises EcsError for a bad token or other parameters."""
        if not _ALLOWED.fullmatch(token):
            raise invalid("clientToken must be 1 to 64 characters in the range of 33 to 126.")
        known = self._answers.get((cluster, token))
        if known is None or known.until <= now:
            return None
        if known.digest != _digest(params):
            arns = [task["taskArn"] for task in known.answer["tasks"]]
            raise conflict("The client token was used with other parameters.", arns)
        return deepcopy(known.answer)

    def keep(
        self,
        cluster: str,
        token: str,
        params: Mapping[str, Any],
        answer: dict[str, Any],
        now: datetime,
    ) -> None:
        if answer["tasks"] or self.keep_failures:
            self._answers[cluster, token] = _Answer(_digest(params), deepcopy(answer), now + LIFETIME)


def _digest(params: Mapping[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(dict(params), order="deterministic")).hexdigest()
