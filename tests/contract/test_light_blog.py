"""What only the light blog does: pages for people, a state that survives, faults on demand."""

import io
import re
import stat
from pathlib import Path

import html5lib
import pytest
import requests
from PIL import Image

from everyday_local.ghost.faults import Call, Fault
from everyday_local.ghost.server import LightBlog, running
from tests.contract.blogs import BlogUnderTest, problem


def spoken_to(blog: LightBlog) -> BlogUnderTest:
    return BlogUnderTest(blog.url, blog.admin_key)


def page(url: str) -> str:
    answer = requests.get(url, timeout=30)
    assert answer.status_code == 200, url
    html5lib.HTMLParser(strict=False).parse(answer.text)
    return answer.text


def test_a_restart_keeps_posts_tags_files_and_key(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        post = spoken_to(first).created(slug="kept", tags=["sea"], html="<p>x</p>")
        upload = spoken_to(first).upload("media", "v.mp4", b"bytes", "video/mp4").json()["media"][0]["url"]
    with running(tmp_path) as second:
        blog = spoken_to(second)
        again = blog.call("GET", f"/posts/{post['id']}/?formats=html").json()["posts"][0]
        path = upload.removeprefix(first.url)

        assert second.admin_key == first.admin_key
        assert (again["title"], again["html"], again["tags"]) == (post["title"], post["html"], post["tags"])
        assert blog.created(tags=["sea"])["tags"][0]["id"] == post["tags"][0]["id"]
        assert requests.get(second.url + path, timeout=30).content == b"bytes"


def test_only_the_owner_may_read_the_key(tmp_path: Path) -> None:
    with running(tmp_path) as blog:
        path = tmp_path / "admin_key"

        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert re.fullmatch(r"[0-9a-f]{24}:[0-9a-f]{64}", path.read_text())
        assert blog.admin_key.partition(":")[2] not in repr(blog)


def test_the_front_page_lists_newest_first_with_covers_and_marks_drafts(tmp_path: Path) -> None:
    with running(tmp_path) as light:
        blog = spoken_to(light)
        out = io.BytesIO()
        Image.new("RGB", (30, 20)).save(out, "JPEG")
        url = blog.upload("images", "a.jpg", out.getvalue(), "image/jpeg").json()["images"][0]["url"]
        blog.created(title="Older", status="published", published_at="2020-01-01T00:00:00Z")
        blog.created(
            title="Newer",
            published_at="2021-01-01T00:00:00Z",
            html=f'<img src="{url}">',
            tags=["sea", "#own"],
        )
        front = page(light.url)

        assert front.index("Newer") < front.index("Older")
        assert front.count(">Draft<") == 1
        cover = re.search(r'<img src="([^"]+)"', front)
        assert cover
        assert requests.get(cover[1], timeout=30).headers["content-type"] == "image/jpeg"
        assert ">Draft<" in page(light.url + str(re.search(r'href="(/p/[^"]+)"', front)[1]))  # type: ignore[index]
        assert "Newer" in page(f"{light.url}/tag/sea/")
        assert requests.get(f"{light.url}/tag/hash-own/", timeout=30).status_code == 404


def test_titles_are_text_on_every_page(tmp_path: Path) -> None:
    with running(tmp_path) as light:
        title = "<script>alert(1)</script>"
        post = spoken_to(light).created(title=title, status="published", custom_excerpt=title)

        assert title not in page(light.url)
        assert title not in page(post["url"])


def test_long_lists_have_pages(tmp_path: Path) -> None:
    with running(tmp_path) as light:
        for number in range(25):
            spoken_to(light).created(
                title=f"Post {number:02}.", published_at=f"2020-01-{number + 1:02}T00:00:00Z"
            )

        assert "Post 24." in page(light.url)
        assert "Post 00." not in page(light.url)
        assert "Post 00." in page(f"{light.url}/?page=2")


@pytest.mark.parametrize("path", ["/nobody/", "/tag/nobody/", "/p/nobody/", "/ghost/"])
def test_a_page_that_is_not_there_says_so(tmp_path: Path, path: str) -> None:
    with running(tmp_path) as light:
        answer = requests.get(light.url + path, timeout=30)

        assert answer.status_code == 404
        assert "everyday" in answer.text


@pytest.mark.parametrize(
    ("fault", "status", "effect"),
    [
        (Fault.ERROR, 500, False),
        (Fault.ERROR_AFTER, 500, True),
        (Fault.BAD_GATEWAY, 502, False),
        (Fault.THROTTLED, 429, False),
        (Fault.COLLISION, 409, False),
        (Fault.INVALID, 422, False),
        (Fault.SLOW, 201, True),
    ],
)
def test_a_planned_fault_hits_the_call_it_was_planned_for(
    tmp_path: Path, fault: Fault, status: int, effect: bool
) -> None:
    with running(tmp_path) as light:
        light.faults.plan("posts.add", fault, nth=2)
        answers = [spoken_to(light).post(slug=f"n{number}").status_code for number in range(3)]
        posts = {post["slug"] for post in spoken_to(light).found()}

        assert answers == [201, status, 201]
        assert posts == {"n0", "n2", *(["n1"] if effect else [])}
        assert [(call.effect, call.reply) for call in light.log[:3]] == [
            (True, 201),
            (effect, status),
            (True, 201),
        ]


@pytest.mark.parametrize(
    ("fault", "effect"), [(Fault.RESET, False), (Fault.RESET_AFTER, True), (Fault.SILENT_AFTER, True)]
)
def test_a_connection_is_cut(tmp_path: Path, fault: Fault, effect: bool) -> None:
    with running(tmp_path) as light:
        light.faults.plan("posts.add", fault, seconds=0.1)
        with pytest.raises(requests.ConnectionError):
            spoken_to(light).post(slug="cut")

        assert len(spoken_to(light).found()) == int(effect)
        assert light.log[0] == Call("posts.add", "cut" if effect else "", effect, None)


def test_plans_can_be_cleared(tmp_path: Path) -> None:
    with running(tmp_path) as light:
        light.faults.plan("posts.browse", Fault.THROTTLED, times=9, seconds=3)
        assert spoken_to(light).call("GET", "/posts/").headers["retry-after"] == "3"
        light.faults.clear()

        assert spoken_to(light).found() == []


def test_a_wrong_key_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    with running(tmp_path) as light:
        wrong = BlogUnderTest(light.url, f"{'0' * 24}:{'0' * 64}")

        assert problem(wrong.post(slug="x"))[0] == 401
        assert spoken_to(light).found() == []
