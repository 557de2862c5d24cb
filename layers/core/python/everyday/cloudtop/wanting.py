"""What is wanted of the fleets and the machines, as things stand. Pure."""

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from everyday.cloudtop.actions import SetCapacity, Terminate
from everyday.cloudtop.model import Capacity, Machine, Notes, Rules, Situation, Wish
from everyday.cloudtop.seeing import (
    SILENCE,
    elsewhere,
    failing,
    holds,
    lingers,
    present,
    said,
    volume_trouble,
)

NOTHING = Capacity()


def wanted(situation: Situation, notes: Notes, rules: Rules, now: datetime) -> Wish:
    """The wish, or the one that takes its place: after so many failed boots, or when nobody works."""
    wish = situation.wish
    if not wish.up:
        return wish
    if len(notes.failed) >= rules.failures:
        return _down(wish, "boot failures", now)
    return _down(wish, "idle", now) if _idle(situation, now) else wish


def capacities(situation: Situation, wish: Wish, notes: Notes) -> Iterator[SetCapacity]:
    """What is asked of the fleets: of the others first, so that never two zones have a machine."""
    home = situation.home.zone
    for zone, asked in situation.fleets.items():
        if zone != home and asked != NOTHING:
            yield SetCapacity(zone=zone, capacity=NOTHING, why=f"the home is {home}")
    asked = situation.fleets.get(home, NOTHING)
    want = _of_home(situation, wish, notes, asked)
    if want != asked:
        yield SetCapacity(zone=home, capacity=want, why=_why(wish, notes))


def ends(situation: Situation, wish: Wish, now: datetime) -> Iterator[Terminate]:
    """Machines that are to be ended."""
    seen: set[str] = set()
    for machine, why in _doomed(situation, wish, now):
        if machine.id not in seen:
            seen.add(machine.id)
            yield Terminate(instance=machine.id, why=why)


def _down(wish: Wish, reason: str, now: datetime) -> Wish:
    return replace(wish, up=False, market="spot", asked_at=now, reason=reason, version=wish.version + 1)


def _idle(situation: Situation, now: datetime) -> bool:
    wish, report = situation.wish, situation.report
    if report is None or not any(said(situation, it) == "idle" for it in present(situation)):
        return False
    held = wish.hold_until is not None and now < wish.hold_until
    return not held and (wish.asked_at is None or wish.asked_at < report.at)


def _of_home(situation: Situation, wish: Wish, notes: Notes, asked: Capacity) -> Capacity:
    if not wish.up:
        return NOTHING
    here = present(situation)
    if asked.total == 1 and here:
        return asked  # whatever its market: nobody loses a machine that is there to save money
    if volume_trouble(situation):
        return NOTHING
    if asked.total == 0 and elsewhere(situation):
        return NOTHING  # a machine of another zone may still be writing
    on_demand = wish.market == "on-demand" or notes.fell_back
    return Capacity(total=1, on_demand=int(on_demand))


def _why(wish: Wish, notes: Notes) -> str:
    if not wish.up:
        return f"asked for by {wish.reason}" if wish.reason == "owner" else wish.reason
    return "spot stays away" if notes.fell_back else "the machine is wanted"


def _doomed(situation: Situation, wish: Wish, now: datetime) -> Iterator[tuple[Machine, str]]:
    for machine in failing(situation, now):
        yield machine, "its boot failed"
    for machine in situation.machines:
        if lingers(situation, machine, now):
            yield machine, "it took its leave and still runs"
        elif _forgotten(machine, wish, now):
            yield machine, "it still runs long after it was to stop"
    for machine in _surplus(situation):
        yield machine, "another machine has the data"


def _forgotten(machine: Machine, wish: Wish, now: datetime) -> bool:
    """The fleet that should have ended it is gone. It had its time to leave."""
    asked = wish.asked_at or now
    return not wish.up and machine.state in ("pending", "running") and now - asked >= SILENCE


def _surplus(situation: Situation) -> list[Machine]:
    """All but one, and never who has the data."""
    here = present(situation)
    if len(here) < 2:
        return []
    holders = [it for it in here if holds(situation, it)]
    kept = holders or here[:1]
    return [it for it in here if it not in kept]
