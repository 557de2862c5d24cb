"""`everyday site plan` and `publish`: a folder against what is live."""

import getpass
import socket
from pathlib import Path

import click

from everyday_cli.commands import Command
from everyday_cli.output import current
from everyday_cli.site_stores import Target, site_target

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(
    cls=Command,
    examples="""
        everyday site plan public --site blog
        everyday site plan public --json | jq '.plan.changed[].path'
    """,
)
@click.argument("source", type=_FOLDER)
@site_target
def plan(target: Target, *, source: Path) -> int:
    """Say what publishing SOURCE would change: new, changed, in headers only, unchanged, retired.

    Changes nothing. Lists the assets that pages name and that are not there, which publish would refuse.
    """
    return _plan(target, source)


@click.command(
    cls=Command,
    examples="""
        everyday site publish public --site blog
        everyday site publish public --preview
        everyday site publish public --dry-run
    """,
)
@click.argument("source", type=_FOLDER)
@click.option("--preview", is_flag=True, help="Keep the release unreleased, and print its preview address.")
@click.option("--dry-run", is_flag=True, help="Only say what would change, as `plan` does.")
@click.option("--repair", is_flag=True, help="Look what the bucket really holds, and store what it lost.")
@click.option("--no-wait", is_flag=True, help="Do not wait until visitors get it.")
@site_target
def publish(
    target: Target, *, source: Path, preview: bool, dry_run: bool, repair: bool, no_wait: bool
) -> int:
    """Publish SOURCE from this machine, as the pipeline would: rename, upload what is new, turn the pointer.

    The old site stays whole until the new one is; run it again after any failure. Exit status 3: published,
    but the distribution did not answer with the release in time.
    """
    if dry_run:
        return _plan(target, source)
    from everyday.adapters.site_folder import FolderTree
    from everyday_cli import site_views as views
    from everyday_cli.site_confirming import confirmed

    place = target.site(source)
    with current().progress() as progress:
        publishing = target.publishing(place, progress)
        done = publishing.publish(FolderTree(source), by=_who(), live=not preview, repair=repair, wait=False)
        status, document = confirmed(publishing, done, progress, wait=not no_wait)
    address = place.settings.site_url
    current().result(document, lambda console: views.show_published(console, done, address, status))
    return status


def _plan(target: Target, source: Path) -> int:
    from everyday.adapters.site_folder import FolderTree
    from everyday_cli import site_views as views

    with current().progress() as progress:
        found = target.publishing(target.site(source), progress).plan(FolderTree(source))
    current().result(found, lambda console: views.show_planned(console, found))
    return 0


def _who() -> str:
    """Who is at this machine, for the list of releases."""
    return f"{getpass.getuser()}@{socket.gethostname()}"
