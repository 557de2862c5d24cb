"""Amounts, spans of time and instances in the words of whoever reads about them. Pure."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from everyday.jobs.board import BoardInstance
from everyday.jobs.model import Amount

UNITS: Mapping[str, Callable[[Amount], str]] = {
    "CPU": lambda amount: f"{amount.cpu} CPU units",
    "memory": lambda amount: f"{amount.memory} MiB",
    "GPU": lambda amount: f"{amount.gpu} GPU",
}
"""How much of each dimension, by the planner's names."""

_SPANS = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))


def said(amount: Amount) -> str:
    """Such as `256 CPU units and 100 MiB`."""
    sizes = {"CPU": amount.cpu, "memory": amount.memory, "GPU": amount.gpu}
    return " and ".join(UNITS[name](amount) for name, size in sizes.items() if size) or "nothing"


def span(milliseconds: int) -> str:
    """A length of time in two units at most: `42 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`."""
    seconds = max(0, milliseconds) // 1000
    for size, unit, small, smaller in _SPANS:
        if seconds >= size:
            rest = seconds % size // small
            return f"{seconds // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{seconds} s"


def minute(milliseconds: int) -> str:
    """Such as `12:04 UTC`."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%H:%M} UTC"


def standing(instance: BoardInstance) -> str:
    """How many tasks run on it, and for which job the rest of it is kept."""
    told = f"{instance.tasks} task{'' if instance.tasks == 1 else 's'}"
    if not instance.open:
        told += "; takes no more"
    if instance.reserved_for:
        when = f" from about {minute(instance.expected_at)}" if instance.expected_at else ""
        told += f"; the rest is kept for {instance.reserved_for}{when}"
    return told
