"""Two publishers, interleaved at every call by a seed, with wrong clocks, long pauses and sudden ends."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everyday.adapters.site_folder import FolderTree
from everyday.errors import EverydayError
from tests.faults.site.test_site_sweep import settled
from tests.faults.site.world import Killed, Watch
from tests.faults.turns import Turns
from tests.site_world import Scene, folder, pages

RULES = {"keep_releases": 1, "keep_days": 0}
PAUSES = [0] * 12 + [1, 10, 25, 45, 70, 130]
"""Minutes that pass before a call."""
SKEWS = [timedelta(minutes=minutes) for minutes in (-14, 0, 14)]
"""AWS takes requests of no clock that is further off."""
ENDS = [None, None, *range(1, 25)]
"""The call after which a process ends, before or after its effect."""


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> list[FolderTree]:
    root = tmp_path_factory.mktemp("sites")
    return [folder(root, pages(text)) for text in ("one", "two", "three", "four", "last")]


class Race:
    """Two processes, one after the other in each of two places, over one site."""

    def __init__(self, seed: int, trees: list[FolderTree]) -> None:
        self.chance = random.Random(seed)
        self.trees = trees
        self.scene = Scene(step_keys=2, **RULES)
        self.watch = Watch(self.scene)
        self.turns = Turns(self.chance)

    def run(self) -> list[str]:
        for tree in self.trees[:2]:
            self.scene.publishing().publish(tree, by="before")
            self.scene.later(minutes=61)
        self.turns.run(self.publisher, self.publisher)
        self.scene.gate = lambda name, key, effect: self._seen(effect)
        self._finish()
        return self.watch.wrong

    def publisher(self) -> None:
        skew = self.chance.choice(SKEWS)
        for _ in range(3):
            gate = self._gate(self.chance.choice(ENDS), lost=self.chance.random() < 0.5)
            try:
                self._act(self.scene.publishing(skew=skew, gate=gate))
            except (EverydayError, Killed):
                pass  # as it may be: it ended, or was refused
            except Exception as error:  # noqa: BLE001 - what a thread raises nobody else would see
                self.watch.wrong.append(repr(error))

    def _act(self, publishing: Any) -> None:
        what = self.chance.random()
        kept = self.scene.manifest.releases
        if what < 0.15:
            publishing.rollback(self.chance.choice(kept).id)
        else:
            publishing.publish(self.chance.choice(self.trees[:4]), by="me", live=what > 0.3)

    def _gate(self, left: int | None, *, lost: bool) -> Callable[[str, str, Callable[[], Any]], Any]:
        calls = 0

        def gate(name: str, key: str, effect: Callable[[], Any]) -> Any:
            nonlocal calls
            self.turns.change()
            self.scene.later(minutes=self.chance.choice(PAUSES))
            calls += 1
            if calls == left and not lost:
                raise Killed
            answer = self._seen(effect)
            if calls == left:
                raise Killed
            return answer

        return gate

    def _seen(self, effect: Callable[[], Any]) -> Any:
        try:
            return effect()
        finally:
            self.watch()

    def _finish(self) -> None:
        """A clean run, and what was retired is due at another."""
        for tree in self.trees[-1:] + self.trees[:1]:
            self.scene.publishing().publish(tree, by="after")
            settled(self.scene, "the end")
            self.scene.later(hours=2)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_no_kept_release_ever_misses_an_object_and_the_pointer_never_goes_back(
    seed: int, trees: list[FolderTree]
) -> None:
    assert Race(seed, trees).run() == []
