"""What the photos pages show, worked out from catalog entries and sidecars."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from everyday.photos.catalog import Entry, State
from everyday.photos.model import Sidecar


class Board(NamedTuple):
    """One page of the grid. `counts` has every state that occurs; sizes in bytes."""

    entries: list[Entry]
    counts: dict[State, int]
    size: int
    files: int
    state: str | None
    page: int
    pages: int
    total: int


def board(entries: Iterable[Entry], *, state: str | None, page: int, per_page: int) -> Board:
    """Count everything, keep one page: memory stays that of a page. A page past the end is the last one."""
    counts: Counter[State] = Counter()
    size = files = matching = 0
    kept: list[Entry] = []
    for entry in entries:
        counts[entry.state] += 1
        size, files = size + entry.size, files + entry.files
        if state and entry.state != state:
            continue
        if matching % per_page == 0 and matching < page * per_page:
            kept.clear()
        if matching < page * per_page:
            kept.append(entry)
        matching += 1
    pages = max(1, -(-matching // per_page))
    shown = dict(sorted(counts.items()))
    return Board(kept, shown, size, files, state, min(page, pages), pages, counts.total())


def cover(sidecar: Sidecar) -> str | None:
    """The file name of the first picture: a photo, else a video's thumbnail; None when there is none."""
    pictures = [file for file in sidecar.files if file.is_web_picture]
    return min(pictures, key=lambda file: (file.position, not file.thumbnail)).name if pictures else None


def is_web_address(text: str | None) -> bool:
    """Whether it may stand in a link: a source could say `javascript:` too."""
    return (text or "").startswith(("https://", "http://"))
