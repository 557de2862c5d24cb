"""`everyday cloudtop doctor`: everything that has to be right, line by line."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from everyday.errors import EverydayError
from everyday_cli.cloudtop_stores import Target, cloudtop_target
from everyday_cli.commands import Command
from everyday_cli.output import current

if TYPE_CHECKING:
    from rich.console import Console

_YOUNG = timedelta(hours=3)
_PLUGIN = "install the AWS CLI and its Session Manager plugin; `everyday cloudtop ssh` needs both"
_DENIED = (
    "if it was denied: an organisation under Control Tower may forbid Spot Fleet (CT.EC2.PV.6); "
    'engine = "auto-scaling" in everyday.toml does without it'
)


class Finding(NamedTuple):
    """`what` was looked at, how it is, and what to do when it is not right."""

    what: str
    state: Literal["ok", "warn", "fail"]
    text: str


@click.command(cls=Command, short_help="Whether everything is as it has to be.")
@cloudtop_target
def doctor(target: Target) -> int:
    """Look at everything that has to be right; exit status 1 when something is not."""
    found = list(_findings(target))
    current().result([it._asdict() for it in found], lambda console: _show(console, found))
    return 1 if any(it.state == "fail" for it in found) else 0


def _findings(target: Target) -> Iterator[Finding]:
    looks: dict[str, Callable[[Target], Finding]] = {
        "programs": _programs,
        "deployed": _deployed,
        "fleets": _fleets,
        "volume": _volume,
        "snapshots": _snapshots,
        "boots": _boots,
    }
    for what, look in looks.items():
        try:
            yield look(target)
        except EverydayError as error:
            advice = f"{error}; {_DENIED}" if what == "fleets" else str(error)
            yield Finding(what, "fail", advice)
            if what == "deployed":
                return


def _programs(_: Target) -> Finding:
    missing = [each for each in ("ssh", "aws", "session-manager-plugin") if shutil.which(each) is None]
    if missing:
        return Finding("programs", "warn", f"missing: {', '.join(missing)}; {_PLUGIN}")
    return Finding("programs", "ok", "ssh, the AWS CLI and its Session Manager plugin are there")


def _deployed(target: Target) -> Finding:
    settings = target.settings
    return Finding("deployed", "ok", f"{settings.name}, {settings.engine}, home {settings.zone}")


def _fleets(target: Target) -> Finding:
    asked = target.sight.fleets.capacities()
    up = [zone for zone, it in asked.items() if it.total]
    return Finding("fleets", "ok", f"in {', '.join(asked)}; asked for a machine: {', '.join(up) or 'none'}")


def _volume(target: Target) -> Finding:
    home = target.sight.book.home() or target.sight.first
    volume = target.sight.ec2.volume(home.volume)
    if volume is None or volume.state not in ("available", "in-use"):
        text = f"{home.volume} is {volume.state if volume else 'not there'}; its newest snapshot: "
        return Finding("volume", "fail", f"{text}everyday cloudtop move --newest --az ZONE")
    return Finding("volume", "ok", f"{volume.id}, {volume.size_gib} GiB, {volume.state}, in {volume.zone}")


def _snapshots(target: Target) -> Finding:
    from everyday_cli.cloudtop_views import age

    found, now = target.sight.ec2.snapshots(), target.now()
    if not found:
        return Finding("snapshots", "warn", "there is none yet; the first comes within an hour of the deploy")
    text = f"the newest is {age(found[0].started_at, now)} old"
    if now - found[0].started_at > _YOUNG:
        return Finding("snapshots", "warn", f"{text}; see the lifecycle policy in the EC2 console")
    return Finding("snapshots", "ok", text)


def _boots(target: Target) -> Finding:
    notes, report = target.sight.book.notes(), target.sight.book.report()
    if not notes.failed:
        return Finding("boots", "ok", "none has failed since a machine was last usable")
    why = f"; {report.detail}" if report and report.detail else ""
    return Finding("boots", "fail", f"{', '.join(notes.failed)} did not reach the data{why}")


def _show(console: "Console", found: list[Finding]) -> None:
    signs = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "fail": "[red]✗[/]"}
    for it in found:
        console.print(f"{signs[it.state]} {it.what}: {it.text}")
