"""Measure `cloudtop` against its goals: `python bench/cloudtop.py`, or parts of it, such as `cost`."""

import logging
import sys
from collections.abc import Callable, Iterator

from _cloudtop_comeback import comebacks, moves
from _cloudtop_cost import monthly_costs
from _cloudtop_policies import policies
from _report import Row, write

PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "comeback": comebacks,
    "move": moves,
    "policies": policies,
    "cost": monthly_costs,
}


if __name__ == "__main__":
    logging.disable(logging.ERROR)  # thousands of a keeper's lines
    write("cloudtop", [row for name in sys.argv[1:] or PARTS for row in PARTS[name]()])
