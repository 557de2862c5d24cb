"""Which of a medium's files go to the blog, and what the post shows of them. Pure."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from everyday.photos.catalog import Upload
from everyday.photos.model import Item, Sidecar, StoredFile
from everyday.photos.render import Block, Film, Picture

_PLAYABLE = frozenset({"video/mp4", "video/quicktime"})


def files_to_upload(sidecar: Sidecar, *, max_video_bytes: int) -> list[StoredFile]:
    """The files that the post shows, in display order, each video after its preview.

    A video that is too large, or of a kind that browsers do not play, is left out: its preview stands for
    it, with a link to Instagram.
    """
    return [
        file
        for place in _places(sidecar)
        for file in (place.preview, place.main)
        if file and (not is_video(file) or _fits(file, max_video_bytes))
    ]


def blocks(sidecar: Sidecar, uploads: Mapping[str, Upload]) -> list[Block]:
    """What the post shows, in display order, of the files that are uploaded (`uploads` by file name)."""
    shown = (_block(place, uploads) for place in _places(sidecar))
    return [block for block in shown if block]


def is_video(file: StoredFile) -> bool:
    """Whether the file itself is a video; its preview is not."""
    return file.content_type.startswith("video/")


class _Place(NamedTuple):
    item: Item
    main: StoredFile | None
    preview: StoredFile | None


def _places(sidecar: Sidecar) -> Iterator[_Place]:
    for item in sidecar.medium.items:
        here = [file for file in sidecar.files if file.position == item.position]
        main = next((file for file in here if not file.thumbnail), None)
        preview = next((file for file in here if file.thumbnail), None)
        yield _Place(item, main, preview if main is None or is_video(main) else None)


def _fits(video: StoredFile, max_video_bytes: int) -> bool:
    return video.content_type in _PLAYABLE and video.size <= max_video_bytes


def _block(place: _Place, uploads: Mapping[str, Upload]) -> Block | None:
    main = _done(place.main, uploads)
    preview = _done(place.preview, uploads)
    alt = place.item.alt_text or ""
    still = _picture(preview, alt)._replace(still=place.item.video) if preview else None
    if main is None or place.main is None:
        return still
    if is_video(place.main):
        return Film(main.url or "", main.width, main.height, main.seconds, still)
    return _picture(main, alt)


def _done(file: StoredFile | None, uploads: Mapping[str, Upload]) -> Upload | None:
    upload = uploads.get(file.name) if file else None
    return upload if upload and upload.url else None


def _picture(upload: Upload, alt: str) -> Picture:
    return Picture(upload.url or "", upload.width, upload.height, alt)
