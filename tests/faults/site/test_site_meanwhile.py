"""Two publishers at once, at the moments that hurt most."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from everyday.errors import SiteConflict
from everyday.site.edge import LIVE
from everyday.site.manifest import pointer_value
from tests.faults.site.test_site_sweep import RULES, settled
from tests.faults.site.world import Cut, Killed, Watch
from tests.site_world import Scene, folder, pages

ONE, TWO, THREE = (pages(text) for text in ("one", "two", "three"))


class Meanwhile:
    """Lets others act before each call of that name, `times` times."""

    def __init__(self, name: str, others: Callable[[], object], times: int = 1) -> None:
        self._name, self._others, self._left = name, others, times
        self.calls: list[str] = []

    def __call__(self, name: str, key: str, effect: Callable[[], Any]) -> Any:
        if name == self._name and self._left:
            self._left -= 1
            self._others()
        self.calls.append(name)
        return effect()


def test_the_second_to_write_plans_again_on_top_of_the_first_and_sends_nothing_twice(tmp_path: Path) -> None:
    scene = Scene(**RULES)
    ours, theirs = folder(tmp_path, ONE), folder(tmp_path, TWO)
    gate = Meanwhile("write", lambda: scene.publishing().publish(theirs, by="them"))

    published = scene.publishing(gate=gate).publish(ours, by="us")

    assert published.number == 2
    assert gate.calls.count("upload") == 5
    assert gate.calls.count("read") == gate.calls.count("write") == 2
    settled(scene, "")


def test_a_slower_publisher_does_not_turn_the_pointer_back(tmp_path: Path) -> None:
    scene = Scene(**RULES)
    ours, theirs = folder(tmp_path, ONE), folder(tmp_path, TWO)
    gate = Meanwhile("look", lambda: scene.publishing().publish(theirs, by="them"))

    published = scene.publishing(gate=gate).publish(ours, by="us")

    assert published.superseded
    assert scene.visitor.body("img/nothing.png")[0] == scene.manifest.releases[-1].id
    assert scene.manifest.releases[-1].by == "them"
    settled(scene, "")


def test_a_publisher_who_is_never_first_says_so_and_changes_nothing(tmp_path: Path) -> None:
    scene = Scene(**RULES)
    ours = folder(tmp_path, ONE)
    texts = iter(range(100))

    def others() -> None:
        scene.publishing().publish(folder(tmp_path, {"index.html": str(next(texts))}), by="them")

    with pytest.raises(SiteConflict, match="5 times"):
        scene.publishing(gate=Meanwhile("write", others, times=9)).publish(ours, by="us")

    assert {it.by for it in scene.manifest.releases} == {"them"}


def test_what_is_deleted_is_not_what_somebody_stored_again_meanwhile(tmp_path: Path) -> None:
    scene = Scene(**RULES)
    trees = [folder(tmp_path, it) for it in (ONE, TWO, THREE)]
    for tree in trees:
        scene.publishing().publish(tree, by="me")
        scene.later(hours=2)
    watch = Watch(scene)
    again = Meanwhile("delete_older", lambda: scene.publishing().publish(trees[0], by="them"))

    scene.publishing(gate=again, skew=timedelta(minutes=14)).publish(
        folder(tmp_path, {**THREE, "about.html": "new"}), by="us"
    )

    watch()
    assert watch.wrong == []
    settled(scene, "")
    assert b"<p>one</p>" in (scene.visitor.body("")[1] or b"")


def test_what_a_run_stored_long_ago_it_stores_again_when_it_has_to_plan_again(tmp_path: Path) -> None:
    scene = Scene(keep_releases=1, keep_days=0)
    ours = folder(tmp_path, ONE)
    stale = folder(tmp_path, {**ONE, "robots.txt": "ours"})

    def others() -> None:
        for tree in (ours, *(folder(tmp_path, it) for it in (TWO, THREE)), folder(tmp_path, pages("four"))):
            scene.publishing().publish(tree, by="them")
            scene.later(minutes=61)

    scene.publishing(gate=Meanwhile("write", others)).publish(stale, by="us")

    settled(scene, "")
    assert b"<p>one</p>" in (scene.visitor.body("")[1] or b"")


def test_a_change_of_the_edge_between_two_steps_of_ours_lets_ours_begin_again(tmp_path: Path) -> None:
    scene = Scene(step_keys=1, **RULES)
    ours, theirs = folder(tmp_path, ONE), folder(tmp_path, TWO)
    scene.publishing().publish(folder(tmp_path, THREE), by="me")
    gate = Meanwhile("update", lambda: scene.publishing().publish(theirs, by="them", live=False))

    published = scene.publishing(gate=gate).publish(ours, by="us")

    assert not published.superseded  # the write for the preview told the edge of ours too
    assert scene.pointer.values[LIVE] == pointer_value(scene.manifest)
    assert b"<p>one</p>" in (scene.visitor.body("")[1] or b"")
    settled(scene, "")


def test_nothing_is_deleted_at_an_edge_that_was_not_told_of_the_manifest(tmp_path: Path) -> None:
    scene = Scene(**RULES)
    for text in (ONE, TWO, THREE):
        scene.publishing().publish(folder(tmp_path, text), by="me")
        scene.later(hours=2)
    preview = folder(tmp_path, pages("preview"))
    cut = Cut(7, lost=False, deadly=True, watch=lambda: None)
    with pytest.raises(Killed):
        scene.publishing(gate=cut).publish(preview, by="me", live=False)
    assert cut.struck == "look live"

    scene.publishing().confirm(next(it.id for it in scene.manifest.releases if it.number == 3))

    assert scene.manifest.edge_retired
    assert scene.publishing().publish(preview, by="me", live=False).number == 4
    settled(scene, "")
