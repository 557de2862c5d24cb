"""A site's whole outside in memory, with a clock that only waiting moves."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from everyday.adapters.memory_edge import MemoryCdn, MemoryPointer, MemoryVisitor
from everyday.adapters.memory_site import Gate, MemoryBucket, open_gate
from everyday.adapters.site_folder import FolderTree
from everyday.site.confirming import Patience
from everyday.site.manifest import decode
from everyday.site.model import Manifest, SiteRules
from everyday.site.names import MANIFEST
from everyday.site.publishing import Publishing, World

BEGAN = datetime(2026, 11, 23, 22, 15, 1, tzinfo=UTC)


def folder(root: Path, files: Mapping[str, str | bytes]) -> FolderTree:
    """A tree of these files in a folder of its own below `root`."""
    here = root / f"site-{len(list(root.iterdir()))}"
    here.mkdir()
    for path, text in files.items():
        (here / path).parent.mkdir(parents=True, exist_ok=True)
        (here / path).write_bytes(text.encode() if isinstance(text, str) else text)
    return FolderTree(here)


def pages(text: str) -> dict[str, str]:
    """A small site: two pages with a style sheet that has a picture, and all say `text`."""
    return {
        "index.html": f'<link rel=stylesheet href="css/main.css"><p>{text}</p><a href="about.html">more</a>',
        "about.html": '<link rel=stylesheet href="css/main.css"><p>about</p>',
        "css/main.css": f'body {{ background: url("../img/{text}.png") }}',
        f"img/{text}.png": text,
        "robots.txt": "User-agent: *",
    }


class Scene:
    """One site. `gate`: what every call passes. `publishing()` makes a publisher, as a process of its own."""

    def __init__(self, gate: Gate = open_gate, *, step_keys: int = 50, **rules: Any) -> None:
        self.now = BEGAN
        self.gate = gate
        self.rules = SiteRules(**rules)
        self.bucket = MemoryBucket(self.clock, self._pass)
        self.pointer = MemoryPointer(self._pass, step_keys)
        self.cdn = MemoryCdn(self._pass)
        self.visitor = MemoryVisitor(self.bucket, self.pointer, self._pass)
        self._ids = count(1)

    def clock(self) -> datetime:
        return self.now

    def later(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    def publishing(
        self, *, skew: timedelta = timedelta(), gate: Gate | None = None, **rules: Any
    ) -> Publishing:
        """A publisher whose clock is wrong by `skew`, and whose calls pass a gate of their own."""
        world = World(
            bucket=self.bucket.by_way_of(gate) if gate else self.bucket,
            pointer=self.pointer.by_way_of(gate) if gate else self.pointer,
            cdn=self.cdn,
            visitor=self.visitor,
            patience=Patience(lambda: self.now + skew, lambda pause: self.later(seconds=pause), lambda: 1.0),
            new_id=lambda: f"id{next(self._ids)}",
        )
        return Publishing("blog", SiteRules(**rules) if rules else self.rules, world)

    @property
    def manifest(self) -> Manifest:
        found = self.bucket.current(MANIFEST)
        return decode(found.data) if found else Manifest(site="blog")

    def _pass(self, name: str, key: str, effect: Callable[[], Any]) -> Any:
        return self.gate(name, key, effect)


class Counted:
    """A gate that writes down every call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def __call__(self, name: str, key: str, effect: Callable[[], Any]) -> Any:
        self.calls.append((name, key))
        return effect()

    def since(self, at: int = 0) -> list[str]:
        return [name for name, _ in self.calls[at:] if name != "visit"]
