"""What happens right now on the way up or down, in the owner's words. Pure."""

from typing import Literal

from everyday.cloudtop.model import Machine, Report, Situation
from everyday.record import Record

_STAGES = {
    "booting": "boots",
    "waiting": "waits",
    "attaching": "attaches the volume",
    "checking": "checks the file system",
    "ready": "is ready",
    "read-only": "is ready, and the volume is read-only",
    "notice": "is being taken back by EC2",
    "left": "has left the volume in order",
    "idle": "is idle and asks to be stopped",
    "failed": "did not reach its data",
}


class Step(Record, frozen=True):
    """`end`: nothing more is to come, as it was wanted (`reached`) or not (`failed`)."""

    text: str
    end: Literal["", "reached", "failed"] = ""


def coming(situation: Situation) -> Step:
    """On the way to a usable machine."""
    if not situation.wish.up:
        return Step(f"it is not wanted any more: {situation.wish.reason}", "failed")
    machine = living(situation)
    if machine is None:
        return Step(_requested(situation))
    report = said_by(situation, machine)
    usable = report is not None and report.stage in ("ready", "read-only")
    return Step(told(machine, report), "reached" if usable else "")


def going(situation: Situation) -> Step:
    """On the way to no machine, and a volume that nobody has."""
    if situation.wish.up:
        return Step(f"it is wanted again: {situation.wish.reason}", "failed")
    if situation.machines:
        machine = situation.machines[0]
        return Step(told(machine, said_by(situation, machine)))
    volume = situation.volume
    if volume and volume.state != "available":
        return Step(f"{volume.id} is {volume.attachment or volume.state}")
    if any(it.total for it in situation.fleets.values()):
        return Step("the fleet is still asked for a machine")
    return Step("no machine, and the volume is free", "reached")


def living(situation: Situation) -> Machine | None:
    """The machine that starts or runs."""
    return next((it for it in situation.machines if it.state in ("pending", "running")), None)


def said_by(situation: Situation, machine: Machine) -> Report | None:
    """What this machine said last, not another one before it."""
    report = situation.report
    return report if report and report.instance == machine.id else None


def told(machine: Machine, report: Report | None) -> str:
    """The machine, and what it does."""
    name = f"{machine.id} ({machine.type}, {machine.market})"
    if machine.state not in ("pending", "running"):
        return f"{name} is {machine.state}"
    if report is None:
        return f"{name} boots"
    detail = f": {report.detail}" if report.detail else ""
    return f"{name} {_STAGES[report.stage]}{detail}"


def _requested(situation: Situation) -> str:
    asked = situation.fleets.get(situation.home.zone)
    if asked is None or not asked.total:
        return "the keeper is about to ask for a machine"
    market = "on demand" if asked.on_demand else "on spot"
    tried = [it for it in situation.trouble if it.text]
    last = f"; {len(tried)} tries failed, last: {tried[-1].text}" if tried else ""
    return f"capacity requested {market} in {situation.home.zone}{last}"
