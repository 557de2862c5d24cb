"""An archive with something in it, for the tests of what is done with a whole archive."""

from hashlib import sha256
from typing import Any

from everyday.adapters.memory import MemoryArchive
from everyday.photos.archive import PostRecord, content_type, encode, file_key, post_key, sidecar_key
from everyday.photos.model import BlogPost, Medium, Sidecar, StoredFile
from everyday.photos.ports import Body
from tests.builders import NOW, a_medium

PICTURE = {"1.jpg": b"a picture"}


def fill(
    archive: MemoryArchive,
    medium: Medium | None = None,
    files: dict[str, bytes] = PICTURE,
    post: BlogPost | None = None,
    **sidecar: Any,
) -> Sidecar:
    """Store a medium as a backup does: files, then the sidecar."""
    medium = medium or a_medium()
    for name, data in files.items():
        archive.put(file_key(medium.id, name), Body(iter([data]), content_type(name), len(data)))
    listed = tuple(_listed(name, data) for name, data in files.items())
    whole = Sidecar(**{"medium": medium.without_addresses(), "archived_at": NOW, "files": listed, **sidecar})
    archive.write(sidecar_key(medium.id), encode(whole), tag=None)
    if post:
        archive.write(post_key(medium.id), encode(PostRecord(post=post)), tag=None)
    return whole


def _listed(name: str, data: bytes) -> StoredFile:
    return StoredFile(
        name=name,
        position=int(name.split(".")[0]),
        sha256=sha256(data).hexdigest(),
        size=len(data),
        content_type=content_type(name),
        thumbnail=".thumbnail." in name,
    )


def replaced(archive: MemoryArchive, key: str, data: bytes) -> None:
    """What a broken disk or a careless hand does to an object."""
    archive.objects[key] = archive.objects[key]._replace(data=data)
