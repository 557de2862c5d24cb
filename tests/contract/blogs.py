"""The blogs of the contract suite: the light one, and a real Ghost 6 where it is installed."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import html5lib
import jwt
import pytest
import requests

from everyday_local.ghost.install import DEFAULT_DIR, installed
from everyday_local.ghost.real import real_ghost
from everyday_local.ghost.server import running

GHOST = Path(__file__).parents[2] / DEFAULT_DIR


@dataclass(frozen=True)
class BlogUnderTest:
    """A running blog, spoken to without our adapter."""

    url: str
    key: str = field(repr=False)

    def token(self, **changes: Any) -> str:
        """Our adapter's token but for what is changed: times in seconds from now, None leaves one out."""
        name, _, secret = self.key.partition(":")
        now = int(time.time())
        times = {"iat": 0, "exp": 300} | {k: v for k, v in changes.items() if k in {"iat", "exp"}}
        claims: dict[str, Any] = {k: now + v for k, v in times.items() if v is not None}
        claims["aud"] = changes.get("aud", "/admin/")
        headers = {} if changes.get("kid") == "" else {"kid": changes.get("kid", name)}
        key = bytes.fromhex(changes.get("secret", secret))
        return jwt.encode(claims, key, algorithm=changes.get("algorithm", "HS256"), headers=headers)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Ghost {self.token()}", **options.pop("headers", {})}
        url = f"{self.url}/ghost/api/admin{path}"
        return requests.request(method, url, headers=headers, timeout=60, **options)

    def post(self, *, formats: str = "html", **fields: Any) -> requests.Response:
        document = {"posts": [{"title": "A title", **fields}]}
        return self.call("POST", f"/posts/?source=html&formats={formats}", json=document)

    def created(self, **fields: Any) -> dict[str, Any]:
        answer = self.post(**fields)
        assert answer.status_code == 201, answer.text
        return dict(answer.json()["posts"][0])

    def put(self, post: dict[str, Any], **fields: Any) -> requests.Response:
        document = {"posts": [{"updated_at": post["updated_at"], **fields}]}
        return self.call("PUT", f"/posts/{post['id']}/?source=html&formats=html", json=document)

    def found(self, **query: Any) -> list[dict[str, Any]]:
        answer = self.call("GET", "/posts/", params={"limit": 100, **query})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["posts"])

    def upload(
        self, kind: str, name: str, data: bytes, content_type: str, **more: tuple[str, bytes, str]
    ) -> requests.Response:
        files = {"file": (name, data, content_type), **more}
        return self.call("POST", f"/{kind}/upload/", files=files, data={"ref": "mine"})


def problem(answer: requests.Response) -> tuple[int, str, str | None]:
    """Status, type and code: what errors are told apart by."""
    told = answer.json()["errors"][0]
    return answer.status_code, told["type"], told["code"]


def fresh(prefix: str = "ig") -> str:
    """A slug that no other test uses."""
    return f"{prefix}-{uuid4().int % 10**17:017}"


def tree(html: str | None) -> str | None:
    """The parsed tree as text. Of a video card only what was given to it: the rest is Ghost's player."""
    if html is None:
        return None
    parsed = html5lib.parseFragment(html, treebuilder="dom", namespaceHTMLElements=False)
    return "".join(map(_told, parsed.childNodes)).strip()


def _told(node: Any) -> str:
    if node.nodeType == node.TEXT_NODE:
        return "" if node.nodeValue.isspace() and "\n" in node.nodeValue else str(node.nodeValue)
    if node.nodeType == node.COMMENT_NODE:
        return f"<!--{node.nodeValue}-->"
    if node.getAttribute("class") == "kg-video-container":
        return "".join(map(_told, node.getElementsByTagName("video")))
    kept = {"src", "width", "height"} if node.nodeName == "video" else set(node.attributes.keys())
    attributes = "".join(f' {name}="{node.getAttribute(name)}"' for name in sorted(kept))
    return f"<{node.nodeName}{attributes}>{''.join(map(_told, node.childNodes))}</{node.nodeName}>"


@pytest.fixture(scope="session")
def light_blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlogUnderTest]:
    with running(tmp_path_factory.mktemp("blog")) as blog:
        yield BlogUnderTest(blog.url, blog.admin_key)


@pytest.fixture(scope="session")
def ghost_blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlogUnderTest]:
    """One Ghost for the whole session: its first start takes 10 to 60 s."""
    ghost = installed(GHOST)
    if ghost is None:
        pytest.skip(f"no real Ghost in {GHOST}: `python -m everyday_local.ghost install` puts it there")
    with real_ghost(ghost, tmp_path_factory.mktemp("ghost")) as blog:
        yield BlogUnderTest(blog.url, blog.admin_key)


# Two parameters of session scope would, in random order, start Ghost again and again.
@pytest.fixture(params=["light", pytest.param("ghost", marks=pytest.mark.xdist_group("ghost"))])
def blog(request: pytest.FixtureRequest) -> BlogUnderTest:
    """Each case runs over the light blog and over Ghost."""
    found: BlogUnderTest = request.getfixturevalue(f"{request.param}_blog")
    return found
