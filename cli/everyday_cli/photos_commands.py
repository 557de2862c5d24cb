"""`everyday photos`: the group, and the commands that make a run or look at one."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from everyday_cli.commands import Group
from everyday_cli.output import current
from everyday_cli.photos_stores import Target, target_options

if TYPE_CHECKING:
    from everyday.photos.catalog import State

EXAMPLES = """
everyday photos backup --dry-run                                     what a run would fetch
everyday photos backup --export instagram.zip --archive ~/instagram  a data export, no AWS at all
everyday photos list --state parked                                  what could not be posted, and why
everyday photos restore ~/pictures                                   a plain folder of everything
"""

LAZY = {
    "verify": ("everyday_cli.photos_archive_commands:verify", "Re-hash the archive; tell what is wrong."),
    "restore": ("everyday_cli.photos_archive_commands:restore", "Write a plain folder of everything."),
    "rebuild": ("everyday_cli.photos_archive_commands:rebuild", "Make the catalog again from the archive."),
    "login": ("everyday_cli.photos_login_commands:login", "Store the Instagram token or the Ghost key."),
    "token": ("everyday_cli.photos_login_commands:token", "Tell how long the Instagram token lives."),
}

_NOT_DONE = {"parked", "busy", "later", "unknown", "failed"}


@click.group(cls=Group, lazy=LAZY, examples=EXAMPLES)
def photos() -> None:
    """Back up every Instagram post, and post it once on your Ghost blog."""


@photos.command(
    examples="""
    everyday photos backup
    everyday photos backup --complete --dry-run
    everyday photos backup --export part1.zip --export part2.zip --archive ~/instagram
    """
)
@click.option(
    "--export",
    "exports",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A data export, ZIP or folder, in place of the API; repeat it for one in parts.",
)
@click.option("--complete", is_flag=True, help="Walk the whole listing: sees edits and deletions.")
@click.option("--dry-run", is_flag=True, help="Print what a run would do; change nothing.")
@target_options
def backup(target: Target, *, exports: tuple[Path, ...], complete: bool, dry_run: bool) -> int:
    """Back up what is new, from Instagram's API or from a data export."""
    import msgspec

    from everyday_cli import photos_views as views

    if target.folder and not exports:
        raise click.UsageError("--archive DIR needs --export: the API is read by a stage")
    run = target.backup(exports, complete=complete, dry_run=dry_run)
    output = current()
    if dry_run:
        plan = run.plan()
        output.result(plan, lambda console: views.show_plan(console, plan))
        return 0
    expected = run.source.count() if exports else None
    with output.progress(expected=expected) as progress:
        report = run.run(progress=progress)
    sections = views.by_section(target.catalog.timeline()) if exports else {}
    document = {**msgspec.to_builtins(report), **({"sections": sections} if exports else {})}
    output.result(document, lambda console: views.show_backup(console, report, sections))
    return 1 if report.failed else 0


@photos.command(
    examples="""
    everyday photos post --dry-run
    everyday photos post 17900000000000001 --force
    """
)
@click.argument("medium_id", required=False)
@click.option("--force", is_flag=True, help="Post a parked or kept medium all the same.")
@click.option("--dry-run", is_flag=True, help="Print what would be posted; change nothing.")
@target_options
def post(target: Target, medium_id: str | None, *, force: bool, dry_run: bool) -> int:
    """Post what waits on the blog, or the one medium that is named."""
    from everyday_cli import photos_views as views

    if force and not medium_id:
        raise click.UsageError("--force needs the id of one medium")
    posting, output = target.posting(), current()
    if dry_run:
        planned = [it for it in posting.plan() if medium_id in (None, it.id)]
        output.result(planned, lambda console: views.show_post_plan(console, planned))
        return 0
    if medium_id:
        outcome = posting.post(medium_id, force=force)
        output.result(outcome, lambda console: views.show_outcome(console, outcome))
        return 1 if outcome.done.value in _NOT_DONE else 0
    with output.progress() as progress:
        report = posting.sweep(progress=progress)
    output.result(report, lambda console: views.show_posted(console, report))
    return 0 if report.finished and not report.problems else 1


@photos.command("list", examples="everyday photos list --state parked --limit 0")
@click.option(
    "--state",
    type=click.Choice(["listed", "stored", "posting", "posted", "edited", "parked", "kept"]),
    help="Only media in this state.",
)
@click.option("--limit", type=click.IntRange(0), default=50, show_default=True, help="0 shows all.")
@target_options
def list_(target: Target, *, state: "State | None", limit: int) -> None:
    """List what is known, newest first, with its state and why something waits."""
    from itertools import islice

    import msgspec

    from everyday_cli import photos_views as views

    entries = (entry for entry in target.catalog.timeline() if state in (None, entry.state))
    shown = list(islice(entries, limit or None))
    document = [msgspec.structs.asdict(entry) for entry in shown]
    current().result(document, lambda console: views.show_entries(console, shown, only=state, limit=limit))


@photos.command(examples="everyday photos show 17900000000000001")
@click.argument("medium_id")
@target_options
def show(target: Target, medium_id: str) -> None:
    """Show one medium: its files, its caption and history, and why it waits."""
    import msgspec

    from everyday.photos import archive as layout
    from everyday_cli import photos_views as views

    entry = target.catalog.get_many([medium_id]).get(medium_id)
    if entry is None:
        raise click.ClickException(f"no medium {medium_id}; `everyday photos list` shows the ids")
    found = target.archive.read(layout.sidecar_key(medium_id))
    sidecar = layout.decode_sidecar(found[0]) if found else None
    document = {"entry": msgspec.structs.asdict(entry), "sidecar": sidecar}
    current().result(document, lambda console: views.show_medium(console, entry, sidecar))
