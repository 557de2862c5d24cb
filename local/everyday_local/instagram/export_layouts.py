"""How each layout of the data export describes a post. Text is written as Instagram writes it: broken.

Instagram: each byte of the UTF-8 text becomes a `\\u00XX` of its own.
"""

import json
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from everyday.photos.model import Section
from everyday_local.instagram.account import File, Post


class Layout(StrEnum):
    """The layouts, oldest first; the value is the file that lists the posts."""

    OLD = "media.json"
    CONTENT = "content/posts_1.json"
    ACTIVITY = "your_instagram_activity/content/posts_1.json"
    CURRENT = "your_instagram_activity/media/posts_1.json"
    LABELS = "your_instagram_activity/media/posts.json"


class Entry(NamedTuple):
    """One element of one list: the JSON file, the key of the list in it ("": the file is the list)."""

    document: str
    key: str
    element: dict[str, Any]


PathOf = Callable[[File], str]
"""Where the export keeps a file."""

_LISTS = {
    Section.REEL: ("reels.json", "ig_reels_media"),
    Section.STORY: ("stories.json", "ig_stories"),
    Section.ARCHIVED: ("archived_posts.json", "ig_archived_post_media"),
    Section.PROFILE: ("profile_photos.json", "ig_profile_picture"),
}
_FLAT = frozenset({Section.STORY, Section.PROFILE})
_OLD_KEYS = {Section.STORY: "stories", Section.PROFILE: "profile"}


def describe(post: Post, layout: Layout, path_of: PathOf, *, single_as_object: bool = False) -> list[Entry]:
    """The post in the lists of the layout. `single_as_object`: a lone medium is not put into a list."""
    if layout is Layout.OLD:
        return _old(post, path_of)
    document, key = _place(post, layout)
    media = [_medium(post, file, path_of) for file in post.files]
    if post.section in _FLAT:
        return [Entry(document, key, element) for element in media]
    if layout is Layout.LABELS and not key:
        return [Entry(document, key, _labelled(post, media))]
    element: dict[str, Any] = {"media": media[0] if single_as_object and len(media) == 1 else media}
    if len(media) > 1:
        element |= {"title": broken(post.caption), "creation_timestamp": _stamp(post)}
    return [Entry(document, key, element)]


def broken(text: str | None) -> str:
    """The text as the export holds it, before JSON escapes it: one character for each byte."""
    return (text or "").encode().decode("latin-1")


def to_json(element: dict[str, Any]) -> bytes:
    return json.dumps(element, indent=2).encode()


def _place(post: Post, layout: Layout) -> tuple[str, str]:
    folder = layout.value.rpartition("/")[0]
    if post.igtv:
        return f"{folder}/igtv_videos.json", "ig_igtv_media"
    if post.section in _LISTS:
        name, key = _LISTS[post.section]
        return f"{folder}/{name}", key
    return layout.value, ""


def _stamp(post: Post) -> int:
    return int(post.taken_at.timestamp())


def _medium(post: Post, file: File, path_of: PathOf) -> dict[str, Any]:
    alone = len(post.files) == 1
    return {
        "uri": path_of(file),
        "creation_timestamp": _stamp(post) - 1,  # a post is stamped a second after its media
        "media_metadata": _metadata(file, path_of, subtitles=post.section is Section.REEL),
        "title": broken(post.caption) if alone else "",
        "cross_post_source": {"source_app": "FB"},
    }


def _metadata(file: File, path_of: PathOf, *, subtitles: bool) -> dict[str, Any]:
    exif: dict[str, Any] = {"device_id": "android-5f1c", "source_type": "4"}
    if file.place:
        exif |= {"latitude": file.place[0], "longitude": file.place[1]}
    if not file.video:
        return {"photo_metadata": {"exif_data": [exif]}}
    told: dict[str, Any] = {"exif_data": [exif]}
    if subtitles:
        told["subtitles"] = {"uri": subtitles_path(path_of(file)), "creation_timestamp": 0}
    return {"video_metadata": told}


def subtitles_path(film_path: str) -> str:
    return film_path.rpartition(".")[0] + ".srt"


def _labelled(post: Post, media: Sequence[dict[str, Any]]) -> dict[str, Any]:
    first = {**media[0], "title": broken(post.caption)}
    values: list[dict[str, Any]] = [{"label": "Media", "media": [first]}]
    if len(media) > 1:
        rest = [{"dict": [{"label": "Media", "media": [medium]}]} for medium in media[1:]]
        values.append({"title": "Media", "dict": rest})
    return {"timestamp": _stamp(post), "label_values": values}


def _old(post: Post, path_of: PathOf) -> list[Entry]:
    """Every file stands alone, with the caption of its post; archived posts were not in it."""
    if post.section is Section.ARCHIVED:
        return []
    return [
        Entry(Layout.OLD.value, _old_key(post, file), _old_element(post, file, path_of))
        for file in post.files
    ]


def _old_key(post: Post, file: File) -> str:
    return _OLD_KEYS.get(post.section, "videos" if file.video else "photos")


def _old_element(post: Post, file: File, path_of: PathOf) -> dict[str, Any]:
    return {
        "caption": broken(post.caption),
        "taken_at": post.taken_at.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        "path": path_of(file),
    }
