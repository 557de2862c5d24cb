"""The console over stores in memory: what it shows, what it refuses, and that captions stay text."""

import http.client
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from everyday.adapters.memory import MemoryArchive, MemoryCatalog
from everyday.errors import CatalogUnavailable
from everyday.photos.catalog import State
from everyday.photos.model import BlogPost, MediaType, Medium, Revision
from everyday_console.app import build
from everyday_console.files import Span, span
from everyday_console.photos_pages import PER_PAGE
from everyday_local.serving import served
from tests.builders import NOW, TAKEN, a_medium, an_entry, an_item
from tests.cli.photos_world import Cli
from tests.unit.photos.filled import fill

HOSTILE = '"><script>boom()</script><img src=x onerror=boom()>'


class World:
    def __init__(self) -> None:
        self.archive, self.catalog = MemoryArchive(), MemoryCatalog()
        self.url = ""

    def add(self, medium_id: str, *, medium: Medium | None = None, **entry: object) -> None:
        self.catalog.put(an_entry(medium_id, **{"state": State.STORED, "files": 1, "size": 9, **entry}))
        fill(self.archive, medium or a_medium(medium_id))

    def get(self, path: str, **options: object) -> requests.Response:
        return requests.get(self.url + path, timeout=10, **options)


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    app = build(
        catalog=world.catalog, archive=world.archive, stage="local", addresses={"blog": "http://b.test"}
    )
    with served(app) as world.url:
        yield world


def test_the_grid_counts_states_and_sizes(world: World) -> None:
    world.add("1", title="Kept", state=State.KEPT)
    world.add("2", title="On the blog", state=State.POSTED)
    page = world.get("/").text
    for text in (
        "<dd>2</dd>",
        "<dd>18 bytes</dd>",
        "kept <b>1</b>",
        "posted <b>1</b>",
        "Kept",
        "On the blog",
    ):
        assert text in page
    assert '<a href="http://b.test">' in page


def test_a_filter_shows_one_state_only(world: World) -> None:
    world.add("1", title="Kept", state=State.KEPT)
    world.add("2", title="On the blog", state=State.POSTED)
    page = world.get("/photos?state=kept").text
    assert "Kept" in page
    assert "On the blog" not in page


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("?state=parked", 200, "Nothing is parked now."),
        ("?state=%3Cscript%3E", 404, "There is no state &lt;script&gt;."),
        ("?page=abc", 200, "One"),
        ("?page=-1", 200, "One"),
        ("?page=999999999999", 200, "One"),
        ("?page=7", 200, "One"),
    ],
)
def test_unknown_states_and_pages_are_answered_plainly(
    world: World, query: str, status: int, text: str
) -> None:
    world.add("1", title="One")
    answer = world.get(f"/photos{query}")
    assert (answer.status_code, text in answer.text) == (status, True)


def test_an_empty_catalog_says_what_to_do(world: World) -> None:
    assert "everyday photos backup" in world.get("/photos").text


def test_pages_hold_every_medium_once_newest_first(world: World) -> None:
    for number in range(PER_PAGE + 5):
        world.catalog.put(
            an_entry(f"{1000 + number}", title=f"T{number}.", taken_at=TAKEN + timedelta(days=number))
        )
    first, last = world.get("/photos").text, world.get("/photos?page=2").text
    assert first.index(f"T{PER_PAGE + 4}.") < first.index("T5.")
    assert ("T4." in first, "T4." in last, "T0." in last) == (False, True, True)
    assert world.get("/photos?page=9").text == last


def test_a_caption_is_text_everywhere(world: World) -> None:
    medium = a_medium("1", caption=f"{HOSTILE}\nsecond line", items=(an_item(alt_text=HOSTILE),))
    world.catalog.put(
        an_entry(
            "1", title=HOSTILE, reason=HOSTILE, permalink="javascript:boom()", state=State.STORED, files=1
        )
    )
    fill(world.archive, medium, revisions=(Revision(until=NOW, medium=a_medium("1", caption=HOSTILE)),))
    for path in ("/photos", "/photos/1", f"/photos/{HOSTILE.replace('/', '')}"):
        page = world.get(path).text
        assert "&lt;img src=x" in page
        assert "<img src=x" not in page
        assert "<script" not in page
        assert 'href="javascript:' not in page


def test_a_medium_shows_its_files_history_and_post(world: World) -> None:
    post = BlogPost(id="b", url="http://b.test/p/1", slug="ig-1", status="draft", updated_at="x", rev="r")
    medium = a_medium("1", caption="New words", items=(an_item(alt_text="a hill"),))
    world.catalog.put(an_entry("1", title="New words", state=State.POSTED, post=post, files=1, same_as="2"))
    fill(world.archive, medium, revisions=(Revision(until=NOW, medium=a_medium("1", caption="Old words")),))
    page = world.get("/photos/1").text
    for text in ('alt="a hill"', "Old words", 'href="http://b.test/p/1"', 'href="/photos/2"', "1.jpg"):
        assert text in page


def test_a_medium_without_files_says_why(world: World) -> None:
    world.catalog.put(an_entry("1", reason="Instagram gives no file for it"))
    page = world.get("/photos/1")
    assert page.status_code == 200
    assert "No file yet: Instagram gives no file for it" in page.text


def test_a_file_is_the_stored_bytes_and_may_run_nothing(world: World) -> None:
    world.add("1")
    answer = world.get("/photos/1/files/1.jpg")
    assert answer.content == b"a picture"
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("asked", "status", "body", "told"),
    [
        ("bytes=2-", 206, b"picture", "bytes 2-8/9"),
        ("bytes=0-0", 206, b"a", "bytes 0-0/9"),
        ("bytes=-3", 206, b"ure", "bytes 6-8/9"),
        ("bytes=4-900", 206, b"cture", "bytes 4-8/9"),
        ("bytes=9-", 416, b"", "bytes */9"),
        ("bytes=0-1,3-4", 200, b"a picture", None),
        ("lines=1-2", 200, b"a picture", None),
    ],
)
def test_a_browser_can_seek_in_a_file(
    world: World, asked: str, status: int, body: bytes, told: str | None
) -> None:
    world.add("1")
    answer = world.get("/photos/1/files/1.jpg", headers={"range": asked})
    assert (answer.status_code, answer.content) == (status, body)
    assert answer.headers.get("content-range") == told


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (None, Span(0, 5)),
        ("bytes=-", Span(0, 5)),
        ("bytes=-0", None),
        ("bytes=3-1", None),
        ("bytes=-9", Span(0, 5)),
    ],
)
def test_a_range_is_cut_to_the_file(header: str | None, found: Span | None) -> None:
    assert span(header, 5) == found


def test_head_gives_the_length_and_reads_nothing(world: World) -> None:
    world.add("1")
    answer = requests.head(f"{world.url}/photos/1/files/1.jpg", timeout=10)
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "9", b"")


def test_a_video_without_a_picture_has_a_sign_in_its_place(world: World) -> None:
    world.catalog.put(an_entry("1", media_type=MediaType.VIDEO, files=1))
    fill(world.archive, a_medium("1"), files={"1.mp4": b"a film"})
    answer = world.get("/photos/1/thumbnail")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert "<video controls" in world.get("/photos/1").text


def test_a_picture_that_no_browser_shows_is_a_link(world: World) -> None:
    world.catalog.put(an_entry("1", files=1))
    fill(world.archive, a_medium("1"), files={"1.heic": b"a picture"})
    page = world.get("/photos/1").text
    assert "<img" not in page
    assert 'href="/photos/1/files/1.heic"' in page


@pytest.mark.parametrize(
    "path",
    ["/nope", "/photos/9", "/photos/1/files/9.jpg", "/photos/9/files/1.jpg", "/photos/1/files/%2e%2e%2f1.jpg",
     "/photos/..%2f..%2fetc/files/passwd", "/static/..%2fapp.py"],
)  # fmt: skip
def test_what_is_not_there_is_a_page_that_says_so(world: World, path: str) -> None:
    world.add("1")
    status, headers, body = _raw(world.url, path)
    assert (status, b"Not here" in body) == (404, True)
    assert headers["content-type"].startswith("text/html")


def test_only_reading_is_allowed(world: World) -> None:
    answer = requests.post(f"{world.url}/photos", timeout=10)
    assert answer.status_code == 405
    assert "can only be read" in answer.text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", ""])
def test_a_host_that_is_not_this_machine_is_refused(world: World, host: str) -> None:
    world.add("1", title="Secret words")
    answer = world.get("/photos", headers={"host": host})
    assert answer.status_code == 400
    assert "Secret words" not in answer.text


@pytest.mark.parametrize(
    ("error", "status"), [(CatalogUnavailable("the table is away"), 503), (OSError(), 500)]
)
def test_an_error_is_a_page_too(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(world.catalog, "timeline", fail)
    answer = world.get("/photos")
    assert (answer.status_code, "Not here" in answer.text) == (status, True)
    assert (str(error) or "OSError") in answer.text


def test_pages_load_nothing_from_elsewhere(world: World) -> None:
    world.add("1")
    for path in ("/photos", "/photos/1"):
        policy = world.get(path).headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "http" not in policy
        assert "unsafe" not in policy


def test_a_port_that_is_taken_is_told_with_the_way_out(cli: Cli, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = cli("console", "--archive", tmp_path, "--port", port)
    assert (done.status, done.out) == (1, "")
    assert f"port {port} cannot be used" in done.err
    assert "--port N" in done.err


def test_a_console_of_a_folder_that_is_not_there_is_bad_usage(cli: Cli) -> None:
    done = cli("console", "--archive", "nowhere")
    assert (done.status, "there is no archive in nowhere" in done.err) == (2, True)


def test_ctrl_c_ends_the_console_quietly(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "everyday_cli.main", "console", "--archive", ".", "--port", str(port)]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as console:
        assert console.stderr
        assert f"http://127.0.0.1:{port}" in console.stderr.readline()
        # It listens since before that line, so this waits for the answer and not for luck.
        assert requests.get(f"http://127.0.0.1:{port}/photos", timeout=30).status_code == 200
        console.send_signal(signal.SIGINT)
        assert console.wait(30) == 0
        assert "Traceback" not in console.stderr.read()


def _raw(url: str, path: str) -> tuple[int, dict[str, str], bytes]:
    """As http.client sends it: the path stays as it is."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()
