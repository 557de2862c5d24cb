"""What the Ghost adapter does when the blog is slow, broken or gone half-way."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from everyday.adapters.ghost import GhostBlog
from everyday.errors import (
    BlogCollision,
    BlogRejected,
    BlogUnavailable,
    EverydayError,
)
from everyday_local.ghost.faults import Fault
from everyday_local.ghost.server import LightBlog, running
from tests.unit.adapters.ghosts import DRAFT, NOW, a_blog


@pytest.fixture
def light(tmp_path: Path) -> Iterator[LightBlog]:
    with running(tmp_path / "blog") as blog:
        yield blog


@pytest.fixture
def ours(light: LightBlog, pauses: list[float]) -> GhostBlog:
    return a_blog(light.url, pauses, key=lambda: light.admin_key, clock=lambda: datetime.now(UTC))


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
    assert found.endswith("/v.mp4")


@pytest.mark.parametrize(
    ("fault", "expected"), [(Fault.COLLISION, BlogCollision), (Fault.INVALID, BlogRejected)]
)
def test_ghosts_no_is_told_apart(
    light: LightBlog, ours: GhostBlog, fault: Fault, expected: type[EverydayError]
) -> None:
    light.faults.plan("posts.add", fault)
    with pytest.raises(expected):
        ours.create(DRAFT)
