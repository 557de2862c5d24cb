"""A Ghost blog in memory, for tests and dry runs: what Ghost 6.65 does with posts and uploads, no more."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

from everyday.errors import BlogCollision, BlogPostGone, BlogRejected
from everyday.photos.ports import Draft, FoundPost
from everyday.ports import Clock

_LIMITS = {"title": 255, "slug": 191, "custom_excerpt": 300, "feature_image_alt": 191}
_TAG_LIMIT = 191
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF")
_CONTENT = re.compile(r"<(p|figure|img)\b")


class MemoryPost(NamedTuple):
    """A post as the blog holds it."""

    found: FoundPost
    draft: Draft


class MemoryBlog:
    """A Blog in dictionaries: `posts` by id, `files` by path. Thread-safe, every call is atomic.

    As in Ghost: a slug that is taken is numbered, so is the name of an upload; `updated_at` moves only with
    a real change and an update must name it; what is too long or empty is refused; tags are one list.
    """

    def __init__(self, clock: Clock, url: str = "https://blog.example") -> None:
        self.posts: dict[str, MemoryPost] = {}
        self.files: dict[str, bytes] = {}
        self._clock = clock
        self._url = url
        self._last = datetime.min.replace(tzinfo=UTC)
        self._ids = count(1)
        self._lock = RLock()

    def find(self, *, slug: str, marker: str) -> Sequence[FoundPost]:
        numbered = re.compile(rf"{re.escape(slug)}(-\d+)?")
        with self._lock:
            found = [post.found for post in self.posts.values()]
        ours = [it for it in found if numbered.fullmatch(it.slug) or marker in it.foot]
        return sorted(ours, key=lambda it: (it.created_at, it.id))

    def get(self, post_id: str) -> FoundPost:
        return self._post(post_id).found

    def create(self, draft: Draft) -> FoundPost:
        _check(draft)
        with self._lock:
            taken = {post.found.slug for post in self.posts.values()}
            slug = next(name for name in _numbered(draft.slug, "-") if name not in taken)
            now = self._now()
            id_ = f"{next(self._ids):024x}"
            found = FoundPost(
                id=id_,
                url=f"{self._url}/{slug}/",
                slug=slug,
                status=draft.status,
                updated_at=now,
                created_at=now,
                foot=draft.foot,
                content=_content(draft),
            )
            self.posts[id_] = MemoryPost(found, draft)
            return found

    def update(self, post_id: str, draft: Draft, *, updated_at: str) -> FoundPost:
        _check(draft)

        def change(old: Draft) -> Draft:
            return draft._replace(slug=old.slug, status=old.status, published_at=old.published_at)

        return self._change(post_id, change, updated_at=updated_at)

    def edit(self, post_id: str, **changes: Any) -> FoundPost:
        """What the owner does in Ghost's editor."""
        return self._change(post_id, lambda old: old._replace(**changes))

    def delete(self, post_id: str) -> None:
        with self._lock:
            self.posts.pop(post_id, None)

    def uploaded(self, name: str, *, begun_at: datetime, video: bool) -> str | None:
        days = (begun_at, begun_at - timedelta(days=1), begun_at + timedelta(days=1))
        paths = [f"{_folder(day, video=video)}/{name}" for day in days]
        found = next((path for path in paths if path in self.files), None)
        return self._url + found if found else None

    def upload(self, name: str, path: str, *, content_type: str) -> str:
        data = Path(path).read_bytes()
        video = content_type.startswith("video/")
        if not video and not data.startswith(_PICTURES):
            raise BlogRejected(f"the blog refuses {name}: it is no picture")
        with self._lock:
            return self._keep(name, data, video=video)

    def _keep(self, name: str, data: bytes, *, video: bool) -> str:
        folder, file = _folder(self._clock(), video=video), Path(name)
        paths = (f"{folder}/{stem}{file.suffix}" for stem in _numbered(file.stem, "-", start=1))
        free = next(path for path in paths if path not in self.files)
        self.files[free] = data
        return self._url + free

    def _change(
        self, post_id: str, change: Callable[[Draft], Draft], *, updated_at: str | None = None
    ) -> FoundPost:
        with self._lock:
            found, old = self._post(post_id)
            new = change(old)
            if new == old:
                return found
            if updated_at not in {None, found.updated_at}:
                raise BlogCollision(f"the post {post_id} was changed since it was read")
            found = found._replace(
                updated_at=self._now(),
                foot=new.foot,
                status=new.status,
                slug=new.slug,
                content=_content(new),
            )
            self.posts[post_id] = MemoryPost(found, new)
            return found

    def _post(self, post_id: str) -> MemoryPost:
        with self._lock:
            if post_id not in self.posts:
                raise BlogPostGone(f"the blog has no post {post_id}")
            return self.posts[post_id]

    def _now(self) -> str:
        self._last = max(self._clock(), self._last + timedelta(milliseconds=1))
        return self._last.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _content(draft: Draft) -> str:
    return repr((draft.title, draft.html, draft.tags, draft.custom_excerpt, draft.feature_image))


def _check(draft: Draft) -> None:
    for field, limit in _LIMITS.items():
        if len(getattr(draft, field) or "") > limit:
            raise BlogRejected(f"the blog refuses the post: {field} is longer than {limit} characters")
    if any(len(tag) > _TAG_LIMIT for tag in draft.tags):
        raise BlogRejected(f"the blog refuses the post: a tag is longer than {_TAG_LIMIT} characters")
    if not draft.title or not _CONTENT.search(draft.html):
        raise BlogRejected("the blog refuses the post: it has no title or no content")


def _numbered(name: str, between: str, *, start: int = 2) -> Iterator[str]:
    yield name
    yield from (f"{name}{between}{number}" for number in count(start))


def _folder(day: datetime, *, video: bool) -> str:
    return f"/content/{'media' if video else 'images'}/{day:%Y/%m}"
