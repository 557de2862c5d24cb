"""`everyday jobs watch`: a live table on a terminal, lines on a pipe."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from everyday_cli.commands import Command
from everyday_cli.jobs_stores import Target, cluster_target
from everyday_cli.output import console, current

if TYPE_CHECKING:
    from everyday_cli.jobs_watching import Look, Watching

_LOOK_SECONDS = 1.0


@click.command(
    cls=Command,
    examples="""
        everyday jobs watch
        everyday jobs watch | tee night.log
    """,
)
@cluster_target
def watch(target: Target) -> None:
    """Look on while jobs run: a live table, or on a pipe a line for each change.

    Ends when nothing runs or waits any more, or with Ctrl-C, which stops no job.
    """
    from everyday_cli.jobs_watching import Watching

    watching, output = Watching(target.ledger, target.cluster, target.now()), current()
    try:
        for _ in _shown(watching, _looks(target, watching)):
            pass
    except KeyboardInterrupt:
        output.log("The jobs go on.")
    last = watching.last or watching.look(target.now())
    output.result(_document(target.cluster, last), lambda console: console.print(_summary(last)))


def _looks(target: Target, watching: "Watching") -> "Iterator[Look]":
    """One look a second until nothing is left."""
    while True:
        look = watching.look(target.now())
        yield look
        if watching.over(look):
            return
        target.pause(_LOOK_SECONDS)


def _shown(watching: "Watching", looks: "Iterator[Look]") -> "Iterator[Look]":
    """The same looks, shown as it fits where they go."""
    if current().json:
        return looks
    return _live(looks) if sys.stdout.isatty() else _told(watching, looks)


def _live(looks: "Iterator[Look]") -> "Iterator[Look]":
    from rich.live import Live

    from everyday_cli.jobs_live import view

    screen = console()
    with Live(console=screen, auto_refresh=False, transient=True) as live:
        for look in looks:
            live.update(view(look, screen.height), refresh=True)
            yield look


def _told(watching: "Watching", looks: "Iterator[Look]") -> "Iterator[Look]":
    from everyday_cli.jobs_live import change

    for look in looks:
        for job in watching.changes(look):
            click.echo(change(job, look.at))
        sys.stdout.flush()
        yield look


def _document(cluster: str, look: "Look") -> dict[str, object]:
    return {
        "cluster": cluster,
        "running": len(look.running),
        "waiting": len(look.waiting),
        "held": len(look.held),
        "ended": {state.value: count for state, count in sorted(look.outcomes.items())},
    }


def _summary(look: "Look") -> str:
    ended = ", ".join(f"{count} {state.value.lower()}" for state, count in sorted(look.outcomes.items()))
    left = len(look.running) + len(look.waiting) + len(look.held)
    return f"{ended or 'nothing ended'}; {left or 'nothing'} left"
