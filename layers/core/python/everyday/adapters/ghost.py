"""The owner's Ghost blog over its Admin API."""

import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from everyday.adapters.ghost_http import GhostApi
from everyday.adapters.ghost_multipart import FilePart, Multipart
from everyday.errors import BlogPostGone, BlogUnavailable, SettingsError
from everyday.photos.ports import Draft, FoundPost
from everyday.ports import Clock, Secrets

# Ghost 6.65 cuts every larger limit to 100 without saying so; the answer tells the next page.
_PAGE = 100
_SHOWN = {"formats": "html", "include": "tags"}


class Site(NamedTuple):
    """What a blog says of itself."""

    title: str
    url: str
    version: str


def key_from(secrets: Secrets, name: str) -> Callable[[], str]:
    """Reads the Admin API key from the secret `name`, whose shape is {"admin_key": "id:secret"}."""

    def read() -> str:
        key = secrets.get(name).get("admin_key")
        if not isinstance(key, str) or not key:
            raise SettingsError(f"the secret {name} has no admin_key: run `everyday photos login`")
        return key

    return read


class GhostBlog:
    """`everyday.photos.ports.Blog` for Ghost 5 and 6, for one thread.

    `url` is the blog's address; `key` gives its Admin API key and is asked again after the blog refused one.
    """

    def __init__(
        self,
        url: str,
        key: Callable[[], str],
        *,
        clock: Clock,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._api = GhostApi(url, key, clock=clock, sleep=sleep, jitter=jitter)

    def check(self) -> Site:
        """Prove address and key by two cheap reads. Raises BlogUnavailable, BlogKeyRefused, SettingsError."""
        site = self._api.call("GET", "/site/")
        self._api.call("GET", "/posts/", params={"limit": 1, "fields": "id"})
        with _ghosts_shape():
            return Site(site["site"]["title"], site["site"]["url"], site["site"]["version"])

    def find(self, *, slug: str, marker: str) -> Sequence[FoundPost]:
        ours = re.compile(rf"{re.escape(slug)}(-\d+)?")
        either = f"slug:~^{_quoted(slug)},codeinjection_foot:~{_quoted(marker)}"
        posts = [post for post in self._posts(either) if ours.fullmatch(post.slug) or marker in post.foot]
        return sorted(posts, key=lambda post: (post.created_at, post.id))

    def get(self, post_id: str) -> FoundPost:
        return _post(self._api.call("GET", f"/posts/{post_id}/", params=_SHOWN))

    def create(self, draft: Draft) -> FoundPost:
        post = {
            **_content(draft),
            "slug": draft.slug,
            "status": draft.status,
            "published_at": draft.published_at,
        }
        if draft.authors:  # Ghost 6.65 takes the owner when there is no list, and refuses an empty one
            post["authors"] = [{"email" if "@" in author else "slug": author} for author in draft.authors]
        return self._write("POST", "/posts/", post)

    def update(self, post_id: str, draft: Draft, *, updated_at: str) -> FoundPost:
        return self._write("PUT", f"/posts/{post_id}/", {**_content(draft), "updated_at": updated_at})

    def delete(self, post_id: str) -> None:
        try:
            self._api.call("DELETE", f"/posts/{post_id}/")
        except BlogPostGone:
            return

    def uploaded(self, name: str, *, begun_at: datetime, video: bool) -> str | None:
        folder = "media" if video else "images"
        for month in _months(begun_at):
            if url := self._api.probe(f"/content/{folder}/{month}/{name}"):
                return url
        return None

    def upload(self, name: str, path: str, *, content_type: str) -> str:
        kind = "media" if content_type.startswith("video/") else "images"
        form = Multipart({"ref": name}, [FilePart("file", name, path, content_type)])
        told = self._api.call("POST", f"/{kind}/upload/", body=form, content_type=form.content_type)
        with _ghosts_shape():
            url: str = told[kind][0]["url"]
            return url

    def _posts(self, filter_: str) -> Iterator[FoundPost]:
        page: int | None = 1
        while page:
            told = self._api.call(
                "GET",
                "/posts/",
                params={
                    **_SHOWN,
                    "filter": filter_,
                    "order": "created_at asc, id asc",
                    "limit": _PAGE,
                    "page": page,
                },
            )
            with _ghosts_shape():
                found = [_found(post) for post in told["posts"]]
                page = told["meta"]["pagination"]["next"]
            yield from found
            if not found:  # a page past the end names a next one too
                return

    def _write(self, method: str, path: str, post: Mapping[str, Any]) -> FoundPost:
        params = {**_SHOWN, "source": "html"}
        return _post(self._api.call(method, path, params=params, document={"posts": [post]}))


def _content(draft: Draft) -> dict[str, Any]:
    return {
        "title": draft.title,
        "html": draft.html,
        "tags": list(draft.tags),
        "canonical_url": draft.canonical_url,
        "codeinjection_foot": draft.foot,
        "custom_excerpt": draft.custom_excerpt,
        "feature_image": draft.feature_image,
        "feature_image_alt": draft.feature_image_alt,
    }


def _post(told: Any) -> FoundPost:
    with _ghosts_shape():
        return _found(told["posts"][0])


def _found(post: Mapping[str, Any]) -> FoundPost:
    return FoundPost(
        id=post["id"],
        url=post["url"],
        slug=post["slug"],
        status=post["status"],
        updated_at=post["updated_at"],
        created_at=post["created_at"],
        foot=post["codeinjection_foot"] or "",
        content=_fingerprint(post),
    )


def _fingerprint(post: Mapping[str, Any]) -> str:
    said = [post["title"], post["html"], post["custom_excerpt"], post["feature_image"]]
    tags = sorted(tag["name"] for tag in post["tags"])
    return sha256(json.dumps([said, tags]).encode()).hexdigest()[:16]


@contextmanager
def _ghosts_shape() -> Iterator[None]:
    try:
        yield
    except (KeyError, IndexError, TypeError) as error:
        raise BlogUnavailable(f"the blog's answer is not in Ghost's shape: {error!r}") from error


def _quoted(text: str) -> str:
    """A string of Ghost's filter language."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _months(begun_at: datetime) -> Sequence[str]:
    """Ghost 6.65 files an upload under the month its server has: clocks and time zones differ by a day."""
    days = (begun_at, begun_at - timedelta(days=1), begun_at + timedelta(days=1))
    return tuple(dict.fromkeys(f"{day:%Y/%m}" for day in days))
