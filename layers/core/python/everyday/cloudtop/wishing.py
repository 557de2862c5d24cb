"""The owner's wishes, written so that nobody else's change is lost."""

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from everyday.cloudtop.model import Market, Wish
from everyday.cloudtop.ports import Book
from everyday.errors import BookConflict

TRIES = 5
"""So often the keeper or the machine may come in between."""


def write(book: Book, change: Callable[[Wish], Wish]) -> Wish:
    """Write what `change` makes of the wish, if that is another one. Raises BookUnavailable, and BookConflict
    when others were always quicker."""
    for attempt in range(TRIES):
        known = book.wish()
        new = replace(change(known), version=known.version)
        if new == known:
            break
        try:
            book.put_wish(replace(new, version=known.version + 1))
            break
        except BookConflict:
            if attempt == TRIES - 1:
                raise
    return new


def up(now: datetime, market: Market) -> Callable[[Wish], Wish]:
    """Wanted, on this market; a machine that is there already stays."""
    return lambda wish: (
        wish
        if wish.up and wish.market == market
        else replace(wish, up=True, market=market, asked_at=now, reason="owner")
    )


def down(now: datetime) -> Callable[[Wish], Wish]:
    """Not wanted; a hold ends with it."""
    return lambda wish: (
        replace(wish, up=False, asked_at=now, hold_until=None, reason="owner") if wish.up else wish
    )


def hold(until: datetime | None) -> Callable[[Wish], Wish]:
    """No idle or scheduled stop before then; None: whenever it is due."""
    return lambda wish: replace(wish, hold_until=until)
