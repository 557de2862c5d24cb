"""Tables and lists on a terminal. Texts from outside are made harmless here."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from everyday.photos.captions import clean

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 20
"""So many findings are listed; --json has all."""


def table(*columns: str, numbers: Collection[str] = (), texts: Collection[str] = ()) -> Table:
    """A table without lines. `numbers` stand right; on a narrow terminal only `texts` get shorter."""
    made = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        made.add_column(column, justify="right" if column in numbers else "left", no_wrap=column not in texts)
    return made


def line(text: str | None) -> Text:
    """A text from outside on one line: no control or direction characters, cut where the column ends."""
    return Text(clean(text or "").replace("\n", " "), overflow="ellipsis", no_wrap=True)


def words(text: str | None) -> Text:
    """The same, on as many lines as the column needs."""
    return Text(clean(text or "").replace("\n", " "))


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
