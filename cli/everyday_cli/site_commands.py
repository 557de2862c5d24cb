"""`everyday site`: the group, and the commands about releases that are there."""

from typing import TYPE_CHECKING

import click

from everyday_cli.commands import Group
from everyday_cli.output import current
from everyday_cli.site_stores import Target, site_target

if TYPE_CHECKING:
    from stacks.site_outputs import SiteOutput

EXAMPLES = """
everyday site push public --site blog      zip, upload, follow the pipeline until visitors have it
everyday site plan public --site blog      what would change, and what it takes
everyday site releases                     what can be gone back to
everyday site rollback ID                  make a release the live one
everyday site rev public revved            rename offline, without AWS
"""

LAZY = {
    "rev": ("everyday_cli.site_rev_command:rev", "Write a folder with content-hashed names, offline."),
    "plan": ("everyday_cli.site_publish_commands:plan", "Say what publishing a folder would change."),
    "publish": ("everyday_cli.site_publish_commands:publish", "Publish a folder from this machine."),
    "push": ("everyday_cli.site_push_command:push", "Send a folder to the pipeline, and follow it."),
}


@click.group(cls=Group, lazy=LAZY, examples=EXAMPLES)
def site() -> None:
    """Static sites on S3 and CloudFront: content-hashed assets, releases, rollback by one pointer."""


@site.command(
    short_help="List the releases that are kept.",
    examples="""
    everyday site releases
    everyday site releases --site blog --json
    """,
)
@site_target
def releases(target: Target) -> None:
    """List the releases that are kept, newest first: who published what and when, and which is live."""
    from everyday_cli import site_views as views

    place = target.site()
    found = target.publishing(place).releases()
    address = place.settings.site_url
    document = {
        "site": place.settings.site,
        "address": address,
        "releases": [views.release_document(each, address) for each in found],
    }
    current().result(document, lambda console: views.show_releases(console, found, address))


@site.command(
    short_help="Make a kept release the live one.",
    examples="""
    everyday site rollback 20261123-221501-k3f9xq
    everyday site rollback 20261123-221501-k3f9xq --dry-run
    """,
)
@click.argument("release_id", metavar="ID")
@click.option("--dry-run", is_flag=True, help="Only check that the release is there.")
@click.option("--no-wait", is_flag=True, help="Do not wait until visitors get it.")
@site_target
def rollback(target: Target, *, release_id: str, dry_run: bool, no_wait: bool) -> int:
    """Make a kept release the live one: one pointer, back or forward again.

    Exit status 3: it is done, but the distribution did not answer with it in time.
    """
    from everyday_cli import site_views as views
    from everyday_cli.site_confirming import confirmed

    place = target.site()
    if dry_run:
        return _would_roll_back(target, place, release_id)
    with current().progress() as progress:
        publishing = target.publishing(place, progress)
        done = publishing.rollback(release_id, wait=False)
        status, document = confirmed(publishing, done, progress, wait=not no_wait)
    current().result(
        document, lambda console: views.show_published(console, done, place.settings.site_url, status)
    )
    return status


def _would_roll_back(target: Target, place: "SiteOutput", release_id: str) -> int:
    from everyday.errors import ReleaseUnknown

    known = {each.id for each in target.publishing(place).releases()}
    if release_id not in known:
        raise ReleaseUnknown(f"there is no release {release_id}; see: everyday site releases")
    told = {"site": place.settings.site, "release": release_id, "dry_run": True}
    text = f"{release_id} would become the live release."
    current().result(told, lambda console: console.print(text))
    return 0


@site.command(
    short_help="Compare bucket and edge with what was published.",
    examples="""
    everyday site verify
    everyday site verify --site blog --json
    """,
)
@site_target
def verify(target: Target) -> int:
    """Compare the bucket and the edge's pointer with the manifest. Changes nothing.

    Exit status 1 when visitors may miss something; leftovers of a cut publish are listed and do no harm.
    """
    from everyday_cli import site_views as views

    found = target.publishing(target.site()).verify()
    current().result(found, lambda console: views.show_verified(console, found))
    return 0 if found.ok else 1
