"""Measure `cloudtop` against its goals: `python bench/cloudtop.py`, or parts of it, such as `cost`."""

import sys
from collections.abc import Callable, Iterator

from _cloudtop_cost import monthly_costs
from _imports import imports
from _report import Row, write

ADAPTERS: dict[str, list[str]] = {"cloudtop_keeper": []}


def cold_starts() -> Iterator[Row]:
    yield from imports(ADAPTERS, peer="import boto3")


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "cost": monthly_costs,
    "imports": cold_starts,
}


if __name__ == "__main__":
    write("cloudtop", [row for name in sys.argv[1:] or PARTS for row in PARTS[name]()])
