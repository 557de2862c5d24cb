"""What a situation means: which machines count, who holds the data, what the machine said. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from everyday.cloudtop.model import Lease, Machine, Situation, Stage, Volume

SILENCE = timedelta(minutes=10)
"""A machine that runs for so long and never said anything does not boot; one that took its leave so long ago
was not ended after all."""

YOUNG = timedelta(minutes=5)
"""EC2 tells every one of its servers about a new instance in its own time. An id that it does not know is
taken for an ended one only when it is older; terminated instances are forgotten after about an hour."""

_RUNS = ("pending", "running")


def said(situation: Situation, machine: Machine) -> Stage | None:
    """What it last reported; None when the last report is not its own."""
    report = situation.report
    return report.stage if report and report.instance == machine.id else None


def holds(situation: Situation, machine: Machine) -> bool:
    """It has the lease or the volume, so its end may cost what was not yet written."""
    lease, volume = situation.lease, situation.volume
    return machine.id in (lease and lease.holder, volume and volume.attached_to)


def usable(situation: Situation) -> bool:
    """The data can be used now, at a machine that stays."""
    return any(said(situation, it) in ("ready", "read-only", "idle") for it in present(situation))


def silent(situation: Situation, machine: Machine, now: datetime) -> bool:
    """It runs and never got as far as to say anything."""
    quiet = said(situation, machine) is None and not holds(situation, machine)
    return machine.state == "running" and quiet and now - machine.launched_at >= SILENCE


def lingers(situation: Situation, machine: Machine, now: datetime) -> bool:
    """It took its leave, and its power was never cut."""
    report = situation.report
    left = said(situation, machine) == "left" and not holds(situation, machine)
    return bool(report and left and machine.state in _RUNS and now - report.at >= SILENCE)


def present(situation: Situation) -> Sequence[Machine]:
    """Machines of the home's zone that are there to stay or on their way, oldest first."""
    found = [
        it
        for it in situation.machines
        if it.state in _RUNS
        and it.zone == situation.home.zone
        and said(situation, it) not in ("notice", "left", "failed")
    ]
    return sorted(found, key=lambda it: (it.launched_at, it.id))


def failing(situation: Situation, now: datetime) -> Sequence[Machine]:
    """Machines whose boot did not reach the data."""
    return [
        it
        for it in situation.machines
        if it.state in _RUNS and (said(situation, it) == "failed" or silent(situation, it, now))
    ]


def elsewhere(situation: Situation) -> Sequence[Machine]:
    """Machines of other zones that still run. What is shutting down does not count: no volume crosses zones,
    and a zone that is lost may leave a machine in that state for hours."""
    home = situation.home.zone
    return [it for it in situation.machines if it.zone != home and it.state != "shutting-down"]


def orphaned(situation: Situation, now: datetime) -> Lease | None:
    """The lease, if nobody can write to its volume by it any more."""
    lease = situation.lease
    if lease is None or _attached(situation.volume, lease):
        return None
    holder = next((it for it in situation.machines if it.id == lease.holder), None)
    if holder is not None:
        left_behind = lease.volume != situation.home.volume and holder.state == "shutting-down"
        return lease if left_behind else None
    known = lease.holder in situation.ended
    return lease if known or now - lease.since >= YOUNG else None


def volume_trouble(situation: Situation) -> str:
    """Why no machine could use the home's volume; empty when one can."""
    home, volume = situation.home, situation.volume
    if volume is None or volume.state in ("deleting", "deleted", "error"):
        state = volume.state if volume else "gone"
        return f"the volume {home.volume} is {state}; `everyday cloudtop restore` makes one of a snapshot"
    if volume.zone != home.zone:
        return (
            f"the volume {home.volume} is in {volume.zone} and the home is {home.zone}; no volume crosses "
            "zones: `everyday cloudtop move` makes one of a snapshot there"
        )
    return ""


def _attached(volume: Volume | None, lease: Lease) -> bool:
    return volume is not None and volume.id == lease.volume and volume.attached_to == lease.holder
