"""Instagram's data export in JSON: which files list media, and the media in them. Pure.

Layouts, oldest first: `media.json` (to about 2020), `content/posts_1.json`,
`your_instagram_activity/content/posts_1.json`, `your_instagram_activity/media/posts_1.json`, and
`…/media/posts.json` made of `label_values`. One export may hold several of them, in several parts.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from everyday.errors import ExportUnreadable
from everyday.photos.model import Item, MediaType, Medium, Origin, Section
from everyday.photos.mojibake import repaired
from everyday.photos.said import parse

Find = Callable[[str], str | None]
"""Where the file of a `uri` is; None when the export does not hold it."""

_KIND = re.compile(r"(posts|reels|igtv_videos|stories|archived_posts|profile_photos)(_\d+)?\.json")
_SECTIONS = {
    "posts": Section.POST,
    "reels": Section.REEL,
    "igtv_videos": Section.POST,
    "stories": Section.STORY,
    "archived_posts": Section.ARCHIVED,
    "profile_photos": Section.PROFILE,
}
_OLD_SECTIONS = {
    "photos": Section.POST,
    "videos": Section.POST,
    "stories": Section.STORY,
    "profile": Section.PROFILE,
}
_CAUTION = (Section.POST, Section.REEL, Section.ARCHIVED)
_VIDEO = re.compile(r"\.(mp4|mov|m4v)$", re.IGNORECASE)
_HINT = re.compile(r"_(\d{17,18})\.[A-Za-z0-9]+$")
_TELLING_NAME = 16
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class Listing(NamedTuple):
    """A file that lists media. `root` is the folder that its `uri`s start from, "" or ending in `/`;
    `section` is None for the oldest layout, which names the sections inside."""

    root: str
    section: Section | None


class _File(msgspec.Struct):
    uri: str = ""
    title: str | None = None
    creation_timestamp: int | float | None = None


class _Element(msgspec.Struct):
    media: list[_File] | _File | None = None
    title: str | None = None
    creation_timestamp: int | float | None = None
    timestamp: int | float | None = None
    uri: str | None = None
    path: str | None = None
    caption: str | None = None
    taken_at: str | int | None = None
    label_values: list[Any] | None = None


def listing(name: str) -> Listing | None:
    """What the file of this name lists, None when it lists no media of the owner."""
    *folders, base = name.split("/")
    if base == "media.json":
        return Listing(_joined(folders), None)
    kind = _KIND.fullmatch(base)
    if not kind or not folders or folders[-1] not in {"content", "media"}:
        return None
    above = folders[:-1]
    root = above[:-1] if above and above[-1] == "your_instagram_activity" else above
    return Listing(_joined(root), _SECTIONS[kind[1]])


def read_list(document: bytes, of: Listing, find: Find) -> Iterator[Medium | ValueError]:
    """The media that a file lists, in its order; an error in the place of each that cannot be understood.

    Holds one element at a time beside the document itself. Raises ExportUnreadable when it is no JSON.
    """
    for key, elements in _lists(document).items():
        section = of.section or _OLD_SECTIONS.get(key)
        for element in elements if section else ():
            try:
                yield read_element(parse(bytes(element), text=repaired), section or Section.POST, find)
            except ValueError as error:
                yield error


def read_element(said: Any, section: Section, find: Find) -> Medium:
    """The medium in one element of a list. Raises ValueError saying what is wrong with it."""
    element = msgspec.convert(said, _Element)
    files = _files(element)
    if not files:
        raise ValueError("it names no file")
    taken_at = _taken_at(element, files)
    names = [file.uri.rsplit("/", 1)[-1] for file in files]
    items = tuple(
        Item(position=position, video=bool(_VIDEO.search(file.uri)), url=find(file.uri))
        for position, file in enumerate(files, start=1)
    )
    single = MediaType.VIDEO if items[0].video else MediaType.IMAGE
    return Medium(
        id=_identity(section, names[0], taken_at),
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
    """One description out of two of the same medium: the fuller one, in the more cautious section.

    What is listed as archived is never posted, wherever else it is listed.
    """
    fuller = max(one, other, key=_fullness)
    section = max(one.section, other.section, key=lambda it: _CAUTION.index(it) if it in _CAUTION else -1)
    return msgspec.structs.replace(fuller, section=section)


def _fullness(medium: Medium) -> tuple[int, int, int, datetime]:
    held = sum(item.url is not None for item in medium.items)
    return held, len(medium.items), len(medium.caption), medium.taken_at


def _lists(document: bytes) -> Mapping[str, Sequence[msgspec.Raw]]:
    try:
        return _split(document)
    except (ValueError, RecursionError):
        # Lone surrogates, NaN or a byte order mark: read leniently, at the price of memory.
        try:
            return _split(json.dumps(parse(document)).encode())
        except ValueError:
            raise ExportUnreadable("it is no JSON list of media") from None


def _split(document: bytes) -> Mapping[str, Sequence[msgspec.Raw]]:
    top = msgspec.json.decode(document, type=list[msgspec.Raw] | dict[str, msgspec.Raw])
    if isinstance(top, list):
        return {"": top}
    return {
        key: msgspec.json.decode(raw, type=list[msgspec.Raw])
        for key, raw in top.items()
        if bytes(memoryview(raw)[:1]) == b"["
    }


def _files(element: _Element) -> list[_File]:
    if element.label_values is not None:
        named = list(_labelled_files(element.label_values))
    elif element.media is not None:
        named = element.media if isinstance(element.media, list) else [element.media]
    else:
        named = [_File(uri=element.uri or element.path or "")]
    once: dict[str, _File] = {}
    for file in named:
        once.setdefault(file.uri, file)
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
    inside = next((file.title for file in files if file.title), None)
    outside = element.title or element.caption or _labelled_caption(element)
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
    stamps = (element.creation_timestamp, element.timestamp, element.taken_at, files[0].creation_timestamp)
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


def _identity(section: Section, name: str, taken_at: datetime) -> str:
    # The file's name is the same in every part and layout, the time may differ by seconds between layouts.
    # A short name, such as `1.jpg`, tells too little, so there the time joins in.
    group = "post" if section in _CAUTION else section.value
    telling = "" if len(name) >= _TELLING_NAME else f"{taken_at.timestamp():.0f}"
    digest = hashlib.sha256(f"{group}/{name}/{telling}".encode()).hexdigest()
    return f"export-{digest[:16]}"


def _hint(names: Sequence[str]) -> str | None:
    # In a carousel each name may hold its own picture's id; only an id that all agree on is the post's.
    found = {match[1] if (match := _HINT.search(name)) else None for name in names}
    return found.pop() if len(found) == 1 else None


def _joined(folders: Sequence[str]) -> str:
    return "".join(f"{folder}/" for folder in folders)
