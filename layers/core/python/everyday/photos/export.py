"""Instagram's data export in JSON: the media in its lists. Pure.

Layouts, oldest first: `media.json` (to about 2020), `content/posts_1.json`,
`your_instagram_activity/content/posts_1.json`, `your_instagram_activity/media/posts_1.json`, and
`…/media/posts.json` made of `label_values`. One export may hold several of them, in several parts.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from everyday.photos.export_lists import Listing, elements_of
from everyday.photos.model import Item, MediaType, Medium, Origin, Section
from everyday.photos.mojibake import repaired
from everyday.photos.said import parse

Find = Callable[[str], str | None]
"""Where the file of a `uri` is; None when the export does not hold it."""

_CAUTION = (Section.POST, Section.REEL, Section.ARCHIVED)
_VIDEO = re.compile(r"\.(mp4|mov|m4v)$", re.IGNORECASE)
_HINT = re.compile(r"_(\d{17,18})\.[A-Za-z0-9]+$")
_TELLING_NAME = 16
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class _File(msgspec.Struct):
    """One file, as any layout describes it: the oldest says `path`, `caption` and `taken_at`."""

    uri: str = ""
    path: str = ""
    title: str | None = None
    caption: str | None = None
    creation_timestamp: int | float | None = None
    taken_at: str | int | None = None

    @property
    def place(self) -> str:
        return self.uri or self.path

    @property
    def stamp(self) -> str | float | None:
        return self.creation_timestamp or self.taken_at


class _Element(msgspec.Struct):
    media: list[_File] | _File | None = None
    title: str | None = None
    creation_timestamp: int | float | None = None
    timestamp: int | float | None = None
    label_values: list[Any] | None = None


def read_list(document: bytes, of: Listing, find: Find) -> Iterator[Medium | ValueError]:
    """The media that a file lists, in its order; an error in the place of each that cannot be understood.

    Holds one element at a time beside the document itself. Raises ExportUnreadable when it is no JSON.
    """
    for section, elements in elements_of(document, of):
        try:
            said = [parse(bytes(element), text=repaired) for element in elements]
            yield read_element(said[0] if len(said) == 1 else {"media": said}, section, find)
        except ValueError as error:
            yield error


def read_element(said: Any, section: Section, find: Find) -> Medium:
    """The medium in one element of a list. Raises ValueError saying what is wrong with it."""
    element = msgspec.convert(said, _Element)
    files = _files(element, said)
    if not files:
        raise ValueError("it names no file")
    taken_at = _taken_at(element, files)
    names = [file.place.rsplit("/", 1)[-1] for file in files]
    items = tuple(
        Item(position=position, video=bool(_VIDEO.search(file.place)), url=find(file.place))
        for position, file in enumerate(files, start=1)
    )
    single = MediaType.VIDEO if items[0].video else MediaType.IMAGE
    return Medium(
        id=_identity(section, names, taken_at),
        origin=Origin.EXPORT,
        section=section,
        media_type=single if len(items) == 1 else MediaType.CAROUSEL_ALBUM,
        taken_at=taken_at,
        items=items,
        caption=_caption(element, files),
        hint=_hint(names),
        said=said,
    )


def merged(one: Medium, other: Medium) -> Medium:
    """One description out of two of the same medium: the fuller one, in the more cautious section; among
    equals `other`.

    What is listed as archived is never posted, wherever else it is listed.
    """
    fuller = max(other, one, key=_fullness)
    section = max(one.section, other.section, key=lambda it: _CAUTION.index(it) if it in _CAUTION else -1)
    return msgspec.structs.replace(fuller, section=section)


def _fullness(medium: Medium) -> tuple[int, int, int]:
    held = sum(item.url is not None for item in medium.items)
    return held, len(medium.items), len(medium.caption)


def _files(element: _Element, said: Any) -> list[_File]:
    if element.label_values is not None:
        named = list(_labelled_files(element.label_values))
    elif element.media is not None:
        named = element.media if isinstance(element.media, list) else [element.media]
    else:
        named = [msgspec.convert(said, _File)]
    once: dict[str, _File] = {}
    for file in named:
        once.setdefault(file.place, file)
    once.pop("", None)
    return list(once.values())


def _labelled_files(value: Any) -> Iterator[_File]:
    # Labels follow the account's language, so files are told by their shape; the rest of a carousel stands
    # in nested dictionaries.
    if isinstance(value, list):
        for inner in value:
            yield from _labelled_files(inner)
    elif isinstance(value, dict):
        if isinstance(value.get("uri"), str):
            yield msgspec.convert(value, _File)  # and not what hangs on it: subtitles are no picture
        else:
            yield from _labelled_files(list(value.values()))


def _caption(element: _Element, files: Sequence[_File]) -> str:
    inside = next((text for file in files if (text := file.title or file.caption)), None)
    outside = element.title or _labelled_caption(element)
    # Export: the caption of a single medium stands with its file, that of a carousel with the post.
    return (inside or outside if len(files) == 1 else outside or inside) or ""


def _labelled_caption(element: _Element) -> str | None:
    for value in element.label_values or ():
        if isinstance(value, dict) and str(value.get("label")).lower() in {"caption", "title"}:
            text = value.get("value")
            if isinstance(text, str) and text:
                return text
    return None


def _taken_at(element: _Element, files: Sequence[_File]) -> datetime:
    stamps = (element.creation_timestamp, element.timestamp, files[0].stamp)
    stamp = next((stamp for stamp in stamps if stamp), None)
    if stamp is None:
        raise ValueError("it has no date")
    try:
        moment = _from_text(stamp) if isinstance(stamp, str) else datetime.fromtimestamp(stamp, UTC)
    except (OverflowError, OSError):
        raise ValueError(f"{stamp} is no date") from None
    if not _EARLIEST < moment < _LATEST:
        raise ValueError(f"{stamp} is no date of a medium")
    return moment


def _from_text(stamp: str) -> datetime:
    moment = datetime.fromisoformat(stamp)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _identity(section: Section, names: Sequence[str], taken_at: datetime) -> str:
    # Files have the same names in every part and layout, though maybe in another order; the time may differ
    # by seconds between layouts. A short name, such as `1.jpg`, tells too little, so there the time joins in.
    name = min(names)
    group = "post" if section in _CAUTION else section.value
    telling = "" if len(name) >= _TELLING_NAME else f"{taken_at.timestamp():.0f}"
    digest = hashlib.sha256(f"{group}/{name}/{telling}".encode()).hexdigest()
    return f"export-{digest[:16]}"


def _hint(names: Sequence[str]) -> str | None:
    # In a carousel each name may hold its own picture's id; only an id that all agree on is the post's.
    found = {match[1] if (match := _HINT.search(name)) else None for name in names}
    return found.pop() if len(found) == 1 else None
