"""`everyday photos verify | restore | rebuild`: what can be done with the archive alone."""

from pathlib import Path

import click

from everyday_cli.commands import Command
from everyday_cli.output import current
from everyday_cli.photos_stores import Target, target_options


@click.command(
    cls=Command,
    examples="""
    everyday photos verify
    everyday photos verify --archive ~/instagram --json
    """,
)
@target_options
def verify(target: Target) -> int:
    """Re-hash every stored file. Exits 1 when something is missing or corrupt."""
    from everyday.photos.verify import verify as verify_archive
    from everyday_cli import photos_views as views

    output = current()
    with output.progress() as progress:
        report = verify_archive(target.archive, progress=progress)
    output.result(report, lambda console: views.show_verified(console, report))
    return 0 if report.ok else 1


@click.command(
    cls=Command,
    examples="""
    everyday photos restore ~/pictures --dry-run
    everyday photos restore ~/pictures --archive ~/instagram
    """,
)
@click.argument("folder_out", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Print what would be written; write nothing.")
@target_options
def restore(target: Target, folder_out: Path, *, dry_run: bool) -> int:
    """Write a plain folder: originals by date, captions, and an index page. Safe to run again."""
    from everyday.photos.restore import restore as restore_archive
    from everyday_cli import photos_views as views

    output = current()
    with output.progress() as progress:
        report = restore_archive(target.archive, folder_out, progress=progress, dry_run=dry_run)
    output.result(report, lambda console: views.show_restored(console, report, folder_out, dry_run=dry_run))
    return 1 if report.failed else 0


@click.command(
    cls=Command,
    examples="""
    everyday photos rebuild --dry-run
    everyday photos rebuild
    """,
)
@click.option("--dry-run", is_flag=True, help="Count what would be made; write nothing.")
@target_options
def rebuild(target: Target, *, dry_run: bool) -> int:
    """Make the catalog again from the archive. Nothing that was posted is posted again."""
    from everyday.photos.rebuild import rebuild as rebuild_catalog
    from everyday_cli import photos_views as views
    from everyday_cli.photos_dry_catalog import DryCatalog

    output = current()
    since = None if target.folder else target.backup_settings.post_since
    catalog = DryCatalog(target.catalog) if dry_run else target.catalog
    with output.progress() as progress:
        report = rebuild_catalog(target.archive, catalog, post_since=since, progress=progress)
    output.result(report, lambda console: views.show_rebuilt(console, report, dry_run=dry_run))
    return 1 if report.failed else 0
