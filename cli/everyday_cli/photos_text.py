"""Tables and lists as the photos commands show them. Texts from outside are made harmless here."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from everyday.photos.captions import clean
from everyday.photos.catalog import State

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 20
"""So many findings are listed; --json has all."""

_COLOURS = {
    State.POSTED: "green",
    State.KEPT: "green",
    State.PARKED: "red",
}
_TEXTS = {"title", "why", "SHA-256"}


def table(*columns: str) -> Table:
    """On a narrow terminal only the texts of the last columns get shorter."""
    made = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        right = column in {"size", "files"}
        made.add_column(column, justify="right" if right else "left", no_wrap=column not in _TEXTS)
    return made


def line(text: str | None) -> Text:
    """A text from outside on one line: no control or direction characters, cut where the column ends."""
    return Text(clean(text or "").replace("\n", " "), overflow="ellipsis", no_wrap=True)


def state(which: State) -> str:
    """A state in its colour."""
    return f"[{_COLOURS.get(which, 'yellow')}]{which.value}[/]"


def some(ids: Sequence[str]) -> str:
    """The first five ids, and how many more."""
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    return f"[dim]{' '.join(ids[:5])}{more}[/]" if ids else ""


def reasons(
    console: "Console", heading: str, rows: Iterable[tuple[str, str]], *, style: str = "yellow"
) -> None:
    """Names with reasons under a heading, the first SHOWN of them."""
    rows = list(rows)
    if rows:
        console.print(f"[{style}]{heading}: {len(rows)}[/]")
    for name, reason in rows[:SHOWN]:
        console.print(f"  {escape(clean(name))}: {escape(clean(reason))}")
    and_more(console, len(rows))


def and_more(console: "Console", count: int) -> None:
    """Say how many were left out."""
    if count > SHOWN:
        console.print(f"  [dim]and {count - SHOWN} more; --json has all[/]")
