"""How a release is looked for from outside."""

from hashlib import sha256

import pytest
from msgspec.structs import replace

from everyday.errors import EdgeUnavailable
from everyday.site.confirming import Patience, Probe, is_invalidated, probe_of, shows
from everyday.site.model import Headers, Manifest, Release, StoredObject
from everyday.site.ports import Answer
from tests.site_world import BEGAN, Scene

HEADERS = Headers("text/html; charset=utf-8", "no-cache")
RELEASE = Release(id="r2", number=2, at=BEGAN, by="", inputs="", files=1, size=1, edge_value="v")
DIGEST = sha256(b"page").digest()


def a_manifest(**since: int) -> Manifest:
    """Pages by path (`__` for `/`, `_` for the dot), with the release that brought them."""
    objects = {
        f"pages/{path.replace('__', '/').replace('_', '.')}/k3v9x2m4qa": StoredObject(
            DIGEST.hex(), 4, HEADERS, ((first, 0),)
        )
        for path, first in since.items()
    }
    return Manifest(site="blog", live=2, last=2, releases=(RELEASE,), objects=objects)


@pytest.mark.parametrize(
    ("manifest", "path"),
    [
        (a_manifest(index_html=1, about_html=2), "/about.html"),
        (a_manifest(index_html=2, about_html=2), "/"),
        (a_manifest(index_html=1, about_html=1), "/"),
        (a_manifest(robots_txt=2, blog__index_html=2), "/blog/"),
        (a_manifest(robots_txt=2, index_html=1), "/robots.txt"),
        (a_manifest(**{"404_html": 2, "b_html": 1}), "/b.html"),
        (a_manifest(**{"a b_html": 2}), "/a%20b.html"),
    ],
)
def test_the_best_page_is_one_that_came_with_the_release(manifest: Manifest, path: str) -> None:
    assert probe_of(manifest, RELEASE) == Probe(path, DIGEST)


def test_a_site_without_pages_is_looked_at_where_it_begins() -> None:
    assert probe_of(replace(a_manifest(), objects={}), RELEASE) == Probe("/", None)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(200, "r2", DIGEST), True),
        (Answer(200, "r1", DIGEST), False),
        (Answer(200, None, DIGEST), False),
        (Answer(200, "r2", b"other"), False),
        (Answer(404, "r2", DIGEST), False),
        (Answer(503, "r2", DIGEST), False),
        (Answer(301, "r2", b""), True),
        (None, False),
    ],
)
def test_a_release_is_shown_when_status_id_and_content_are_its_own(
    answer: Answer | None, expected: bool
) -> None:
    assert shows(answer, Probe("/", DIGEST), "r2") is expected


def test_pauses_grow_to_five_seconds_and_end_with_the_limit() -> None:
    scene, pauses = Scene(), []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        scene.later(seconds=seconds)

    turns = list(Patience(scene.clock, sleep, lambda: 1.0).turns(20, lambda: 1000))

    assert pauses == [0.5, 1, 2, 4, 5, 5, 5]
    assert len(turns) == 8


def test_somebody_looks_once_even_without_time() -> None:
    scene = Scene()

    assert len(list(Patience(scene.clock, lambda _: None, lambda: 0.0).turns(0, lambda: 0))) == 1


def test_an_answer_about_the_caches_that_does_not_come_is_no() -> None:
    scene = Scene()
    assert is_invalidated(scene.cdn, None)
    assert is_invalidated(scene.cdn, "i1")

    def gate(name: str, key: str, effect: object) -> None:
        raise EdgeUnavailable("reset")

    scene.gate = gate  # type: ignore[assignment]
    assert not is_invalidated(scene.cdn, "i1")
