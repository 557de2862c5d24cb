"""What the month has cost so far, by part, and what it comes to at its end. Pure."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime

from everyday.record import Record

PARTS = {
    "SpotUsage:": "machine on spot",
    "BoxUsage:": "machine on demand",
    "EBS:VolumeUsage": "volume",
    "EBS:SnapshotUsage": "snapshots",
    "PublicIPv4:InUseAddress": "IPv4 address",
}
"""AWS's usage types, without the region's letters before them, and what they are to the owner."""

CODESPACES_HOUR_USD, CODESPACES_GIB_USD = 0.36, 0.07
"""GitHub Codespaces with four processors, and its storage for a month: recalled in 2026-11, not looked up."""

_HOURLY = ("machine on spot", "machine on demand")


class Usage(Record, frozen=True, kw_only=True):
    """A line of AWS's bill: `quantity` in hours, or in GiB of a whole month, by the type."""

    type: str
    usd: float
    quantity: float


class Part(Record, frozen=True, kw_only=True):
    """One part so far, and at the month's end if it goes on like this. USD."""

    name: str
    usd: float
    quantity: float
    forecast_usd: float


class Bill(Record, frozen=True, kw_only=True):
    """A month. `codespaces_usd`: the same hours and the same volume there, so far."""

    month: str
    parts: tuple[Part, ...]
    usd: float
    forecast_usd: float
    codespaces_usd: float


def bill(usage: Iterable[Usage], now: datetime, *, size_gib: int) -> Bill:
    """The month of `now`, a time in UTC, of what AWS counts for EC2 and its disks."""
    passed = elapsed(now)
    sums = dict.fromkeys(PARTS.values(), (0.0, 0.0))
    for line in usage:
        if name := _part(line.type):
            usd, quantity = sums[name]
            sums[name] = (usd + line.usd, quantity + line.quantity)
    parts = tuple(
        Part(name=name, usd=usd, quantity=quantity, forecast_usd=usd / passed)
        for name, (usd, quantity) in sums.items()
    )
    hours = sum(part.quantity for part in parts if part.name in _HOURLY)
    return Bill(
        month=f"{now:%Y-%m}",
        parts=parts,
        usd=sum(part.usd for part in parts),
        forecast_usd=sum(part.forecast_usd for part in parts),
        codespaces_usd=hours * CODESPACES_HOUR_USD + size_gib * CODESPACES_GIB_USD * passed,
    )


def elapsed(now: datetime) -> float:
    """The part of the month that has passed, at least an hour of it."""
    days = monthrange(now.year, now.month)[1]
    hours = (now.day - 1) * 24 + now.hour + now.minute / 60
    return max(hours, 1.0) / (days * 24)


def first_of(now: datetime) -> date:
    """The month's first day."""
    return now.date().replace(day=1)


def _part(usage_type: str) -> str | None:
    return next((name for mark, name in PARTS.items() if mark in usage_type), None)
