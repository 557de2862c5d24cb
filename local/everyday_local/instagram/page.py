"""The account as a page that a person can open. Captions are text and stay text."""

from html import escape
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from everyday.photos.model import MediaType
from everyday_local.instagram.account import File, Post
from everyday_local.instagram.standin import Standin

_POLICY = "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'"
_STYLE = (files(__package__) / "page.css").read_text(encoding="utf-8")


class Pages:
    """The grid at `/` and one page for each post, under the path of its permalink."""

    def __init__(self, standin: Standin) -> None:
        self._standin = standin

    async def grid(self, _: Request) -> Response:
        account = self._standin.account
        profile, posts = account.profile, account.listed
        tiles = "\n".join(self._tile(post) for post in posts)
        body = (
            f"<header>{self._portrait()}<div><h1>{escape(profile.username)}</h1>"
            f"<p>{escape(profile.name)} · {len(posts)} posts</p><p>{escape(profile.biography)}</p></div>"
            "</header>"
            f"<main><ul>{tiles}</ul></main>"
        )
        return _html(profile.username, body)

    async def post(self, request: Request) -> Response:
        code = request.path_params["code"]
        post = next((post for post in self._standin.account.listed if post.shortcode == code), None)
        if post is None:
            return HTMLResponse("<!doctype html><title>Not found</title><p>There is no such post.", 404)
        name = self._standin.account.profile.username
        shown = "\n".join(self._file(file) for file in post.files)
        body = (
            f'<nav><a href="/">← {escape(name)}</a></nav><article><div>{shown}</div><div>'
            f'<p class="caption" dir="auto">{escape(post.caption or "")}</p>'
            f'<p class="facts">{_facts(post)}</p></div></article>'
        )
        return _html(f"{name}: {_title(post)}", body)

    def _portrait(self) -> str:
        portrait = next((p for p in self._standin.account.posts if p.section.value == "profile"), None)
        return f'<img src="{self._address(portrait.files[0])}" alt="">' if portrait else ""

    def _address(self, file: File, *, thumbnail: bool = False) -> str:
        address = self._standin.address(file, thumbnail)
        return escape(address.removeprefix(self._standin.url))

    def _tile(self, post: Post) -> str:
        first = post.files[0]
        if first.withheld:
            inner = '<span class="none">Instagram gives no address for this one</span>'
        else:
            alt = escape(first.alt or _title(post))
            source = self._address(first, thumbnail=first.video)
            inner = f'<img loading="lazy" decoding="async" src="{source}" alt="{alt}">'
        return f'<li><a href="{_path(post)}">{inner}{_badge(post)}</a></li>'

    def _file(self, file: File) -> str:
        if file.withheld:
            return '<p class="facts">Instagram gives no address for this file.</p>'
        size, source = f'width="{file.width}" height="{file.height}"', self._address(file)
        if file.video:
            poster = self._address(file, thumbnail=True)
            return f'<video controls loop muted playsinline {size} poster="{poster}" src="{source}"></video>'
        return f'<img {size} src="{source}" alt="{escape(file.alt or "")}">'


def _path(post: Post) -> str:
    return escape(post.permalink.removeprefix("https://www.instagram.com"))


def _badge(post: Post) -> str:
    marks = ["pinned"] if post.pinned else []
    if post.media_type is MediaType.CAROUSEL_ALBUM:
        marks.append(f"1/{len(post.files)}")
    elif post.media_type is MediaType.VIDEO:
        marks.append("film")
    return f'<span class="badge">{" · ".join(marks)}</span>' if marks else ""


def _title(post: Post) -> str:
    return (post.caption or "A picture without words").strip().partition("\n")[0][:80]


def _facts(post: Post) -> str:
    likes = "" if post.likes is None else f" · {post.likes} likes"
    return f"{post.taken_at:%-d %B %Y, %H:%M} UTC{likes} · media id {post.id}"


def _html(title: str, body: str) -> Response:
    document = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title><style>{_STYLE}</style></head>'
        f"<body>\n{body}\n</body></html>\n"
    )
    return HTMLResponse(document, headers={"content-security-policy": _POLICY, "cache-control": "no-store"})
