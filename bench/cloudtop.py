"""Measure `cloudtop` against its goals: `python bench/cloudtop.py`, or parts of it, such as `cost`."""

import sys
from collections.abc import Callable, Iterator

from _cloudtop_cost import monthly_costs
from _report import Row, write

PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "cost": monthly_costs,
}


if __name__ == "__main__":
    write("cloudtop", [row for name in sys.argv[1:] or PARTS for row in PARTS[name]()])
