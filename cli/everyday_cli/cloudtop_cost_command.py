"""`everyday cloudtop cost`: this month so far, and to its end."""

from typing import TYPE_CHECKING

import click
import msgspec

from everyday_cli.cloudtop_stores import Target, cloudtop_target
from everyday_cli.commands import Command
from everyday_cli.output import current

if TYPE_CHECKING:
    from rich.console import Console

    from everyday.cloudtop.costing import Bill


@click.command(
    cls=Command, short_help="This month so far, and to its end.", examples="everyday cloudtop cost --json"
)
@cloudtop_target
def cost(target: Target) -> None:
    """This month so far, and to its end, as AWS has counted it: some hours late, for a cent a look.

    Counted are all machines, disks and addresses of EC2 in the region, whoever started them.
    """
    from everyday.cloudtop.costing import bill

    now = target.now()
    home = target.sight.book.home() or target.sight.first
    volume = target.sight.ec2.volume(home.volume)
    told = bill(target.bills.month(now), now, size_gib=volume.size_gib if volume else 0)
    current().result(msgspec.to_builtins(told), lambda console: _show(console, told))


def _show(console: "Console", told: "Bill") -> None:
    from rich.table import Table

    table = Table(told.month, "so far", "to its end", box=None)
    for name in ("so far", "to its end"):
        next(each for each in table.columns if each.header == name).justify = "right"
    for part in told.parts:
        table.add_row(part.name, f"${part.usd:.2f}", f"${part.forecast_usd:.2f}")
    table.add_row("[bold]together[/]", f"${told.usd:.2f}", f"${told.forecast_usd:.2f}")
    console.print(table)
    console.print(
        f"The same hours and disk on Codespaces: ${told.codespaces_usd:.2f} so far (recalled prices)"
    )
