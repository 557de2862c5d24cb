"""Situations to decide by: at noon, a machine is wanted, and everything is in zone `a`."""

from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from everyday.cloudtop.model import (
    Capacity,
    Home,
    Lease,
    Machine,
    Market,
    Notes,
    Report,
    Situation,
    Stage,
    Volume,
    Wish,
)

NOON = datetime.fromisoformat("2026-11-24T12:00:00+00:00")
HOME = Home(zone="a", volume="vol-1")
UP = Wish(up=True, asked_at=NOON - timedelta(hours=1), version=1)
DOWN = Wish(up=False, asked_at=NOON - timedelta(minutes=1), version=2)
NONE, SPOT, ON_DEMAND = Capacity(), Capacity(total=1), Capacity(total=1, on_demand=1)
FREE = Volume(id="vol-1", zone="a", state="available", size_gib=50)


def ago(**span: float) -> datetime:
    return NOON - timedelta(**span)


def machine(instance: str = "i-1", *, market: Market = "spot", **changed: Any) -> Machine:
    base = Machine(
        id=instance, state="running", zone="a", type="c6i.xlarge", market=market, launched_at=ago(minutes=3)
    )
    return replace(base, **changed)


def report(stage: Stage, instance: str = "i-1", **span: float) -> Report:
    return Report(instance=instance, stage=stage, at=ago(**(span or {"minutes": 1})), detail="why")


def lease(holder: str = "i-1", **span: float) -> Lease:
    return Lease(holder=holder, volume="vol-1", since=ago(**(span or {"minutes": 10})))


def held_by(instance: str) -> Volume:
    return replace(FREE, state="in-use", attached_to=instance, attachment="attached")


def situation(**changed: Any) -> Situation:
    """Wanted, and nothing asked for yet."""
    base = Situation(wish=UP, notes=Notes(version=3), home=HOME, fleets={"a": NONE, "b": NONE}, volume=FREE)
    return replace(base, **changed)


def at_work(**changed: Any) -> Situation:
    """One machine has the data."""
    base = situation(
        fleets={"a": SPOT, "b": NONE},
        machines=(machine(),),
        volume=held_by("i-1"),
        lease=lease(),
        report=report("ready"),
    )
    return replace(base, **changed)
