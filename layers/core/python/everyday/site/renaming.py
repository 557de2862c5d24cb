"""Which name each file gets, and which edits its references need. Pure, but for what `seal` does.

The name of a file holds a hash of what its bytes will be: of its source's digest, and of every reference in
it with the new name that stands there. So a change reaches those files that name the changed one in their
text, and those that name them; it stops at pages, whose names stay. Files that name each other in a circle
cannot hold each other's names in their own: their hash is of the whole circle.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from everyday.site.graph import components
from everyday.site.model import Edit
from everyday.site.names import hashed, insertion


class Reference(NamedTuple):
    """The hash of `target` goes in at byte `place`."""

    place: int
    target: str


class Sealed(NamedTuple):
    """An `integrity` of `target`: its value stands in the bytes from `start` to `end`."""

    start: int
    end: int
    value: str
    target: str


class References(NamedTuple):
    """What one file says of others, in the order of its bytes."""

    names: Sequence[Reference] = ()
    seals: Sequence[Sealed] = ()


class Renamed(NamedTuple):
    """`paths`: the new ones by the old ones, of all files that are renamed. `edits` by old path."""

    paths: Mapping[str, str]
    edits: Mapping[str, Sequence[Edit]]
    problems: Sequence[str]


Seal = Callable[[Sealed, Sequence[Edit]], str]
"""The value of an `integrity`, made anew for its target with these edits."""


def rename(
    references: Mapping[str, References],
    digests: Mapping[str, bytes],
    assets: Collection[str],
    seal: Seal,
) -> Renamed:
    """Names and edits of a site. `digests`: of the sources of all files; `assets`: those that are renamed;
    `references`: of the files that have any."""
    naming = _Naming(references, digests, frozenset(assets), seal)
    for path in naming.assets - references.keys():
        naming.name([path])
    for group in components(naming.ways()):
        naming.name(group)
    return Renamed(naming.paths, naming.edits, sorted(naming.problems))


class _Naming:
    def __init__(
        self,
        references: Mapping[str, References],
        digests: Mapping[str, bytes],
        assets: frozenset[str],
        seal: Seal,
    ) -> None:
        self.assets = assets
        self.paths: dict[str, str] = {}
        self.edits: dict[str, Sequence[Edit]] = {}
        self.problems: list[str] = []
        self._references, self._digests, self._seal = references, digests, seal

    def ways(self) -> dict[str, list[str]]:
        """What each file's new bytes depend on: new names that stand in it, and what it seals."""
        assets = self.assets
        return {
            path: [
                *dict.fromkeys(name.target for name in found.names if name.target in assets),
                *(seal.target for seal in found.seals),
            ]
            for path, found in self._references.items()
        }

    def name(self, group: Sequence[str]) -> None:
        """Name the files of a component, and make their edits; all that it leads to is named."""
        if group[0] in self.paths:
            return  # it names nobody
        members = frozenset(group)
        seals = {path: self._sealed(path, members) for path in group}
        together = _digest(part for path in group for part in self._parts(path, members, seals[path]))
        for path in members & self.assets:
            self.paths[path] = hashed(path, _digest([path.encode(), together]))
        for path in group:
            if edits := [*self._insertions(path), *seals[path]]:
                self.edits[path] = sorted(edits, key=lambda edit: edit.start)

    def _sealed(self, path: str, members: Collection[str]) -> list[Edit]:
        edits = []
        for seal in self._references.get(path, References()).seals:
            if seal.target in members:
                self.problems.append(
                    f"{path} has the integrity of {seal.target}, which depends on {path}: "
                    "no value can be right, so it was left as it is; remove it"
                )
                continue
            value = self._seal(seal, self.edits.get(seal.target, ()))
            edits.append(Edit(seal.start, seal.end, value.encode()))
        return edits

    def _parts(self, path: str, members: Collection[str], seals: Iterable[Edit]) -> Iterable[bytes]:
        """What the name of a file depends on. Another member's name stands for itself: its hash is not known
        yet, and its bytes are part of the same digest."""
        yield self._digests[path]
        for place, target in self._references.get(path, References()).names:
            if target in self.assets:
                yield b"%d" % place
                yield (target if target in members else self.paths[target]).encode()
        for edit in seals:
            yield b"%d" % edit.start
            yield edit.text

    def _insertions(self, path: str) -> Iterable[Edit]:
        for place, target in self._references.get(path, References()).names:
            if new := self.paths.get(target):
                yield Edit(place, place, _inserted(target, new))


def _inserted(old: str, new: str) -> bytes:
    """The part of a new name that the old one does not have: `.k3v9x2m4qa`."""
    start = old.rfind("/") + 1
    at = start + insertion(old[start:])
    return new[at : at + len(new) - len(old)].encode()


def _digest(parts: Iterable[bytes]) -> bytes:
    """Of a list: no two lists have the same, however their parts are cut."""
    return hashlib.sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).digest()
