"""What a month costs, beside a machine on demand and GitHub Codespaces: arithmetic over a table of prices."""

from collections.abc import Iterator

from _report import Row

# USD in us-east-1, all of them recalled in 2026-11 and not looked up: check them before you decide by them.
SPOT_HOUR = 0.07  # four processors, a usual price; the simulations have their own
ON_DEMAND_HOUR = 0.18
VOLUME_GIB = 0.08
SNAPSHOT_GIB = 0.05
ADDRESS_HOUR = 0.005  # a public IPv4 address, while the machine runs
CODESPACES_HOUR, CODESPACES_GIB = 0.36, 0.07

GIB = 50
SNAPSHOTS = 0.8
"""GiB of snapshots for each GiB of volume: they are incremental and compressed. An estimate."""

HOURS = {"160 h, idle stop": 160, "730 h, never stopped": 730}
RECALLED = "prices in us-east-1 recalled, not looked up; 4 processors, 50 GiB"


def monthly_costs() -> Iterator[Row]:
    for name, hours in HOURS.items():
        yield Row(
            name=f"cost of a month: {name}",
            value=_machine(hours, SPOT_HOUR),
            unit="USD",
            better="lower",
            peers={
                "the same on demand": _machine(hours, ON_DEMAND_HOUR),
                "Codespaces": hours * CODESPACES_HOUR + GIB * CODESPACES_GIB,
            },
            note=f"{RECALLED}; machine {hours * SPOT_HOUR:.2f}, the rest {_machine(hours, 0):.2f}",
        )
    yield Row(
        name="cost of a month: at rest",
        value=_machine(0, 0),
        unit="USD",
        better="lower",
        peers={"Codespaces": GIB * CODESPACES_GIB},
        note=f"{RECALLED}; volume and snapshots",
    )


def _machine(hours: float, price: float) -> float:
    return hours * (price + ADDRESS_HOUR) + at_rest()


def at_rest() -> float:
    """USD a month for the volume and its snapshots."""
    return GIB * (VOLUME_GIB + SNAPSHOTS * SNAPSHOT_GIB)
