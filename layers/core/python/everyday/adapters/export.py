"""Instagram's data export as a source of media: ZIP files or folders, several parts as one."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple, Self

import msgspec

from everyday.adapters.export_parts import FolderPart, ZipPart
from everyday.errors import ExportUnreadable, MediumGone, MediumMissing, MediumRefused
from everyday.photos.export import merged, read_list
from everyday.photos.export_lists import Listing, listing
from everyday.photos.model import Item, Medium
from everyday.photos.ports import Body, Page

_PAGE = 500
_MOST_JSON_BYTES = 128 * 1024 * 1024

Part = FolderPart | ZipPart


class _Spot(NamedTuple):
    """Where a medium's description stands in the scratch file; sorted, the newest is first."""

    age: float
    medium_id: str
    offset: int
    length: int


class ExportSource:
    """Reads every list of the export once, on construction. Raises ExportUnreadable.

    Descriptions wait in a temporary file, so memory holds a page of them, one JSON file, and an index.
    `problems` says what was left out and why; the first page reports it too. Close it when done.
    """

    def __init__(self, paths: Sequence[Path], *, page_size: int = _PAGE) -> None:
        self.problems: list[str] = []
        self._page_size = page_size
        self._lock = Lock()
        self._spots: dict[str, _Spot] = {}
        with ExitStack() as opened:
            self._scratch = opened.enter_context(tempfile.TemporaryFile())
            self._parts = [opened.enter_context(closing(part)) for path in paths for part in _parts(path)]
            self._homes = {name: part for part in reversed(self._parts) for name in part.sizes}
            self._read_lists()
            self._opened = opened.pop_all()
        self._order = [spot.medium_id for spot in sorted(self._spots.values())]

    def page(self, cursor: str | None) -> Page:
        """See `Source.page`. The cursor counts media, and holds as long as the export stays the same."""
        start = int(cursor or 0)
        end = start + self._page_size
        media = [self._load(self._spots[medium_id]) for medium_id in self._order[start:end]]
        return Page(media, str(end) if end < len(self._order) else None, [] if start else self.problems)

    def count(self) -> int | None:
        """How many media the export lists, each once."""
        return len(self._order)

    def fresh(self, medium_id: str) -> Medium:
        """See `Source.fresh`."""
        if medium_id not in self._spots:
            raise MediumGone(f"the export does not list {medium_id}")
        return self._load(self._spots[medium_id])

    @contextmanager
    def open(self, item: Item, *, thumbnail: bool = False) -> Iterator[Body]:
        """See `Source.open`."""
        if item.url is None or thumbnail:
            raise MediumMissing("the export holds no file for it")
        part = self._homes[item.url]
        with closing(part.read(item.url)) as chunks:
            yield Body(chunks, "", part.sizes[item.url])

    def close(self) -> None:
        """Let go of the files. Bodies that are still open end."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read_lists(self) -> None:
        lists = [
            (part, name, found) for part in self._parts for name in part.sizes if (found := listing(name))
        ]
        # The oldest layout first: it does not know the order in a carousel, so the others overrule it.
        lists.sort(key=lambda it: (it[2].section is not None, it[1]))
        for part in self._parts:
            self.problems += part.problems
        readable = [self._read_list(*it) for it in lists]
        if not any(readable):
            raise ExportUnreadable(_why_none(self._homes, self.problems))

    def _read_list(self, part: Part, name: str, found: Listing) -> bool:
        """Whether the list could be read; what could not is reported."""
        try:
            document = _whole(part, name)
            for number, medium in enumerate(read_list(document, found, self._finder(found)), start=1):
                if isinstance(medium, Medium):
                    self._keep(medium)
                else:
                    self.problems.append(f"{name}, item {number}: {medium}")
        except (ExportUnreadable, MediumRefused) as error:
            self.problems.append(f"{name}: {error}")
            return False
        return True

    def _finder(self, of: Listing) -> Callable[[str], str | None]:
        def find(uri: str) -> str | None:
            return next((name for name in (of.root + uri, uri) if name in self._homes), None)

        return find

    def _keep(self, medium: Medium) -> None:
        known = self._spots.get(medium.id)
        whole = merged(self._load(known), medium) if known else medium
        document = msgspec.json.encode(whole)
        offset = self._scratch.seek(0, os.SEEK_END)
        self._scratch.write(document)
        self._spots[whole.id] = _Spot(-whole.taken_at.timestamp(), whole.id, offset, len(document))

    def _load(self, spot: _Spot) -> Medium:
        with self._lock:
            self._scratch.seek(spot.offset)
            document = self._scratch.read(spot.length)
        return msgspec.json.decode(document, type=Medium)


def _parts(path: Path) -> Iterator[Part]:
    if path.is_dir():
        yield FolderPart(path)
        yield from (ZipPart(inner) for inner in sorted(path.glob("*.zip")) if inner.is_file())
    elif path.is_file():
        yield ZipPart(path)
    else:
        raise ExportUnreadable(f"{path} is neither a file nor a folder")


def _whole(part: Part, name: str) -> bytes:
    if part.sizes[name] > _MOST_JSON_BYTES:
        raise ExportUnreadable(f"longer than {_MOST_JSON_BYTES} bytes")
    return b"".join(part.read(name))


def _why_none(names: Iterable[str], problems: Sequence[str]) -> str:
    if problems:
        return f"the export holds no list of media that can be read: {problems[0]}"
    if any(name.endswith(".html") for name in names):
        return "the export is in HTML: ask Instagram for it again and choose the format JSON"
    return (
        "the export holds no list of media, such as your_instagram_activity/media/posts_1.json; "
        "of an export in parts, give every part: --export part1.zip --export part2.zip"
    )
