"""What publishing promises, when nothing fails."""

from pathlib import Path

import pytest

from everyday.site.names import MANIFEST
from tests.site_world import Counted, Scene, folder, pages


@pytest.fixture
def scene() -> Scene:
    return Scene(Counted())


def body(scene: Scene, path: str, release: str | None = None) -> bytes | None:
    return scene.visitor.body(path, release)[1]


def test_a_published_folder_is_what_visitors_get(scene: Scene, tmp_path: Path) -> None:
    published = scene.publishing().publish(folder(tmp_path, pages("one")), by="me")

    assert published.live
    assert not published.same
    assert b"<p>one</p>" in (body(scene, "") or b"")
    assert b"about" in (body(scene, "about.html") or b"")
    assert published.release.startswith("20261123-221501-")
    [css] = [key for key in scene.bucket.versions if key.startswith("assets/css/")]
    assert css.removeprefix("assets/").encode() in (body(scene, "") or b"")


def test_assets_are_stored_before_pages_and_the_pointer_turns_last(scene: Scene, tmp_path: Path) -> None:
    scene.publishing().publish(folder(tmp_path, pages("one")), by="me")

    names = [f"{name} {key.partition('/')[0]}" for name, key in scene.gate.calls]  # type: ignore[attr-defined]
    assert names == [
        "read deploy",
        *["upload assets"] * 2,
        *["upload pages"] * 3,
        "write deploy",
        "look live",
        "update puts",
        "update live",
        "visit ",
    ]


def test_the_same_folder_again_takes_two_requests(scene: Scene, tmp_path: Path) -> None:
    publishing, tree = scene.publishing(), folder(tmp_path, pages("one"))
    first = publishing.publish(tree, by="me")
    begun = len(scene.gate.calls)  # type: ignore[attr-defined]

    again = scene.publishing().publish(tree, by="you")

    assert again.same
    assert again.release == first.release
    assert scene.gate.calls[begun:] == [("read", MANIFEST), ("get", "live")]  # type: ignore[attr-defined]


def test_one_changed_page_takes_one_upload_two_requests_to_the_bucket_and_three_to_the_edge(
    tmp_path: Path,
) -> None:
    scene = Scene(Counted())
    scene.publishing().publish(folder(tmp_path, pages("one")), by="me")
    begun = len(scene.gate.calls)  # type: ignore[attr-defined]

    scene.publishing().publish(folder(tmp_path, {**pages("one"), "about.html": "<p>new</p>"}), by="me")

    assert scene.gate.since(begun) == ["read", "upload", "write", "look", "update", "update"]  # type: ignore[attr-defined]
    assert body(scene, "about.html") == b"<p>new</p>"
