"""The commands that reach the machine."""

import os
from pathlib import Path

import click

from everyday.cloudtop.names import HOME_PATH
from everyday.errors import CloudtopRefused
from everyday_cli import cloudtop_ssh
from everyday_cli.cloudtop_stores import Target, cloudtop_target
from everyday_cli.commands import Command
from everyday_cli.output import current


@click.command(
    cls=Command,
    short_help="A shell on it, or one command.",
    examples="""
    everyday cloudtop ssh
    everyday cloudtop ssh -- git -C work status
    """,
)
@click.argument("command", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Write the configuration; do not connect.")
@cloudtop_target
def ssh(target: Target, *, command: tuple[str, ...], dry_run: bool) -> None:
    """A shell on it, through Session Manager. `ssh cloudtop` works afterwards too, as do rsync and git."""
    cloudtop_ssh.need("ssh", "ssh-keygen", "aws", "session-manager-plugin")
    _reach(target, ["ssh", cloudtop_ssh.HOST, *command], dry_run=dry_run)


@click.command(
    cls=Command, short_help="Visual Studio Code on it.", examples="everyday cloudtop code persistent/work"
)
@click.argument("folder", default=HOME_PATH)
@click.option("--dry-run", is_flag=True, help="Write the configuration; do not open it.")
@cloudtop_target
def code(target: Target, *, folder: str, dry_run: bool) -> None:
    """Open a FOLDER of it in Visual Studio Code, over the same ssh."""
    cloudtop_ssh.need("code", "ssh", "ssh-keygen", "aws", "session-manager-plugin")
    path = folder if folder.startswith("/") else f"/home/ubuntu/{folder}"
    _reach(target, ["code", "--remote", f"ssh-remote+{cloudtop_ssh.HOST}", path], dry_run=dry_run)


@click.command(cls=Command, hidden=True)
@cloudtop_target
def proxy(target: Target) -> None:
    """What ssh speaks through: let the owner's key in for a minute, then be a session."""
    instance = _usable(target)
    key = Path.home() / ".ssh/everyday" / f"{cloudtop_ssh.HOST}.pub"
    target.push_key(instance, key.read_text(encoding="utf-8"))
    _become(cloudtop_ssh.session(target.region, instance))


def _reach(target: Target, words: list[str], *, dry_run: bool) -> None:
    cloudtop_ssh.prepare(Path.home() / ".ssh", stage=target.stage.name, region=target.region)
    if dry_run:
        current().result({"command": words}, lambda console: console.print(" ".join(words)))
        return
    _usable(target)
    _become(words)


def _usable(target: Target) -> str:
    """The machine's id. A machine whose boot failed can be reached too. Raises CloudtopRefused."""
    from everyday.cloudtop import following

    situation = target.sight.situation()
    machine = following.living(situation)
    if machine is None or machine.state != "running":
        raise CloudtopRefused("there is no machine; start one with: everyday cloudtop up")
    return machine.id


def _become(words: list[str]) -> None:
    os.execvp(words[0], words)  # noqa: S606 - ssh's own standard streams and exit status
