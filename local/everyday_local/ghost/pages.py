"""The blog as its readers see it: front page, posts, tags, and previews of drafts."""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from everyday_local.ghost.store import Post, Store

_PER_PAGE = 24
_TEMPLATES = Path(__file__).parent / "templates"
_PICTURE = re.compile(r'<img src="([^"]+)"')
_POSTER = re.compile(r'poster="([^"]+)"')


class Tile(NamedTuple):
    """A post on a list: its cover is None when it shows no picture."""

    url: str
    title: str
    day: str
    draft: bool
    cover: str | None
    alt: str
    pictures: int
    video: bool
    excerpt: str


def routes(store: Store) -> list[Route]:
    """The public addresses; anything else under one path segment is a post's slug."""
    pages = _Pages(store)
    return [
        Route("/", pages.home),
        Route("/assets/blog.css", pages.style),
        Route("/tag/{slug}/", pages.tag),
        Route("/p/{uuid}/", pages.preview),
        Route("/{slug}/", pages.post),
        Route("/{slug}", pages.slashed),
    ]


def no_admin() -> str:
    """The page that stands where Ghost has its editor."""
    return (
        _environment()
        .get_template("message.html")
        .render(
            title="No editor here",
            text="This is the light blog of local mode. Real Ghost: `everyday local up --ghost`.",
        )
    )


class _Pages:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._environment = _environment()

    async def home(self, request: Request) -> Response:
        posts = sorted(self._store.posts.values(), key=_moment, reverse=True)
        return self._list(request, posts, "list.html", tag=None)

    async def tag(self, request: Request) -> Response:
        slug = request.path_params["slug"]
        tags = [
            tag for tag in self._store.tags.values() if tag["slug"] == slug and tag["visibility"] == "public"
        ]
        if not tags:
            return self._missing()
        posts = [post for post in self._store.posts.values() if slug in {tag["slug"] for tag in post["tags"]}]
        return self._list(request, sorted(posts, key=_moment, reverse=True), "list.html", tag=tags[0])

    async def post(self, request: Request) -> Response:
        slug = request.path_params["slug"]
        for post in self._store.posts.values():
            if post["slug"] == slug and post["status"] == "published":
                return self._one(post)
        return self._missing()

    async def preview(self, request: Request) -> Response:
        """A draft, at the address Ghost gives it; a published post is sent to its own."""
        for post in self._store.posts.values():
            if post["uuid"] == request.path_params["uuid"]:
                return self._one(post) if _is_draft(post) else RedirectResponse(_url(post))
        return self._missing()

    async def slashed(self, request: Request) -> Response:
        return RedirectResponse(f"/{request.path_params['slug']}/", 301)

    async def style(self, request: Request) -> Response:
        del request
        return PlainTextResponse((_TEMPLATES / "blog.css").read_text(encoding="utf-8"), media_type="text/css")

    def _list(self, request: Request, posts: Sequence[Post], template: str, *, tag: Any) -> Response:
        asked = request.query_params.get("page", "1")
        page = max(1, int(asked)) if asked.isdecimal() else 1
        shown = posts[(page - 1) * _PER_PAGE : page * _PER_PAGE]
        return self._page(
            template,
            tiles=[_tile(post) for post in shown],
            tag=tag,
            total=len(posts),
            drafts=sum(map(_is_draft, posts)),
            newer=page - 1 if page > 1 else None,
            older=page + 1 if page * _PER_PAGE < len(posts) else None,
        )

    def _one(self, post: Post) -> Response:
        html = (post["html"] or "").replace("<video ", "<video controls ")
        return self._page(
            "post.html",
            post=post,
            tile=_tile(post),
            # A blog shows its posts' markup as it is; Ghost decides what may be in it.
            article=Markup(html),  # noqa: S704 - see above
            head=Markup(post["codeinjection_head"] or ""),  # noqa: S704 - see above
            foot=Markup(post["codeinjection_foot"] or ""),  # noqa: S704 - see above
            tags=[tag for tag in post["tags"] if tag["visibility"] == "public"],
        )

    def _missing(self) -> Response:
        page = self._environment.get_template("message.html")
        return HTMLResponse(page.render(title="Nothing here", text="No post has this address."), 404)

    def _page(self, template: str, **values: Any) -> Response:
        return HTMLResponse(self._environment.get_template(template).render(**values))


def _environment() -> jinja2.Environment:
    return jinja2.Environment(loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True)


def _tile(post: Post) -> Tile:
    html = post["html"] or ""
    pictures = _PICTURE.findall(html)
    covers = filter(None, (post["feature_image"], *pictures, *_POSTER.findall(html)))
    cover = next(covers, None)
    moment = datetime.fromisoformat(_moment(post))
    return Tile(
        url=_url(post),
        title=post["title"],
        day=f"{moment.day} {moment:%B %Y}",
        draft=_is_draft(post),
        cover=_smaller(cover) if cover else None,
        alt=post["feature_image_alt"] or "",
        pictures=len(pictures),
        video="kg-video-card" in html,
        excerpt=post["custom_excerpt"] or (post["plaintext"] or "")[:220],
    )


def _smaller(url: str) -> str:
    """A picture of the blog's own is asked for in a size that suits a list."""
    return re.sub(r"(/content/images/)(\d{4}/)", r"\1size/w1000/\2", url)


def _is_draft(post: Post) -> bool:
    return bool(post["status"] != "published")


def _moment(post: Post) -> str:
    return str(post["published_at"] or post["created_at"])


def _url(post: Post) -> str:
    return f"/p/{post['uuid']}/" if _is_draft(post) else f"/{post['slug']}/"
