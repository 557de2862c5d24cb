"""The Admin API's calls, as functions of a store: what is asked in, what is answered out."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from everyday_local.ghost.filters import compile_filter
from everyday_local.ghost.problems import Problem, invalid
from everyday_local.ghost.store import OWNER, Post, Store
from everyday_local.ghost.uploads import File, Uploads

VERSION = "6.65"
_MOST = 100
_DEFAULT = 15
_FORMATS = frozenset({"html", "plaintext", "lexical", "mobiledoc"})


class Request(NamedTuple):
    """One call: `key` names what it is about (a post's id or slug), `files` and `form` are an upload's."""

    key: str
    query: Mapping[str, str]
    body: bytes
    form: Mapping[str, str]
    files: Mapping[str, File]
    now: datetime


class Answer(NamedTuple):
    """Status and JSON; `effect` is whether anything changed."""

    status: int
    document: Mapping[str, Any] | None
    effect: bool = False


Operation = Callable[["Admin", Request], Answer]


class Admin:
    """The operations by name; each may raise Problem."""

    def __init__(self, store: Store, uploads: Uploads) -> None:
        self._store = store
        self._uploads = uploads

    def site(self, request: Request) -> Answer:
        del request
        return Answer(200, {"site": {"title": "everyday", "url": f"{self._store.site}/", "version": VERSION}})

    def browse(self, request: Request) -> Answer:
        """At most 100 a page, whatever `limit` says; 15 when it says 0 or nothing."""
        query = request.query
        _formats(query)
        posts = [self._told(post, query) for post in self._found(query)]
        limit, page = _limit(query.get("limit")), _page(query.get("page"))
        pages = max(1, math.ceil(len(posts) / limit))
        pagination = {
            "page": page,
            "limit": limit,
            "pages": pages,
            "total": len(posts),
            # With several pages, one past the end also names its next; only an empty page tells the end.
            "next": None if page == pages or pages == 1 else page + 1,
            "prev": page - 1 if page > 1 else None,
        }
        shown = posts[(page - 1) * limit : page * limit]
        return Answer(200, {"posts": shown, "meta": {"pagination": pagination}})

    def read(self, request: Request) -> Answer:
        return self._one(200, self._store.post(request.key), request)

    def read_by_slug(self, request: Request) -> Answer:
        return self._one(200, self._store.by_slug(request.key), request)

    def add(self, request: Request) -> Answer:
        post = self._store.add(_given(request), html=_is_html(request), now=request.now)
        return self._one(201, post, request, effect=True)

    def edit(self, request: Request) -> Answer:
        before = self._store.post(request.key)
        after = self._store.edit(request.key, _given(request), html=_is_html(request), now=request.now)
        return self._one(200, after, request, effect=before != after)

    def destroy(self, request: Request) -> Answer:
        self._store.delete(request.key)
        return Answer(204, None, effect=True)

    def image(self, request: Request) -> Answer:
        _only(request, {"file"})
        url = self._uploads.image(request.files.get("file"), now=request.now)
        return Answer(201, {"images": [{"url": url, "ref": request.form.get("ref")}]}, effect=True)

    def media(self, request: Request) -> Answer:
        _only(request, {"file", "thumbnail"})
        url, thumbnail = self._uploads.media(
            request.files.get("file"), request.files.get("thumbnail"), now=request.now
        )
        media = {"url": url, "thumbnail_url": thumbnail, "ref": request.form.get("ref")}
        return Answer(201, {"media": [media]}, effect=True)

    def _found(self, query: Mapping[str, str]) -> Sequence[Post]:
        posts = list(self._store.posts.values())
        if text := query.get("filter"):
            passes = compile_filter(text)
            posts = [post for post in posts if passes(post)]
        return _ordered(posts, query.get("order"))

    def _one(self, status: int, post: Post, request: Request, *, effect: bool = False) -> Answer:
        return Answer(status, {"posts": [self._told(post, request.query)]}, effect)

    def _told(self, post: Post, query: Mapping[str, str]) -> Mapping[str, Any]:
        formats = _formats(query)
        site = self._store.site
        shown = {name: value for name, value in post.items() if name not in {"html", "plaintext"} - formats}
        public = [tag for tag in post["tags"] if tag["visibility"] == "public"]
        first = post["tags"][0] if post["tags"] else None
        shown |= {
            "url": f"{site}/{post['slug']}/"
            if post["status"] == "published"
            else f"{site}/p/{post['uuid']}/",
            "excerpt": post["custom_excerpt"] or (post["plaintext"] or "")[:500] or None,
            "authors": [OWNER],
            "primary_author": OWNER,
            "primary_tag": first if first in public else None,
        }
        wanted = query.get("fields")
        return {name: shown[name] for name in wanted.split(",") if name in shown} if wanted else shown


def _given(request: Request) -> Mapping[str, Any]:
    """The one post of the body. Raises Problem 400 for what is not JSON, 422 for none or two."""
    try:
        document = json.loads(request.body)
    except ValueError:
        message = "An unexpected error occurred, please try again."
        raise Problem("BadRequestError", message, code="UNEXPECTED_ERROR") from None
    posts = document.get("posts") if isinstance(document, dict) else None
    if not isinstance(posts, list) or len(posts) != 1 or not isinstance(posts[0], dict):
        raise invalid("Validation failed for posts.", path="/posts")
    given: Mapping[str, Any] = posts[0]
    return given


def _is_html(request: Request) -> bool:
    return request.query.get("source") == "html"


def _only(request: Request, names: set[str]) -> None:
    if set(request.files) - names:
        message = "The request could not be understood."
        raise Problem("BadRequestError", message, code="LIMIT_UNEXPECTED_FILE")


def _formats(query: Mapping[str, str]) -> set[str]:
    formats = set(filter(None, query.get("formats", "").split(",")))
    if not formats <= _FORMATS:
        raise invalid("Validation (AllowedValues) failed for formats")
    return formats


def _limit(text: str | None) -> int:
    if text is not None and text.startswith("-"):
        raise invalid("Validation (matches) failed for limit")
    if text is None or text == "0":
        return _DEFAULT
    return min(int(text), _MOST) if text.isdecimal() else _MOST


def _page(text: str | None) -> int:
    if text is not None and not text.isdecimal():
        raise invalid("Validation (matches) failed for page")
    return max(1, int(text or 1))


def _ordered(posts: Sequence[Post], order: str | None) -> Sequence[Post]:
    """As asked, or drafts first and then the newest; unknown fields are passed over."""
    rank = {"scheduled": 0, "draft": 1}
    found = sorted(posts, key=_newest, reverse=True)
    found.sort(key=lambda post: rank.get(post["status"], 2))
    for part in reversed((order or "").split(",")):
        name, _, direction = part.strip().partition(" ")
        if name and all(name in post for post in found):
            found = sorted(found, key=lambda post: post[name] or "", reverse=direction.lower() == "desc")
    return found


def _newest(post: Post) -> tuple[str, str, str]:
    """The date of a draft does not count."""
    published = "" if post["status"] == "draft" else post["published_at"]
    return published or "", post["updated_at"], post["id"]


OPERATIONS: Mapping[str, Operation] = {
    "site.read": Admin.site,
    "posts.browse": Admin.browse,
    "posts.read": Admin.read,
    "posts.read.slug": Admin.read_by_slug,
    "posts.add": Admin.add,
    "posts.edit": Admin.edit,
    "posts.destroy": Admin.destroy,
    "images.upload": Admin.image,
    "media.upload": Admin.media,
}
