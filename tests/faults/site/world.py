"""A site that is published while calls fail and processes end, and what must hold all along."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from everyday.errors import BucketUnavailable, EdgeUnavailable
from everyday.site.edge import LIVE, changes_of
from everyday.site.manifest import objects_of
from tests.site_world import Scene

_NAMED = re.compile(rb'(?:href="|url\("\.\./)([^"]+\.[a-z2-7]{10}\.[a-z]+)"')


class Killed(BaseException):
    """The process ended here."""


class Cut:
    """Lets the call of that number fail. `lost`: it has its effect before. `deadly`: the process ends too;
    else the service says no. `watch` looks at the world after every effect."""

    def __init__(self, number: int, *, lost: bool, deadly: bool, watch: Callable[[], None]) -> None:
        self.number, self.lost, self.deadly, self._watch = number, lost, deadly, watch
        self.calls = 0
        self.struck = ""

    def __call__(self, name: str, key: str, effect: Callable[[], Any]) -> Any:
        self.calls += 1
        if self.calls != self.number:
            return self._run(effect)
        self.struck = f"{name} {key}"
        if self.lost:
            self._run(effect)
        if self.deadly:
            raise Killed
        bucket = name in {"read", "write", "upload", "change_headers", "delete_older", "listing"}
        raise BucketUnavailable("SlowDown") if bucket else EdgeUnavailable("reset")

    def _run(self, effect: Callable[[], Any]) -> Any:
        try:
            return effect()
        finally:
            self._watch()


class Watch:
    """A client who looks at the site all the time, and reads the manifest besides."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._highest = scene, 0
        self.pages: Sequence[str] = ("", "about.html")
        self.wrong: list[str] = []

    def __call__(self) -> None:
        self._pointer()
        self._live()
        self._kept()

    def _pointer(self) -> None:
        changes = changes_of(self._scene.pointer.values.get(LIVE))
        if changes < self._highest:
            self.wrong.append(f"the pointer went back from {self._highest} to {changes}")
        self._highest = changes

    def _live(self) -> None:
        if LIVE not in self._scene.pointer.values:
            return
        for page in self.pages:
            _, text = self._page(page)
            if text is None:
                self.wrong.append(f"no page {page!r}")
            for name in self._assets(text or b""):
                if self._scene.visitor.body(name)[1] is None:
                    self.wrong.append(f"{page!r} names {name}, which is not there")

    def _page(self, page: str) -> tuple[str | None, bytes | None]:
        try:
            return self._scene.visitor.body(page)
        except KeyError as error:
            self.wrong.append(f"the edge has no value {error}, which another one names")
            return None, None

    def _assets(self, text: bytes) -> list[str]:
        names = [it.decode() for it in _NAMED.findall(text)]
        styles = [self._scene.visitor.body(it)[1] or b"" for it in names]
        return names + [it.decode() for style in styles for it in _NAMED.findall(style)]

    def _kept(self) -> None:
        manifest, bucket = self._scene.manifest, self._scene.bucket
        for release in manifest.releases:
            gone = [key for key, _ in objects_of(manifest, release.number) if bucket.current(key) is None]
            if gone:
                self.wrong.append(f"release {release.number} misses {gone}")
