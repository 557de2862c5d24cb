"""Instagram's rate limits, read from the headers of each answer.

Meta: `X-App-Usage` and `X-Business-Use-Case-Usage` say in percent how much of a rolling window is used;
`estimated_time_to_regain_access` is in minutes.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple

import msgspec

BACK_OFF_ABOVE = 80.0
_NEAR = timedelta(minutes=15)
_OVER = timedelta(hours=1)
_LONGEST = timedelta(hours=24)


class _Use(msgspec.Struct):
    call_count: float = 0
    total_time: float = 0
    total_cputime: float = 0
    estimated_time_to_regain_access: float = 0


class _Worst(NamedTuple):
    percent: float
    minutes: float


def pause_until(headers: Mapping[str, str], *, now: datetime) -> datetime | None:
    """When the next call may be made; None: at once. Header names in any case; odd headers are ignored."""
    worst = _worst(headers)
    if worst.minutes > 0:
        return now + min(timedelta(minutes=min(worst.minutes, 1e6)), _LONGEST)
    if worst.percent >= 100:
        return now + _OVER
    return now + _NEAR if worst.percent > BACK_OFF_ABOVE else None


def _worst(headers: Mapping[str, str]) -> _Worst:
    uses = list(_uses({name.lower(): value for name, value in headers.items()}))
    return _Worst(
        percent=max((max(use.call_count, use.total_time, use.total_cputime) for use in uses), default=0),
        minutes=max((use.estimated_time_to_regain_access for use in uses), default=0),
    )


def _uses(headers: Mapping[str, str]) -> Iterator[_Use]:
    # A header that cannot be read forbids nothing.
    with suppress(msgspec.DecodeError, RecursionError):
        yield msgspec.json.decode(headers.get("x-app-usage", "{}"), type=_Use)
    with suppress(msgspec.DecodeError, RecursionError):
        cases = headers.get("x-business-use-case-usage", "{}")
        yield from chain(*msgspec.json.decode(cases, type=dict[str, list[_Use]]).values())
