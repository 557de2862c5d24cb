"""Tables and states as the photos commands show them."""

from collections.abc import Sequence

from rich.table import Table

from everyday.photos.catalog import State
from everyday_cli import text

_COLOURS = {
    State.POSTED: "green",
    State.KEPT: "green",
    State.PARKED: "red",
}


def table(*columns: str) -> Table:
    """On a narrow terminal only the texts of the last columns get shorter."""
    return text.table(*columns, numbers={"size", "files"}, texts={"title", "why", "SHA-256"})


def state(which: State) -> str:
    """A state in its colour."""
    return f"[{_COLOURS.get(which, 'yellow')}]{which.value}[/]"


def some(ids: Sequence[str]) -> str:
    """The first five ids, and how many more."""
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    return f"[dim]{' '.join(ids[:5])}{more}[/]" if ids else ""
