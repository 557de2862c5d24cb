"""The commands about the data: snapshots, and volumes made of them."""

from typing import TYPE_CHECKING

import click

from everyday_cli.cloudtop_stores import Target, cloudtop_target
from everyday_cli.commands import Command
from everyday_cli.output import current

if TYPE_CHECKING:
    from everyday.cloudtop.model import Home
    from everyday.cloudtop.relocating import Relocating
    from everyday.ports import Progress


@click.command(
    cls=Command,
    short_help="Take a snapshot of the data, or list them.",
    examples="""
    everyday cloudtop snapshot
    everyday cloudtop snapshot --list
    """,
)
@click.option("--list", "listed", is_flag=True, help="List what there is, newest first; take none.")
@cloudtop_target
def snapshot(target: Target, *, listed: bool) -> None:
    """Take a snapshot of the data as it is on the disk now. While it is used: what was fsynced."""
    import msgspec

    from everyday_cli import cloudtop_views as views

    if listed:
        found, now = target.sight.ec2.snapshots(), target.now()
        current().result(
            msgspec.to_builtins(found), lambda console: views.show_snapshots(console, found, now)
        )
        return
    home = target.sight.book.home() or target.sight.first
    taken = target.sight.ec2.take_snapshot(home.volume, why="owner")
    text = f"{taken.id} is of now; EC2 completes it in minutes"
    current().result(msgspec.to_builtins(taken), lambda console: console.print(text))


@click.command(
    cls=Command,
    short_help="The data of a snapshot, on a new volume.",
    examples="everyday cloudtop restore snap-0123456789abcdef0",
)
@click.argument("snapshot_id", metavar="SNAPSHOT")
@click.option("--dry-run", is_flag=True, help="Say whether it could be done; change nothing.")
@cloudtop_target
def restore(target: Target, *, snapshot_id: str, dry_run: bool) -> None:
    """Go on with the data of a snapshot, on a new volume. The volume of before is kept, tagged ct:stale."""
    from everyday.ports import Silent

    if dry_run:
        found = _relocating(target, Silent()).plan_restore(snapshot_id)
        _would(f"make a volume of {found.size_gib} GiB of {found.id}")
        return
    with current().progress() as progress:
        home = _relocating(target, progress).restore(snapshot_id)
    _settled(home)


@click.command(
    cls=Command,
    short_help="The data in another zone.",
    examples="""
    everyday cloudtop move --az us-east-1b
    everyday cloudtop move --az us-east-1b --newest
    """,
)
@click.option("--az", "zone", required=True, metavar="ZONE", help="One of zones in everyday.toml.")
@click.option("--newest", is_flag=True, help="Of the newest snapshot: when the zone of the data is lost.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Say whether it could be done; change nothing.")
@cloudtop_target
def move(target: Target, *, zone: str, newest: bool, yes: bool, dry_run: bool) -> None:
    """Go on in another zone. The volume of before is kept, tagged ct:stale, and never merged."""
    from everyday.ports import Silent

    plan = _relocating(target, Silent()).plan_move(zone)
    what = f"move from {plan.home.volume} in {plan.home.zone} to a new volume in {zone}"
    if dry_run:
        _would(what)
        return
    if not yes:
        click.confirm(f"{what[:1].upper()}{what[1:]}?", abort=True, err=True)
    with current().progress() as progress:
        home = _relocating(target, progress).move(zone, fresh=not newest)
    _settled(home)


@click.command(
    cls=Command,
    short_help="Grow the volume while it is used.",
    examples="everyday cloudtop resize --volume 100",
)
@click.option("--volume", "size_gib", type=click.IntRange(1, 16_384), required=True, metavar="GIB")
@cloudtop_target
def resize(target: Target, *, size_gib: int) -> None:
    """Grow the volume while it is used; none can be made smaller.

    The next machine grows the file system; on this one `sudo resize2fs /dev/xvdj` does. For other types
    change instance_types in everyday.toml, and deploy while it is down.
    """
    home = target.sight.book.home() or target.sight.first
    target.sight.ec2.grow(home.volume, size_gib)
    text = f"{home.volume} grows to {size_gib} GiB. On a machine that runs: sudo resize2fs /dev/xvdj"
    current().result({"volume": home.volume, "size_gib": size_gib}, lambda console: console.print(text))


def _relocating(target: Target, progress: "Progress") -> "Relocating":
    from everyday.cloudtop.relocating import Relocating

    return Relocating(sight=target.sight, clock=target.now, pause=target.pause, progress=progress)


def _settled(home: "Home") -> None:
    text = f"The data is on {home.volume} in {home.zone}. Next: everyday cloudtop up"
    current().result({"volume": home.volume, "zone": home.zone}, lambda console: console.print(text))


def _would(what: str) -> None:
    current().result({"dry_run": True, "would": what}, lambda console: console.print(f"would {what}"))
