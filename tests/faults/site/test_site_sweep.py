"""A publication that is cut at any of its calls, in any way, and run again."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from everyday.adapters.site_folder import FolderTree
from everyday.errors import EverydayError
from everyday.site.edge import LIVE
from everyday.site.manifest import pointer_value
from everyday.site.verify import Fault
from tests.faults.site.world import Cut, Killed, Watch
from tests.site_world import Scene, folder, pages

RULES = {"keep_releases": 2, "keep_days": 0}
Act = Callable[[Scene], object]
WAYS = [(lost, deadly) for lost in (False, True) for deadly in (False, True)]


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> list[FolderTree]:
    root = tmp_path_factory.mktemp("sites")
    return [folder(root, pages(text)) for text in ("one", "two", "three", "four")]


def first(trees: list[FolderTree]) -> tuple[Act, Act]:
    return lambda scene: None, lambda scene: scene.publishing().publish(trees[0], by="me")


def second(trees: list[FolderTree]) -> tuple[Act, Act]:
    return first(trees)[1], lambda scene: scene.publishing().publish(trees[1], by="me")


def with_headers(trees: list[FolderTree]) -> tuple[Act, Act]:
    rules = {**RULES, "cache_control": (("*.css", "no-cache"), ("robots.txt", "max-age=60"))}
    return first(trees)[1], lambda scene: scene.publishing(**rules).publish(trees[0], by="me")


def preview(trees: list[FolderTree]) -> tuple[Act, Act]:
    return first(trees)[1], lambda scene: scene.publishing().publish(trees[1], by="me", live=False)


def before_anything(trees: list[FolderTree]) -> tuple[Act, Act]:
    return lambda scene: None, lambda scene: scene.publishing().publish(trees[0], by="me", live=False)


def with_retention(trees: list[FolderTree]) -> tuple[Act, Act]:
    """What the first release alone used is retired, and due."""

    def history(scene: Scene) -> None:
        for tree in trees[:3]:
            scene.publishing().publish(tree, by="me")
            scene.later(hours=2)

    return history, lambda scene: scene.publishing().publish(trees[3], by="me")


def back(trees: list[FolderTree]) -> tuple[Act, Act]:
    def history(scene: Scene) -> None:
        for tree in trees[:2]:
            scene.publishing().publish(tree, by="me")

    def act(scene: Scene) -> None:
        scene.publishing().rollback(scene.manifest.releases[0].id)

    return history, act


def retired_and_wanted_again(trees: list[FolderTree]) -> tuple[Act, Act]:
    def history(scene: Scene) -> None:
        for tree in trees[:4]:
            scene.publishing().publish(tree, by="me")
            scene.later(minutes=61)

    return history, lambda scene: scene.publishing().publish(trees[0], by="me")


CASES = [
    first,
    second,
    with_headers,
    preview,
    before_anything,
    with_retention,
    back,
    retired_and_wanted_again,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
@pytest.mark.parametrize(("lost", "deadly"), WAYS)
def test_a_cut_anywhere_leaves_a_whole_site_and_a_second_run_finishes(
    case: Callable[[list[FolderTree]], tuple[Act, Act]],
    lost: bool,
    deadly: bool,
    trees: list[FolderTree],
) -> None:
    for number in range(1, 100):
        scene = Scene(step_keys=2, **RULES)
        before, act = case(trees)
        before(scene)
        watch = Watch(scene)
        cut = Cut(number, lost=lost, deadly=deadly, watch=watch)
        scene.gate = cut
        with suppress(EverydayError, Killed):
            act(scene)
        calls, cut.number = cut.calls, 0
        act(scene)
        assert watch.wrong == [], cut.struck
        settled(scene, cut.struck)
        if calls < number:
            assert number > 5
            return
    raise AssertionError("it never came to an end")


def settled(scene: Scene, struck: str) -> None:
    """The edge has all that the manifest says, and nothing is lost."""
    manifest = scene.manifest
    if manifest.live:
        assert scene.pointer.values[LIVE] == pointer_value(manifest), struck
    assert manifest.edge.items() <= scene.pointer.values.items(), struck
    leftovers = {Fault.EXTRA} if manifest.live else {Fault.EXTRA, Fault.POINTER}
    found = scene.publishing().verify().findings
    assert {it.fault for it in found} <= leftovers, struck


def test_what_was_retired_is_gone_in_the_end_from_the_bucket_and_from_the_edge(
    trees: list[FolderTree],
) -> None:
    scene = Scene(**RULES)
    for tree in trees:
        scene.publishing().publish(tree, by="me")
        scene.later(hours=2)
    scene.publishing().publish(trees[0], by="me")
    scene.later(hours=2)
    scene.publishing().publish(trees[1], by="me")

    manifest = scene.manifest
    listed = {key for key in scene.bucket.versions if not key.startswith("deploy/")}
    assert listed == {*manifest.objects, *manifest.retired}
    assert scene.pointer.values.keys() == {LIVE, *manifest.edge, *manifest.edge_retired}
    assert len(manifest.releases) == 2
