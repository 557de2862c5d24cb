"""What one file says of others. Pure: a file's bytes go in.

What a script's strings and imports mean depends on the pages that load it; they are handed on, and `loading`
resolves them when all files were seen.
"""

import re
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple
from urllib.parse import unquote

from everyday.site import feeds
from everyday.site.model import Unresolved
from everyday.site.references.found import Contents, Found, Kind
from everyday.site.references.text import is_utf16
from everyday.site.renaming import Reference, Sealed
from everyday.site.resolve import Outcome, Place, Resolver

Language = Callable[[bytes], Contents]

LOADED = ("js", "mjs", "cjs", "json", "map")
"""Extensions of files whose strings mean what they mean to the page that loads them."""

_END = re.compile(r"[?#]")


class Line(NamedTuple):
    """A reference and the line it is in."""

    found: Found
    line: "int | _Lines"

    def number(self) -> int:
        return self.line if isinstance(self.line, int) else self.line.at(self.found.start)


class Scanned(NamedTuple):
    """What one file says. `names`, `seals`: of files that may be renamed, and of sealed ones. `fixed`: files
    that are addressed by something that no hash fits into, so they must keep their names. `loads`: scripts
    and data that it asks for. `later`: references that can be resolved when it is known who loads this file;
    `place`: of a page. `pieces`: of strings that a script puts together, with their lines."""

    path: str
    place: Place | None
    names: list[Reference]
    seals: list[Sealed]
    fixed: list[str]
    missing: list[Unresolved]
    loads: list[str]
    later: list[Line]
    pieces: list[tuple[str, int]]
    problems: list[str]


class Site(NamedTuple):
    """What is known of a site before its files are read. `assets`: the files that may be renamed; `names`:
    the last parts of all paths."""

    resolver: Resolver
    assets: frozenset[str]
    names: frozenset[str]


def is_loaded(path: str) -> bool:
    return path.rpartition(".")[2].lower() in LOADED


def is_manifest(path: str) -> bool:
    return path.rpartition("/")[2].lower() == "manifest.json"


def scan(site: Site, path: str, content: bytes, language: Language) -> Scanned:
    contents, loaded = language(content), is_loaded(path)
    place = site.resolver.place(path, base=contents.base, imports=contents.imports)
    lines = _Lines(content)
    made = Scanned(path, None if loaded else place, [], [], [], [], [], [], [], [])
    if is_utf16(content):
        made.problems.append(f"{path} is UTF-16, so what it names was not looked for: save it as UTF-8")
    made.pieces.extend((piece.text, lines.at(piece.start)) for piece in contents.pieces)
    for found in contents.found:
        if not loaded or found.kind not in (Kind.TEXT, Kind.MODULE):
            take(made, site, Line(found, lines), place)
        elif may_name(found, site.names):
            made.later.append(Line(found, lines.at(found.start)))
    made.seals.extend(_sealed(site, contents, place))
    if feeds.is_feed(path):
        made.fixed.extend(site.assets.intersection(feeds.named(content)))
    return made


def _sealed(site: Site, contents: Contents, place: Place) -> Iterable[Sealed]:
    for seal in contents.seals:
        answer = site.resolver.resolve(contents.found[seal.reference], place)
        if answer.path and answer.outcome is Outcome.FILE:
            yield Sealed(seal.start, seal.end, seal.value, answer.path)


def take(made: Scanned, site: Site, line: Line, place: Place) -> None:
    """Write down where a reference leads."""
    found = line.found
    answer = site.resolver.resolve(found, place)
    path = answer.path
    if path is None or (found.kind is Kind.MODULE and found.text.endswith("/")):
        return  # it leads elsewhere; or it is the prefix of an import map, which is no file
    if answer.outcome is Outcome.MISSING:
        if found.kind is not Kind.TEXT:
            asset = found.kind is not Kind.LINK
            made.missing.append(Unresolved(made.path, line.number(), found.text, asset))
    elif answer.outcome is Outcome.AMBIGUOUS:
        made.fixed.extend(_all(site, found, place))
        made.problems.append(
            f"{made.path}, line {line.number()}: {found.text!r} is one file from here and another from "
            "there, so these files keep their names; begin it with / to say which one is meant"
        )
    else:
        _take_file(made, site, found, answer.at, path)


def _take_file(made: Scanned, site: Site, found: Found, at: int | None, path: str) -> None:
    if path in site.assets:
        if at is not None:
            made.names.append(Reference(found.byte(at), path))
        elif found.kind is not Kind.MODULE:  # the import map names that, and is followed
            made.fixed.append(path)
    if found.kind is not Kind.LINK and is_loaded(path):
        made.loads.append(path)


def _all(site: Site, found: Found, place: Place) -> Iterable[str]:
    """Every file that an ambiguous reference may lead to. None of them is renamed, so it works as before."""
    for folder in place.folders:
        for known in place.maps or ((),):
            path = site.resolver.resolve(found, Place(folder, (folder,), (known,) if known else ())).path
            if path in site.assets:
                yield path


def may_name(found: Found, names: Collection[str]) -> bool:
    """Whether a string ends like a file of the site; what is imported always may."""
    if found.kind is Kind.MODULE:
        return True
    text = _END.split(found.text, maxsplit=1)[0]
    last = text.replace("\\", "/").rpartition("/")[2].strip()
    return last in names or ("%" in last and unquote(last) in names)


class _Lines:
    """The lines of a file, counted from 1 when somebody asks."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def at(self, start: int) -> int:
        return self._content.count(b"\n", 0, start) + 1
