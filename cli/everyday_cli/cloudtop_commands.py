"""`everyday cloudtop`: the group, and the commands that start, stop and show the machine."""

import re
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from everyday.errors import CloudtopError
from everyday_cli.cloudtop_following import follow
from everyday_cli.cloudtop_stores import Target, cloudtop_target
from everyday_cli.commands import Group
from everyday_cli.output import current

if TYPE_CHECKING:
    from everyday.cloudtop.model import Market

EXAMPLES = """
everyday cloudtop up               start it, and follow it until there is a shell
everyday cloudtop ssh              a shell on it
everyday cloudtop status           machine, volume, snapshots, what is not pushed
everyday cloudtop hold 4h          do not stop it for being idle until then
everyday cloudtop down             stop it; the data stays
"""

_DATA, _SSH = "everyday_cli.cloudtop_data_commands", "everyday_cli.cloudtop_ssh_commands"
LAZY = {
    "ssh": (f"{_SSH}:ssh", "A shell on it, or one command."),
    "code": (f"{_SSH}:code", "Visual Studio Code on it."),
    "proxy": (f"{_SSH}:proxy", ""),
    "snapshot": (f"{_DATA}:snapshot", "Take a snapshot of the data, or list them."),
    "restore": (f"{_DATA}:restore", "The data of a snapshot, on a new volume."),
    "move": (f"{_DATA}:move", "The data in another zone."),
    "resize": (f"{_DATA}:resize", "Grow the volume while it is used."),
    "cost": ("everyday_cli.cloudtop_cost_command:cost", "This month so far, and to its end."),
    "doctor": ("everyday_cli.cloudtop_doctor_command:doctor", "Whether everything is as it has to be."),
}

_LENGTH = re.compile(r"([1-9]\d{0,3})(m|h|d)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@click.group(cls=Group, lazy=LAZY, examples=EXAMPLES)
def cloudtop() -> None:
    """A development machine on spot capacity that comes back with its data."""


@cloudtop.command(
    short_help="Start it, and follow it until there is a shell.",
    examples="""
    everyday cloudtop up
    everyday cloudtop up --on-demand --no-wait
    """,
)
@click.option("--on-demand", is_flag=True, help="Do not try spot.")
@click.option("--no-wait", is_flag=True, help="Ask for it, and return.")
@click.option("--dry-run", is_flag=True, help="Say what would be asked for; change nothing.")
@cloudtop_target
def up(target: Target, *, on_demand: bool, no_wait: bool, dry_run: bool) -> int:
    """Start it, and follow it until there is a shell. Ctrl-C stops the following, not the machine."""
    from everyday.cloudtop import following, wishing

    market: Market = "on-demand" if on_demand else "spot"
    if dry_run:
        wish = target.sight.book.wish()
        return _would(wishing.up(target.now(), market)(wish) != wish, f"start it, {market}")
    wishing.write(target.sight.book, wishing.up(target.now(), market))
    target.wake()
    return follow(target, following.coming, wait=not no_wait, done="ready; next: everyday cloudtop ssh")


@cloudtop.command(
    short_help="Stop it; the data stays.",
    examples="""
    everyday cloudtop down
    everyday cloudtop down --force
    """,
)
@click.option("--force", is_flag=True, help="Also with work on it that is in no other place.")
@click.option("--no-wait", is_flag=True, help="Ask for it, and return.")
@click.option("--dry-run", is_flag=True, help="List that work; change nothing.")
@cloudtop_target
def down(target: Target, *, force: bool, no_wait: bool, dry_run: bool) -> int:
    """Stop it in order, until the volume is free. Lists work that is in no other place first, and asks."""
    from everyday.cloudtop import following, wishing

    report = target.sight.book.report()
    dirty = report.dirty if report and target.sight.book.wish().up else ()
    for line in dirty:
        current().log(f"not pushed: {line}")
    if dry_run:
        return _would(target.sight.book.wish().up, "stop it", dirty=dirty)
    if dirty and not force:
        _agreed()
    wishing.write(target.sight.book, wishing.down(target.now()))
    target.wake()
    return follow(target, following.going, wait=not no_wait, done="down; the volume is free")


@cloudtop.command(short_help="Show the machine, the volume and the snapshots.")
@cloudtop_target
def status(target: Target) -> None:
    """Show the machine, the volume, the newest snapshot, and work that is in no other place."""
    from everyday_cli import cloudtop_views as views

    situation, snapshots = target.sight.situation(), target.sight.ec2.snapshots()
    now = target.now()
    current().result(
        views.document(situation, snapshots, now),
        lambda console: views.show(console, situation, snapshots, now),
    )


@cloudtop.command(
    short_help="Do not stop it for being idle until then.",
    examples="""
    everyday cloudtop hold 4h
    everyday cloudtop hold off
    """,
)
@click.argument("length", metavar="TIME")
@cloudtop_target
def hold(target: Target, *, length: str) -> None:
    """Do not stop it for being idle, nor by schedule, for a TIME such as 90m, 4h or 2d. `off` ends that."""
    from everyday.cloudtop import wishing

    match = _LENGTH.fullmatch(length)
    if not match and length != "off":
        raise click.UsageError(f"{length} is no time; such are 90m, 4h, 2d, and off")
    until = target.now() + timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None
    wish = wishing.write(target.sight.book, wishing.hold(until))
    text = f"held until {until:%Y-%m-%d %H:%M} UTC" if until else "not held"
    current().result({"hold_until": wish.hold_until}, lambda console: console.print(text))


def _agreed() -> None:
    if current().json or not sys.stdin.isatty():
        raise CloudtopError("this work is in no other place; push it, or say --force")
    click.confirm("Stop it all the same? The volume keeps this work.", abort=True, err=True)


def _would(change: bool, what: str, *, dirty: Sequence[str] = ()) -> int:
    text = f"would {what}" if change else "nothing to do"
    document = {"dry_run": True, "would": what if change else None, "not_pushed": dirty}
    current().result(document, lambda console: console.print(text))
    return 0
