"""`everyday site push`: a folder to the pipeline."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from everyday_cli.commands import Command
from everyday_cli.output import current
from everyday_cli.site_stores import Target, site_target

if TYPE_CHECKING:
    from everyday.site.pushing import Pushed


@click.command(
    cls=Command,
    examples="""
        everyday site push public --site blog
        everyday site push examples/sites/oblique
        everyday site push public --no-wait --json
    """,
)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only make the zip, and say what it would be.")
@click.option("--no-wait", is_flag=True, help="Do not follow the pipeline.")
@site_target
def push(target: Target, *, folder: Path, dry_run: bool, no_wait: bool) -> int:
    """Zip FOLDER, upload it, and follow the pipeline until visitors have the release.

    The same as `aws s3 cp site.zip` to the bucket of uploads. Ctrl-C stops only the looking on. Exit status 1
    when the pipeline fails; its reason is shown.
    """
    from everyday_cli import site_views as views

    place = target.site(folder)
    with TemporaryDirectory(prefix="everyday-push-") as scratch, current().progress() as progress:
        archive = Path(scratch) / place.upload_key
        progress.begin("Packing", 1)
        size = _pack(folder, archive)
        progress.step(views.size(size))
        if dry_run:
            told = {
                "site": place.settings.site,
                "size": size,
                "to": f"s3://{place.uploads}/{place.upload_key}",
            }
            current().result({**told, "dry_run": True}, lambda console: views.show_would_push(console, told))
            return 0
        pusher = target.pusher(place)
        progress.begin("Uploading", 1)
        pushed = pusher.push(archive)
        progress.step(views.size(size))
        if not no_wait:
            progress.begin("Publishing", None)
            pushed = pusher.follow(pushed, progress)
    address = place.settings.site_url
    current().result(pushed, lambda console: views.show_pushed(console, pushed, address, place.pipeline))
    return _status(pushed, waited=not no_wait)


def _pack(folder: Path, archive: Path) -> int:
    from everyday.adapters.site_zip import pack

    return pack(folder, archive)


def _status(pushed: "Pushed", *, waited: bool) -> int:
    from everyday.site.pushing import PushState

    good = {PushState.PUBLISHED, PushState.FOLLOWED}
    return 0 if pushed.state in good or not waited else 1
