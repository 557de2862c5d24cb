"""Which files of a data export list media, and the elements of those lists. Pure."""

import json
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from everyday.errors import ExportUnreadable
from everyday.photos.model import Section
from everyday.photos.said import parse

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


class Listing(NamedTuple):
    """A file that lists media. `root` is the folder that its `uri`s start from, "" or ending in `/`;
    `section` is None for the oldest layout, which names the sections inside."""

    root: str
    section: Section | None


class _Old(msgspec.Struct):
    """What tells which files of the oldest layout are one post."""

    taken_at: str | int | None = None
    caption: str | None = None


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


def elements_of(document: bytes, of: Listing) -> Iterator[tuple[Section, Sequence[msgspec.Raw]]]:
    """The elements of a list, still as JSON, with those together that describe one post.

    Raises ExportUnreadable when the document is no JSON.
    """
    lists = _lists(document)
    if of.section is not None:
        for elements in lists.values():
            yield from ((of.section, [element]) for element in elements)
        return
    posts: dict[Hashable, tuple[Section, list[msgspec.Raw]]] = {}
    for key, elements in lists.items():
        section = _OLD_SECTIONS.get(key)
        for element in elements if section else ():
            told = _old_post(element) if section is Section.POST else bytes(element)
            _, together = posts.setdefault((section, told), (section or Section.POST, []))
            together.append(element)
    yield from posts.values()


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


def _old_post(element: msgspec.Raw) -> Hashable:
    # The oldest layout lists a carousel's files one by one, pictures and films apart; what they share is
    # the second and the caption.
    try:
        old = msgspec.json.decode(element, type=_Old)
    except (ValueError, RecursionError):
        return bytes(element)
    return (old.taken_at, old.caption) if old.taken_at else bytes(element)


def _joined(folders: Sequence[str]) -> str:
    return "".join(f"{folder}/" for folder in folders)
