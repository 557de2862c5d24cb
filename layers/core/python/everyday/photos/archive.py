"""How the archive holds a medium: a folder with its untouched files, `media.json` and `post.json`.

    instagram/<medium id>/1.jpg            the first item, as Instagram gave it
    instagram/<medium id>/2.mp4            the second one
    instagram/<medium id>/2.thumbnail.jpg  its preview
    instagram/<medium id>/media.json       a Sidecar; lists what is there and what is not
    instagram/<medium id>/post.json        a PostRecord, written after the blog has the post

The archive is the truth: the catalog and a plain folder can be made from it at any time. All functions
here are pure.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import count
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from everyday.errors import MediumRefused, MediumUnreadable, SourceUnavailable
from everyday.photos.catalog import Upload
from everyday.photos.model import BlogPost, Medium, MissingFile, Origin, Revision, Sidecar, StoredFile
from everyday.photos.ports import Body
from everyday.record import Record

ROOT = "instagram/"
SIDECAR = "media.json"
POST = "post.json"
VERSION = 1

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FILE = re.compile(r"[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,16}){1,2}")
_EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/heic": "heic",
    "image/heif": "heif",
    "image/avif": "avif",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
}
_TYPES = {extension: kind for kind, extension in _EXTENSIONS.items()} | {"json": "application/json"}
_Stored = TypeVar("_Stored", bound=Record)


class PostRecord(Record, frozen=True, kw_only=True):
    """`post.json`: the blog's post of this medium and the files uploaded for it, keyed as `Entry.uploads`."""

    post: BlogPost
    uploads: dict[str, Upload] = msgspec.field(default_factory=dict)
    version: int = VERSION


def folder(medium_id: str) -> str:
    """The medium's folder, ending in `/`. Raises MediumRefused when the id cannot be part of a key."""
    if not _ID.fullmatch(medium_id):
        raise MediumRefused(f"{medium_id[:64]!r} cannot be a medium's id")
    return f"{ROOT}{medium_id}/"


def sidecar_key(medium_id: str) -> str:
    return folder(medium_id) + SIDECAR


def post_key(medium_id: str) -> str:
    return folder(medium_id) + POST


def file_key(medium_id: str, name: str) -> str:
    return folder(medium_id) + name


def file_name(position: int, content_type: str, *, thumbnail: bool = False) -> str:
    """`1.jpg`, `2.thumbnail.jpg`; a type that is not a known picture or video ends in `.bin`."""
    kind = content_type.partition(";")[0].strip().lower()
    return f"{position}.{'thumbnail.' if thumbnail else ''}{_EXTENSIONS.get(kind, 'bin')}"


def content_type(name: str) -> str:
    """The type that a file's name promises, for stores that keep none."""
    return _TYPES.get(name.rpartition(".")[2], "application/octet-stream")


def whole(body: Body) -> Iterator[bytes]:
    """The body's chunks. Raises SourceUnavailable at the end of a body that is not as long as declared:
    a picture cut short would otherwise be kept for ever, because nothing here is overwritten."""
    size = 0
    for chunk in body.chunks:
        size += len(chunk)
        yield chunk
    if body.length not in {None, size}:
        raise SourceUnavailable(f"the source declared {body.length} bytes and gave {size}")


def split_key(key: str) -> tuple[str, str] | None:
    """(medium id, name) of a key of the archive, or None for a key that has no place in it."""
    id_, slash, name = key.removeprefix(ROOT).partition("/")
    return (id_, name) if key.startswith(ROOT) and slash and name and _ID.fullmatch(id_) else None


def encode(record: Record) -> bytes:
    """The record as JSON a person can read; the same record always gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(record, order="deterministic"), indent=2) + b"\n"


def decode_sidecar(document: bytes) -> Sidecar:
    """Raises MediumUnreadable."""
    sidecar = _decode(document, Sidecar, SIDECAR)
    for file in sidecar.files:
        if not _FILE.fullmatch(file.name):
            raise MediumUnreadable(f"{SIDECAR} lists {file.name[:64]!r}, which is no file's name")
    return sidecar


def decode_post(document: bytes) -> PostRecord:
    """Raises MediumUnreadable."""
    return _decode(document, PostRecord, POST)


def _decode(document: bytes, kind: type[_Stored], name: str) -> _Stored:
    try:
        record = msgspec.json.decode(document, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MediumUnreadable(f"{name} is not what was written there: {error}") from error
    version = getattr(record, "version", VERSION)
    if version > VERSION:
        raise MediumUnreadable(f"{name} has version {version}, written by a newer everyday; update this one")
    return record


def steady(known: Sidecar, medium: Medium) -> Medium:
    """The medium with the positions its items already have in the archive; to be asked before fetching.

    The owner may take a picture out of a carousel; the ones after it then move up. A position is part of a
    file's name, so an item keeps the one it had and a new item gets one that was never used.
    """
    told = [*(revision.medium for revision in known.revisions), known.medium]
    kept = {item.source_id: item.position for it in told for item in it.items if item.source_id}
    if not any(item.source_id in kept for item in medium.items):
        return medium
    free = count(1 + max([*kept.values(), *(file.position for file in known.files)]))
    return replace(
        medium,
        items=tuple(
            replace(item, position=kept[item.source_id] if item.source_id in kept else next(free))
            for item in medium.items
        ),
    )


def merged(
    known: Sidecar | None,
    medium: Medium,
    *,
    files: Iterable[StoredFile] = (),
    missing: Iterable[MissingFile] = (),
    now: datetime,
) -> Sidecar:
    """The sidecar after the source described the medium again and `files` were stored.

    Files of earlier runs stay; a missing file is one that no run has stored. A changed description keeps
    the earlier one as a revision. A medium that is listed is not gone.
    """
    sidecar = _described(known, medium, now=now)
    by_name = {file.name: file for file in (*sidecar.files, *files)}
    ordered = sorted(by_name.values(), key=lambda file: (file.position, file.thumbnail, file.name))
    there = {file.position for file in ordered if not file.thumbnail}
    return replace(
        sidecar,
        files=tuple(ordered),
        missing=tuple(it for it in missing if it.position not in there),
        gone_at=None,
    )


def _described(known: Sidecar | None, medium: Medium, *, now: datetime) -> Sidecar:
    if known is None:
        return Sidecar(medium=medium.without_addresses(), archived_at=now)
    if known.medium.origin is Origin.API and medium.origin is Origin.EXPORT:
        # An export is a picture of the past: it never overwrites what Instagram itself said later.
        return known
    new = steady(known, medium).without_addresses()
    if not edited(known.medium, new):
        return known
    return replace(known, medium=new, revisions=(*known.revisions, Revision(until=now, medium=known.medium)))


def edited(old: Medium, new: Medium) -> bool:
    """Whether the owner changed the medium. Counters, addresses and hints move by themselves."""
    return _told(old) != _told(new)


def _told(medium: Medium) -> Medium:
    return replace(medium.without_addresses(), said={}, hint=None)


def marked_gone(sidecar: Sidecar, *, at: datetime) -> Sidecar:
    """The sidecar of a medium found deleted on Instagram; the first finding stays."""
    return sidecar if sidecar.gone_at else replace(sidecar, gone_at=at)
