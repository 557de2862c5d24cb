"""What the Ghost adapter does when the blog is slow, broken, strange or gone."""

import json
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from everyday.adapters.ghost import GhostBlog, key_from
from everyday.adapters.ghost_multipart import FilePart, Multipart
from everyday.errors import (
    BlogCollision,
    BlogKeyRefused,
    BlogPostGone,
    BlogRejected,
    BlogUnavailable,
    EverydayError,
    SettingsError,
)
from everyday.photos.ports import Draft
from everyday_local.ghost.faults import Fault
from everyday_local.ghost.server import LightBlog, running

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
KEY = f"{'a' * 24}:{'b' * 64}"
DRAFT = Draft(
    slug="ig-17900000000000001",
    title="Morning light",
    html="<p>x</p>",
    status="draft",
    published_at="2024-05-01T08:25:28+00:00",
    tags=[],
    authors=[],
    canonical_url=None,
    foot="<!-- everyday instagram:17900000000000001 rev:0123456789ab -->",
)


@pytest.fixture
def light(tmp_path: Path) -> Iterator[LightBlog]:
    with running(tmp_path / "blog") as blog:
        yield blog


@pytest.fixture
def pauses() -> list[float]:
    """How long the adapter waited between attempts, without waiting."""
    return []


@pytest.fixture
def ours(light: LightBlog, pauses: list[float]) -> GhostBlog:
    return a_blog(light.url, pauses, key=lambda: light.admin_key, clock=lambda: datetime.now(UTC))


def a_blog(url: str, pauses: list[float], **options: Any) -> GhostBlog:
    whole = {"key": lambda: KEY, "clock": lambda: NOW, "sleep": pauses.append, "jitter": lambda: 1.0}
    return GhostBlog(url, **{**whole, **options})


Reply = tuple[int, dict[str, str], str]


class Scripted:
    """A server that gives each request the next reply, and the last one for ever."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.url = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        self.seen.append((handler.command, handler.path, dict(handler.headers)))
        status, headers, text = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        handler.send_response_only(status)
        for name, value in {"Content-Length": str(len(text.encode())), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(text.encode())


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script.answer(self)

        do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        script.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield script
        server.shutdown()
        thread.join()


def an_error(kind: str, code: str | None = None, message: str = "No.") -> str:
    return json.dumps({"errors": [{"message": message, "type": kind, "code": code}]})


CALLS: dict[str, Callable[[GhostBlog], object]] = {
    "posts.browse": lambda blog: blog.find(slug=DRAFT.slug, marker="instagram:17900000000000001 "),
    "posts.read": lambda blog: blog.get("0" * 24),
    "posts.add": lambda blog: blog.create(DRAFT),
    "posts.edit": lambda blog: blog.update("0" * 24, DRAFT, updated_at="2026-01-01T00:00:00.000Z"),
    "posts.destroy": lambda blog: blog.delete("0" * 24),
    "content.read": lambda blog: blog.uploaded("a.jpg", begun_at=NOW + timedelta(days=9), video=False),
}
READS = ["posts.browse", "posts.destroy", "content.read"]


def asked(light: LightBlog, op: str) -> int:
    return sum(call.op == op for call in light.log)


@pytest.mark.parametrize("op", READS)
@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.BAD_GATEWAY, Fault.THROTTLED, Fault.RESET])
def test_a_read_is_tried_again(
    light: LightBlog, ours: GhostBlog, pauses: list[float], op: str, fault: Fault
) -> None:
    light.faults.plan(op, fault, times=3)
    CALLS[op](ours)

    assert asked(light, op) == 4
    assert pauses == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("op", READS)
def test_a_read_gives_up_after_four_attempts(light: LightBlog, ours: GhostBlog, op: str) -> None:
    light.faults.plan(op, Fault.ERROR, times=9)
    with pytest.raises(BlogUnavailable):
        CALLS[op](ours)

    assert asked(light, op) == 4


@pytest.mark.parametrize("op", ["posts.add", "posts.edit"])
@pytest.mark.parametrize(
    "fault",
    [Fault.ERROR, Fault.ERROR_AFTER, Fault.BAD_GATEWAY, Fault.THROTTLED, Fault.RESET, Fault.RESET_AFTER],
)
def test_a_write_is_sent_once(
    light: LightBlog, ours: GhostBlog, pauses: list[float], op: str, fault: Fault
) -> None:
    light.faults.plan(op, fault)
    with pytest.raises(BlogUnavailable):
        CALLS[op](ours)

    assert (asked(light, op), pauses) == (1, [])


@pytest.mark.parametrize("fault", [Fault.ERROR_AFTER, Fault.RESET_AFTER])
def test_a_post_whose_reply_was_lost_is_found(light: LightBlog, ours: GhostBlog, fault: Fault) -> None:
    light.faults.plan("posts.add", fault)
    with pytest.raises(BlogUnavailable):
        ours.create(DRAFT)

    assert [post.slug for post in ours.find(slug=DRAFT.slug, marker="instagram:17900000000000001 ")] == [
        DRAFT.slug
    ]
    assert [call.effect for call in light.log if call.op == "posts.add"] == [True]


def test_an_upload_is_sent_once_and_found_after_a_lost_reply(
    light: LightBlog, ours: GhostBlog, tmp_path: Path
) -> None:
    path = tmp_path / "video"
    path.write_bytes(bytes(1000))
    light.faults.plan("media.upload", Fault.RESET_AFTER)
    with pytest.raises(BlogUnavailable):
        ours.upload("v.mp4", str(path), content_type="video/mp4")

    assert asked(light, "media.upload") == 1
    found = ours.uploaded("v.mp4", begun_at=datetime.now(UTC), video=True)
    assert found
    assert found.url.endswith("/v.mp4")


@pytest.mark.parametrize(
    ("fault", "expected"), [(Fault.COLLISION, BlogCollision), (Fault.INVALID, BlogRejected)]
)
def test_ghosts_no_is_told_apart(
    light: LightBlog, ours: GhostBlog, fault: Fault, expected: type[EverydayError]
) -> None:
    light.faults.plan("posts.add", fault)
    with pytest.raises(expected):
        ours.create(DRAFT)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ((400, {}, an_error("BadRequestError")), BlogRejected),
        ((400, {}, an_error("BadRequestError", "INVALID_JWT")), BlogKeyRefused),
        ((401, {}, an_error("UnauthorizedError", "UNKNOWN_ADMIN_API_KEY")), BlogKeyRefused),
        ((403, {}, an_error("NoPermissionError")), BlogKeyRefused),
        ((403, {}, an_error("HostLimitError")), BlogRejected),
        ((403, {}, "<html>a firewall</html>"), BlogUnavailable),
        ((404, {}, an_error("NotFoundError")), BlogPostGone),
        ((404, {}, "<html>no Ghost here</html>"), BlogUnavailable),
        ((409, {}, an_error("UpdateCollisionError", "UPDATE_COLLISION")), BlogCollision),
        ((413, {}, "<html>too large</html>"), BlogRejected),
        ((415, {}, an_error("UnsupportedMediaTypeError")), BlogRejected),
        ((418, {}, an_error("TeapotError")), BlogUnavailable),
        ((422, {}, an_error("ValidationError")), BlogRejected),
        ((200, {}, "<html>a sign-in page</html>"), BlogUnavailable),
        ((200, {}, '["a list"]'), BlogUnavailable),
        ((200, {}, '{"posts": []}'), BlogUnavailable),
        ((200, {}, '{"posts": [{"id": "1"}]}'), BlogUnavailable),
        ((301, {"Location": "https://elsewhere.example/"}, ""), BlogUnavailable),
        ((503, {}, ""), BlogUnavailable),
    ],
)
def test_an_answer_means(
    scripted: Scripted, pauses: list[float], reply: Reply, expected: type[EverydayError]
) -> None:
    scripted.replies = [reply]
    with pytest.raises(expected):
        a_blog(scripted.url, pauses).create(DRAFT)

    assert len(scripted.seen) == 1, "neither repeated nor followed to another address"


def test_ghosts_words_reach_the_owner(scripted: Scripted, pauses: list[float]) -> None:
    scripted.replies = [(422, {}, an_error("ValidationError", message="The title is too long"))]
    with pytest.raises(BlogRejected, match="422 ValidationError: The title is too long"):
        a_blog(scripted.url, pauses).create(DRAFT)


def test_nobody_listening_is_unavailable(pauses: list[float]) -> None:
    with pytest.raises(BlogUnavailable, match=r"no answer from http://127\.0\.0\.1:9 "):
        a_blog("http://127.0.0.1:9", pauses).check()


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "7"}, 7.5),
        ({"Retry-After": format_datetime(NOW + timedelta(seconds=9)), "Date": format_datetime(NOW)}, 9.5),
        ({"Retry-After": format_datetime(NOW - timedelta(seconds=9)), "Date": format_datetime(NOW)}, 0.5),
        ({"Retry-After": "soon"}, 0.5),
        ({}, 0.5),
    ],
)
def test_retry_after_is_honoured(
    scripted: Scripted, pauses: list[float], headers: dict[str, str], pause: float
) -> None:
    scripted.replies = [(429, headers, ""), (204, {}, "")]
    a_blog(scripted.url, pauses).delete("0" * 24)

    assert pauses == [pause]


def test_a_blog_that_wants_to_be_left_alone_for_long_is_left_alone(
    scripted: Scripted, pauses: list[float]
) -> None:
    scripted.replies = [(429, {"Retry-After": "3600"}, "")]
    with pytest.raises(BlogUnavailable):
        a_blog(scripted.url, pauses).delete("0" * 24)

    assert (len(scripted.seen), pauses) == (1, [])


def test_each_request_has_a_token_of_its_own(scripted: Scripted, pauses: list[float]) -> None:
    times = iter([NOW, NOW + timedelta(minutes=10)])
    scripted.replies = [(204, {}, "")]
    blog = a_blog(scripted.url, pauses, clock=lambda: next(times))
    blog.delete("0" * 24)
    blog.delete("0" * 24)

    tokens = [headers["Authorization"] for _, _, headers in scripted.seen]
    assert tokens[0] != tokens[1]


def test_the_blogs_clock_is_learnt_once(scripted: Scripted, pauses: list[float]) -> None:
    date = {"Date": format_datetime(NOW + timedelta(hours=1))}
    scripted.replies = [(401, date, an_error("UnauthorizedError", "INVALID_JWT"))]
    with pytest.raises(BlogKeyRefused):
        a_blog(scripted.url, pauses).create(DRAFT)

    assert len(scripted.seen) == 2, "a key that is refused with the right time too is refused"


def test_a_refused_key_is_asked_for_again_and_a_good_one_is_not(
    scripted: Scripted, pauses: list[float]
) -> None:
    read: list[str] = []
    blog = a_blog(scripted.url, pauses, key=lambda: read.append("") or KEY)
    scripted.replies = [(204, {}, ""), (204, {}, ""), (401, {}, an_error("UnauthorizedError")), (204, {}, "")]
    blog.delete("0" * 24)
    blog.delete("0" * 24)
    assert len(read) == 1
    with pytest.raises(BlogKeyRefused):
        blog.delete("0" * 24)
    blog.delete("0" * 24)

    assert len(read) == 2


@pytest.mark.parametrize(
    "key", ["", "no-colon", f"{'a' * 24}:not-hex-not-hex", f":{'b' * 64}", f"{'a' * 24}:"]
)
def test_a_malformed_key_is_named_and_not_shown(pauses: list[float], key: str) -> None:
    with pytest.raises(SettingsError) as refused:
        a_blog("http://127.0.0.1:9", pauses, key=lambda: key).create(DRAFT)

    assert "Admin API key" in str(refused.value)
    assert not key or key not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("reply", [(401, {}, an_error("UnauthorizedError")), (500, {}, ""), (200, {}, "{}")])
def test_no_error_shows_the_key_or_a_token(scripted: Scripted, pauses: list[float], reply: Reply) -> None:
    scripted.replies = [reply]
    blog = a_blog(scripted.url, pauses)
    with pytest.raises(EverydayError) as refused:
        blog.create(DRAFT)

    shown = "".join(traceback.format_exception(refused.value)) + repr(blog) + str(vars(refused.value))
    token = scripted.seen[0][2]["Authorization"].removeprefix("Ghost ")
    assert KEY.partition(":")[2] not in shown
    assert token not in shown


class OneSecret:
    def __init__(self, value: dict[str, Any]) -> None:
        self._value = value

    def get(self, name: str) -> dict[str, Any]:
        assert name == "ghost"
        return self._value

    def put(self, name: str, value: Any) -> None: ...


def test_the_key_is_read_from_its_secret() -> None:
    assert key_from(OneSecret({"admin_key": KEY}), "ghost")() == KEY
    with pytest.raises(SettingsError, match="ghost has no admin_key"):
        key_from(OneSecret({"key": KEY}), "ghost")()


@pytest.mark.parametrize(
    ("begun_at", "months"),
    [
        ("2026-05-15T12:00:00+00:00", ["2026/05"]),
        ("2026-05-01T00:30:00+00:00", ["2026/05", "2026/04"]),
        ("2026-05-31T23:30:00+00:00", ["2026/05", "2026/06"]),
        ("2026-12-31T01:00:00+00:00", ["2026/12", "2027/01"]),
    ],
)
def test_an_upload_is_looked_for_in_each_month_it_may_be_in(
    scripted: Scripted, pauses: list[float], begun_at: str, months: list[str]
) -> None:
    scripted.replies = [(404, {}, "")]
    found = a_blog(scripted.url, pauses).uploaded(
        "a.jpg", begun_at=datetime.fromisoformat(begun_at), video=False
    )

    assert found is None
    assert [path for _, path, _ in scripted.seen] == [f"/content/images/{month}/a.jpg" for month in months]
    assert not any("Authorization" in headers for _, _, headers in scripted.seen), "public: no token"


@pytest.mark.parametrize("reply", [(200, {"Content-Type": "text/html"}, "<html>"), (403, {}, "")])
def test_a_page_is_not_taken_for_an_upload(scripted: Scripted, pauses: list[float], reply: Reply) -> None:
    scripted.replies = [reply]

    assert a_blog(scripted.url, pauses).uploaded("a.jpg", begun_at=NOW, video=False) is None


def test_the_address_may_end_as_an_owner_copies_it(scripted: Scripted, pauses: list[float]) -> None:
    scripted.replies = [(204, {}, "")]
    for ending in ("", "/", "/ghost", "/ghost/"):
        a_blog(scripted.url + ending, pauses).delete("0" * 24)

    assert {path for _, path, _ in scripted.seen} == {f"/ghost/api/admin/posts/{'0' * 24}/"}


def test_a_form_is_read_in_small_pieces_and_knows_its_length(tmp_path: Path) -> None:
    path = tmp_path / "video"
    with path.open("wb") as file:
        file.truncate(20_000_000)
    form = Multipart({"ref": "a"}, [FilePart("file", 'a "name"\r\n.mp4', str(path), "video/mp4")])
    sizes = [len(piece) for piece in form]

    assert max(sizes) <= 256 * 1024
    assert sum(sizes) == len(form) == sum(len(piece) for piece in form), "and can be sent again"
    assert b'filename="a %22name%22%0D%0A.mp4"' in b"".join(list(form)[:2])
