"""`everyday local`: the whole system on this machine."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from everyday_cli import output
from everyday_cli.commands import Group

if TYPE_CHECKING:
    from rich.console import Console

    from everyday_local.folder import Folder
    from everyday_local.status import Status
    from everyday_local.up import Summary

_ENDING = (signal.SIGTERM, signal.SIGHUP)


@click.group(
    cls=Group,
    examples="""
        everyday local up              start, deploy, run the sample work; Ctrl-C ends everything
        everyday local up --ghost      the same with a real Ghost 6 (installed from npm, 0.9 GB)
        everyday local up --once --json
    """,
)
def local() -> None:
    """Run everything on this machine, without an AWS account. Only loopback is listened on."""


def _folder_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--folder",
        type=click.Path(file_okay=False, path_type=Path),
        help="Where everything is kept. Default: $EVERYDAY_LOCAL, else .everyday/local.",
    )(command)


@local.command(
    examples="""
        everyday local up
        everyday local up --detach && everyday photos list
    """
)
@click.option("--once", is_flag=True, help="Run the main jobs once, end everything, and exit.")
@click.option("--detach", is_flag=True, help="Leave everything running and return.")
@click.option("--ghost", is_flag=True, help="Post on a real Ghost 6 instead of the light blog.")
@_folder_option
def up(*, once: bool, detach: bool, ghost: bool, folder: Path | None) -> None:
    """Start everything, deploy it with the real `cdk deploy`, back up and post the sample account, run
    100 sample jobs in priority order, and publish the example sites.

    Stays until Ctrl-C, which ends every process it started. Running it again is quick and harmless.
    """
    if once and detach:
        raise click.UsageError("--once ends everything and --detach leaves it running: choose one")
    from everyday_local.folder import Folder
    from everyday_local.up import Up

    out, place = output.current(), Folder.chosen(folder)
    with _interruptible():
        with out.progresses(3) as (photos, jobs, site):
            run = Up(place, photos, jobs, site)
            summary = run.run(ghost=ghost, once=once)
        try:
            _tell(out, summary, place, once=once)
            if run.processes.own and not detach:
                _stay(out, run.processes.watch)
        except KeyboardInterrupt:
            out.log("Ending…")
        finally:
            if not detach:
                run.processes.close()


@local.command()
@click.option("--wipe", is_flag=True, help="Also delete everything it kept: archive, blog, logs.")
@_folder_option
def down(*, wipe: bool, folder: Path | None) -> None:
    """End every process that `up` started, and nothing else."""
    from everyday_local.folder import Folder
    from everyday_local.processes import Processes

    place = Folder.chosen(folder)
    ended = Processes(place).end_all()
    if wipe:
        place.wipe()

    def show(console: "Console") -> None:
        console.print(f"Ended: {', '.join(ended)}" if ended else "Nothing was running.")
        if wipe:
            console.print(f"Deleted {place.path}")

    output.current().result({"ended": ended, "wiped": wipe}, show)


@local.command()
@_folder_option
def status(*, folder: Path | None) -> None:
    """Say what is up, and where."""
    from everyday_local.folder import Folder
    from everyday_local.status import status as status_of

    found = status_of(Folder.chosen(folder))
    output.current().result(found, lambda console: _show_status(console, found))


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM and SIGHUP end the work in the same orderly way as Ctrl-C."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stay(out: output.Output, watch: Callable[[], None]) -> None:
    if not out.json:
        out.log("Everything is up. Ctrl-C ends it.")
    watch()


def _tell(out: output.Output, summary: "Summary", place: "Folder", *, once: bool) -> None:
    from everyday_local.status import status as status_of

    found = status_of(place)
    photos, jobs, site = summary.photos, summary.jobs, summary.site
    addresses = {} if once else {"addresses": {each.name: each.address for each in found.services}}

    def show(console: "Console") -> None:
        console.print(
            f"[bold]photos[/]: {photos.media} media, {photos.archived} archived, "
            f"{photos.posts} posts on the blog, {photos.duplicates} duplicates"
        )
        console.print(
            f"[bold]jobs[/]: {jobs.submitted} submitted, {jobs.succeeded} succeeded; "
            f"{jobs.run_task_calls} RunTask calls, {jobs.rejects} rejected; {jobs.inversions} out of order"
        )
        console.print(
            f"[bold]site[/]: {site.published} of {site.sites} published, {site.files} files seen, "
            f"{site.broken} missing"
        )
        if waiting := photos.media - photos.archived:
            console.print(f"{waiting} waiting for another try; why: everyday photos list")
        if not once:
            _show_status(console, found)
            console.print(_NEXT)

    out.result({"photos": photos, "jobs": jobs, "site": site, **addresses}, show)


def _show_status(console: "Console", found: "Status") -> None:
    from rich.table import Table

    if not found.services:
        console.print("Nothing is running. Start it with: everyday local up")
        return
    table = Table.grid(padding=(0, 2))
    for each in found.services:
        table.add_row(each.title, f"[link={each.address}]{each.address}[/]", f"[dim]{each.log}[/]")
        if each.name == "edge":
            for address in _example_sites(each.address):
                table.add_row("", f"[link={address}]{address}[/]")
    console.print(table)


def _example_sites(edge: str) -> "Iterator[str]":
    from stacks.site_table import EXAMPLES

    return (edge.replace("127.0.0.1", f"{name}.localhost") for name in EXAMPLES)


_NEXT = """
Try next, in another terminal:
  everyday photos list
  everyday photos restore ~/my-instagram
  everyday jobs list
  everyday jobs cluster
  everyday site releases --site oblique"""
