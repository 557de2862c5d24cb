"""What publishing promises, when nothing fails."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from everyday.errors import BucketUnavailable, ReleaseUnknown, SiteBroken, SiteUnconfirmed
from everyday.site.names import MANIFEST
from everyday.site.verify import Fault
from tests.site_world import BEGAN, Counted, Scene, folder, pages


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


def test_a_page_that_names_a_missing_asset_is_not_published(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(SiteBroken, match=r"index\.html:1: gone\.css.*allow_missing"):
        scene.publishing().publish(
            folder(tmp_path, {"index.html": '<link rel=stylesheet href="gone.css">'}), by="me"
        )

    assert scene.bucket.versions == {}


def test_a_preview_is_seen_by_its_id_only_and_can_be_made_live(scene: Scene, tmp_path: Path) -> None:
    publishing = scene.publishing()
    publishing.publish(folder(tmp_path, pages("one")), by="me")
    preview = publishing.publish(folder(tmp_path, pages("two")), by="me", live=False)

    assert not preview.live
    assert b"<p>one</p>" in (body(scene, "") or b"")
    assert b"<p>two</p>" in (body(scene, "", preview.release) or b"")

    assert publishing.rollback(preview.release).live
    assert b"<p>two</p>" in (body(scene, "") or b"")


def test_a_preview_of_what_has_one_is_that_one(scene: Scene, tmp_path: Path) -> None:
    publishing, tree = scene.publishing(), folder(tmp_path, pages("two"))
    publishing.publish(folder(tmp_path, pages("one")), by="me")
    preview = publishing.publish(tree, by="me", live=False)

    again = publishing.publish(tree, by="me", live=False)

    assert again.same
    assert again.release == preview.release


def test_the_first_release_can_be_a_preview(scene: Scene, tmp_path: Path) -> None:
    preview = scene.publishing().publish(folder(tmp_path, pages("one")), by="me", live=False)

    assert body(scene, "") is None
    assert b"<p>one</p>" in (body(scene, "", preview.release) or b"")


def test_a_rollback_sends_nothing_but_the_manifest_and_the_pointer(scene: Scene, tmp_path: Path) -> None:
    publishing = scene.publishing()
    first = publishing.publish(folder(tmp_path, pages("one")), by="me")
    publishing.publish(folder(tmp_path, pages("two")), by="me")
    begun = len(scene.gate.calls)  # type: ignore[attr-defined]

    back = publishing.rollback(first.release)

    assert scene.gate.since(begun) == ["read", "write", "look", "update"]  # type: ignore[attr-defined]
    assert b"<p>one</p>" in (body(scene, "") or b"")
    assert (back.number, back.live, back.same) == (1, True, False)
    assert [(it.number, it.live) for it in publishing.releases()] == [(2, False), (1, True)]


def test_a_rollback_to_what_is_live_changes_nothing(scene: Scene, tmp_path: Path) -> None:
    publishing = scene.publishing()
    first = publishing.publish(folder(tmp_path, pages("one")), by="me")

    assert publishing.rollback(first.release).same


def test_an_unknown_release_cannot_be_rolled_back_to(scene: Scene) -> None:
    with pytest.raises(ReleaseUnknown, match="none yet"):
        scene.publishing().rollback("r1")


def test_other_rules_for_headers_change_objects_in_place_and_the_caches_hear_of_it(
    scene: Scene, tmp_path: Path
) -> None:
    tree = folder(tmp_path, pages("one"))
    scene.publishing().publish(tree, by="me")
    begun = len(scene.gate.calls)  # type: ignore[attr-defined]

    published = scene.publishing(cache_control=(("robots.txt", "max-age=60"),)).publish(tree, by="me")

    assert "upload" not in scene.gate.since(begun)  # type: ignore[attr-defined]
    [key] = [key for key in scene.bucket.versions if key.startswith("pages/robots.txt/")]
    headers = scene.bucket.versions[key][-1].headers
    assert headers is not None
    assert headers.cache_control == "max-age=60"
    assert list(scene.cdn.invalidations.values()) == [("/" + key, "/robots.txt")]
    assert published.invalidation in scene.cdn.invalidations


def test_how_long_releases_are_kept_is_no_part_of_a_release(scene: Scene, tmp_path: Path) -> None:
    tree = folder(tmp_path, pages("one"))
    scene.publishing().publish(tree, by="me")

    assert scene.publishing(keep_releases=3, keep_days=1, confirm_seconds=9).publish(tree, by="me").same
    assert not scene.publishing(spa=True).publish(tree, by="me").same


def test_a_plan_changes_nothing_and_says_what_publishing_does(scene: Scene, tmp_path: Path) -> None:
    publishing = scene.publishing()
    publishing.publish(folder(tmp_path, pages("one")), by="me")
    versions = {key: len(it) for key, it in scene.bucket.versions.items()}
    tree = folder(tmp_path, {**pages("one"), "about.html": "<p>new</p>"})

    planned = publishing.plan(tree)

    assert {key: len(it) for key, it in scene.bucket.versions.items()} == versions
    assert [it.path for it in planned.plan.changed] == ["about.html"]
    assert publishing.publish(tree, by="me").plan == planned.plan
    assert publishing.plan(tree).same


def test_a_plan_lists_what_publishing_would_refuse(scene: Scene, tmp_path: Path) -> None:
    planned = scene.publishing().plan(folder(tmp_path, {"index.html": '<img src="gone.png">'}))

    assert [it.reference for it in planned.notes.unresolved] == ["gone.png"]


def test_a_release_that_visitors_do_not_get_in_time_is_told_and_stands(scene: Scene, tmp_path: Path) -> None:
    publishing, counted = scene.publishing(), scene.gate
    scene.gate = lambda name, key, effect: None if name == "visit" else effect()

    with pytest.raises(SiteUnconfirmed, match="is published, but / did not answer"):
        publishing.publish(folder(tmp_path, pages("one")), by="me")

    scene.gate = counted
    assert 300 <= (scene.now - BEGAN).total_seconds() <= 305
    publishing.confirm(scene.manifest.releases[0].id)


def test_waiting_ends_when_the_time_of_the_process_does(scene: Scene, tmp_path: Path) -> None:
    publishing = scene.publishing()
    scene.gate = lambda name, key, effect: None if name == "visit" else effect()

    with pytest.raises(SiteUnconfirmed):
        publishing.publish(
            folder(tmp_path, pages("one")),
            by="me",
            time_left=lambda: 60 - (scene.now - BEGAN).total_seconds(),
        )

    assert 50 <= (scene.now - BEGAN).total_seconds() <= 60


def test_waiting_ends_well_when_somebody_else_publishes(scene: Scene, tmp_path: Path) -> None:
    tree = folder(tmp_path, pages("two"))
    visits = []

    def gate(name: str, key: str, effect: Callable[[], Any]) -> Any:
        if name == "visit":
            visits.append(key)
            if len(visits) == 1:
                scene.publishing().publish(tree, by="them", wait=False)
                return None
        return effect()

    scene.gate = gate
    scene.publishing().publish(folder(tmp_path, pages("one")), by="me")

    assert scene.manifest.live == 2


def test_old_headers_must_be_gone_from_the_caches_too(scene: Scene, tmp_path: Path) -> None:
    tree = folder(tmp_path, pages("one"))
    scene.publishing().publish(tree, by="me")
    scene.cdn.done = False

    with pytest.raises(SiteUnconfirmed):
        scene.publishing(cache_control=(("robots.txt", "max-age=60"),)).publish(tree, by="me")


def test_when_the_time_is_up_nothing_is_published_and_the_old_site_stands(
    scene: Scene, tmp_path: Path
) -> None:
    scene.publishing().publish(folder(tmp_path, pages("one")), by="me")
    left = iter([100.0, 0.0, 0.0])

    with pytest.raises(BucketUnavailable, match="time is up with 1 of 2 assets not stored"):
        scene.publishing().publish(folder(tmp_path, pages("two")), by="me", time_left=lambda: next(left))

    assert scene.manifest.last == 1
    assert b"<p>one</p>" in (body(scene, "") or b"")


def test_a_file_that_changes_while_it_is_published_is_never_stored_under_a_wrong_hash(
    scene: Scene, tmp_path: Path
) -> None:
    tree = folder(tmp_path, pages("one"))

    def gate(name: str, key: str, effect: Callable[[], Any]) -> Any:
        tree.file("robots.txt").write_text("changed meanwhile")
        return effect()

    scene.gate = gate
    with pytest.raises(BucketUnavailable, match=r"pages/robots\.txt/.*BadDigest"):
        scene.publishing().publish(tree, by="me")

    assert scene.manifest.last == 0


def test_what_the_bucket_lost_is_found_and_stored_again_on_demand(scene: Scene, tmp_path: Path) -> None:
    publishing, tree = scene.publishing(), folder(tmp_path, pages("one"))
    publishing.publish(tree, by="me")
    [lost] = [key for key in scene.bucket.versions if key.startswith("assets/img/")]
    [short] = [key for key in scene.bucket.versions if key.startswith("pages/robots.txt/")]
    del scene.bucket.versions[lost]
    scene.bucket.versions[short][-1] = scene.bucket.versions[short][-1]._replace(data=b"")
    scene.bucket.versions["pages/left/aaaaaaaaaa"] = scene.bucket.versions[short]

    found = publishing.verify()
    assert {(it.fault, it.key) for it in found.findings} == {
        (Fault.MISSING, lost),
        (Fault.SIZE, short),
        (Fault.EXTRA, "pages/left/aaaaaaaaaa"),
    }
    assert not found.ok
    assert "--repair" in found.findings[0].advice

    assert publishing.publish(tree, by="me").same
    assert set(publishing.publish(tree, by="me", repair=True).plan.uploads) == {lost, short}
    assert publishing.verify().ok


def test_an_edge_that_shows_something_else_is_found_and_told_again(scene: Scene, tmp_path: Path) -> None:
    publishing, tree = scene.publishing(), folder(tmp_path, pages("one"))
    publishing.publish(tree, by="me")
    scene.pointer.values.clear()

    assert [it.fault for it in publishing.verify().findings] == [Fault.POINTER]
    assert not publishing.publish(tree, by="me").same
    assert publishing.verify().findings == ()
    assert b"<p>one</p>" in (body(scene, "") or b"")


def test_the_owners_rules_of_redirects_are_told_to_the_edge_and_not_published(
    scene: Scene, tmp_path: Path
) -> None:
    published = scene.publishing().publish(
        folder(tmp_path, {**pages("one"), "_redirects": "/old /about 301\n/a https://b.example/ 200"}),
        by="me",
    )

    assert not any("_redirects" in key for key in scene.bucket.versions)
    assert any("/about" in value for value in scene.pointer.values.values())
    assert any("_redirects" in problem for problem in published.notes.problems)
