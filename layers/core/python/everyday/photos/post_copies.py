"""From the archive's untouched file to the copy that may become public."""

from hashlib import sha256
from pathlib import Path

from everyday.errors import MediumUnreadable
from everyday.photos import captions
from everyday.photos.archive import file_key
from everyday.photos.metadata import Public, public_picture, public_video
from everyday.photos.model import StoredFile
from everyday.photos.ports import Archive
from everyday.photos.post_files import is_video


def public_copy(
    archive: Archive, medium_id: str, file: StoredFile, folder: Path, *, max_pixels: int
) -> Public:
    """A copy in `folder` without metadata, streamed there.

    Raises MediumUnreadable when the archive's file is not what was archived, BlogRejected when it is no
    picture or video that can be cleaned, MediumMissing and ArchiveUnavailable.
    """
    path = folder / file.name
    digest = sha256()
    with archive.open(file_key(medium_id, file.name)) as body, path.open("wb") as copy:
        for chunk in body.chunks:
            digest.update(chunk)
            copy.write(chunk)
    if digest.hexdigest() != file.sha256:
        raise MediumUnreadable(f"{file.name} is not what was archived: run `everyday photos verify`")
    return public_video(path) if is_video(file) else public_picture(path, max_pixels=max_pixels)


def upload_name(medium_id: str, file: StoredFile, public: Public) -> str:
    """Unique to medium and content: a file of this name on the blog can only be this file."""
    kind = "-thumbnail" if file.thumbnail else ""
    return f"{captions.slug(medium_id)}-{file.position}{kind}-{public.digest[:8]}.{public.extension}"
