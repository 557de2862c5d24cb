"""What the strings of scripts and data mean: that depends on the pages that load them. Pure."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence

from everyday.site import urls
from everyday.site.model import Doubtful
from everyday.site.resolve import Outcome, Place
from everyday.site.scan import Line, Scanned, Site, take

Places = Mapping[str, Collection[Place]]
"""The places of the pages that a file works for, by its path."""


def load(site: Site, files: Mapping[str, Scanned]) -> tuple[Places, list[str]]:
    """Resolve what was left for later. The places of all scripts and data; and what nobody can resolve: texts
    that name one file for one page and another for another.

    A script works for every page that loads it, itself or by another script; so its places grow until they
    do no more.
    """
    places: dict[str, dict[Place, None]] = {path: {} for path, file in files.items() if file.place is None}
    _spread(site, files, places)
    for path, pages in places.items():
        place = site.resolver.place(path, pages=pages)
        for line in files[path].later:
            take(files[path], site, line, place)
    return places, [problem for file in files.values() for problem in file.problems]


def _spread(site: Site, files: Mapping[str, Scanned], places: dict[str, dict[Place, None]]) -> None:
    """Find the places of all pages that a file works for."""
    ahead: dict[str, None] = {}

    def reach(paths: Iterable[str], pages: Iterable[Place]) -> None:
        for path in paths:
            known = places.get(path)
            if known is not None and not known.keys() >= set(pages):
                known.update(dict.fromkeys(pages))
                ahead[path] = None

    for file in files.values():
        if file.place is not None:
            reach(file.loads, [Place(file.place.folder, (), file.place.maps)])
    while ahead:
        path = next(iter(ahead))
        del ahead[path]
        pages = list(places[path])
        reach([*files[path].loads, *_loaded(site, path, files[path].later, pages)], pages)


def _loaded(site: Site, path: str, later: Sequence[Line], pages: Sequence[Place]) -> Iterable[str]:
    place = site.resolver.place(path, pages=pages)
    for line in later:
        answer = site.resolver.resolve(line.found, place)
        if answer.path and answer.outcome is Outcome.FILE:
            yield answer.path


def doubtful(
    site: Site, files: Mapping[str, Scanned], assets: Sequence[str], places: Places
) -> tuple[Doubtful, ...]:
    """The pieces of strings that begin the paths of `assets`, which are sorted."""
    found = []
    for path, file in files.items():
        if not file.pieces:
            continue
        place = file.place or site.resolver.place(path, pages=places[path])
        for text, line in file.pieces:
            if count := max((_beginning(text, folder, assets) for folder in place.folders), default=0):
                found.append(Doubtful(path, line, text, count))
    return tuple(sorted(found))


def _beginning(text: str, folder: str, assets: Sequence[str]) -> int:
    """How many paths begin with this address. It must name a folder (`/` alone begins everything), or be a
    whole path, such as one that is also the name of a property."""
    path = urls.path_of(text, urls.HERE) if "/" in text or "." in text else None
    prefix = urls.join(folder, path) if path else None
    if not prefix:
        return 0
    first = bisect_left(assets, prefix)
    if "/" not in prefix.removeprefix(folder):
        return int(assets[first : first + 1] == [prefix])
    return bisect_left(assets, prefix + "\U0010ffff") - first
