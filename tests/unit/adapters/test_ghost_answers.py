"""What the Ghost adapter makes of each answer, of its key, and of the clocks."""

import traceback
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from everyday.adapters.ghost import key_from
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
from tests.unit.adapters.ghosts import DRAFT, KEY, NOW, Reply, Scripted, a_blog, an_error


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
