"""What the page of sites shows, worked out from each site's releases."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from everyday.errors import EverydayError
from everyday.site.reports import Listed

SHOWN = 20
"""Releases of one site that the page lists; the command line lists all."""


class Site(NamedTuple):
    """A site that is deployed. `releases` reads those that are kept, newest first."""

    name: str
    address: str
    releases: Callable[[], Sequence[Listed]]


class Row(NamedTuple):
    """A release that is kept, and where to look at it."""

    release: Listed
    link: str


class Shelf(NamedTuple):
    """One site: the first of its releases, and how many are kept. `trouble`: why they could not be read."""

    name: str
    address: str
    live: Listed | None = None
    rows: Sequence[Row] = ()
    kept: int = 0
    trouble: str = ""


def shelves(sites: Iterable[Site]) -> Sequence[Shelf]:
    """Read the sites side by side; one that cannot be read does not hide the others."""
    known = list(sites)
    with ThreadPoolExecutor(len(known) or 1) as pool:
        return list(pool.map(_shelf, known))


def _shelf(site: Site) -> Shelf:
    try:
        found = site.releases()
    except EverydayError as error:
        return Shelf(site.name, site.address, trouble=str(error))
    live = next((it for it in found if it.live), None)
    rows = [Row(it, _link(site, it)) for it in found[:SHOWN]]
    return Shelf(site.name, site.address, live, rows, len(found))


def _link(site: Site, release: Listed) -> str:
    """The site itself for the live release, else the address that opens the preview."""
    return f"{site.address}/" if release.live else f"{site.address}/_release/{release.id}"
