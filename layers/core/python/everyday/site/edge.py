"""What the edge is told of a release: values of a CloudFront key-value store, which its functions read.

A key and its value have room for 1 KB together, a store for 5 MB, so a release is a small tree: its own
value names leaves, each of which tells where some of the pages are. Leaves are named by their content, so two
releases share those that are the same, and a changed page is one leaf.
"""

from collections.abc import Mapping
from typing import NamedTuple

from everyday.errors import SiteRefused
from everyday.site import rules_headers, rules_redirects
from everyday.site.edge_tree import VALUE_BYTES, chunks, named, tree

LIVE = "live"
"""The key whose value is the live release's."""


PREVIEW = "r/"
"""A release's value is also under this and its id, for those who look at it before it is live."""

MOST_BYTES = 4_000_000
"""Of one release: the store takes 5 MB, and the next release needs room for what it changes."""

_MOST_CHUNKS = 8
"""Values that all the rules with patterns of one file may take: each is read when a rule is looked for."""


class Edge(NamedTuple):
    """A release as the edge needs it. `pages`: for each page, the hash its key in the bucket ends with.
    `renamed`: the new names of the assets by their old ones (rules may name these). `redirects`, `headers`:
    the text of the owner's files of that name."""

    release: str
    pages: Mapping[str, str]
    renamed: Mapping[str, str]
    redirects: str = ""
    headers: str = ""
    spa: bool = False
    pretty: bool = True


class Items(NamedTuple):
    """`value`: of the release itself. `items`: its leaves and rules, and the value under its preview key.
    `problems`: lines of the rules that the edge cannot follow, each with its reason."""

    value: str
    items: Mapping[str, str]
    problems: tuple[str, ...]


def changes_of(live: str | None) -> int:
    """The number of changes of the manifest that a value of `live` carries; 0 when there is none."""
    return int(live.partition(" ")[0]) if live else 0


def live_value(changes: int, value: str) -> str:
    """The value of `live` that makes a release the one that visitors get."""
    return f"{changes} {value}"


def items(edge: Edge) -> Items:
    """What the edge is told of a release; the same release is told the same.

    Raises SiteRefused when it is more than the edge has room for.
    """
    redirects = rules_redirects.compiled(edge.redirects, edge.pages, edge.renamed)
    headers = rules_headers.compiled(edge.headers)
    map_ = tree(edge.pages, redirects.exact)
    moved = _chunked(redirects.patterns, rules_redirects.FILE)
    added = _chunked(headers.lines, rules_headers.FILE)
    flags = f"{'s' * edge.spa}{'p' * edge.pretty}{'f' * redirects.forced}" or "-"
    missing = edge.pages.get("404.html", "-")
    fields = [edge.release, flags, map_.seed, map_.leaves, missing, _names(moved), _names(added), map_.names]
    value = " ".join(map(str, fields))
    known = {**map_.values, **moved, **added, PREVIEW + edge.release: value}
    _refuse_too_much(value, known)
    return Items(value, known, redirects.problems + headers.problems)


def _names(values: Mapping[str, str]) -> str:
    return "".join(values) or "-"


def _chunked(text: str, file: str) -> dict[str, str]:
    """The pieces of a text by their names, in their order. Two that are the same would be one name twice, so
    each begins with its place."""
    pieces = [f"{place:x}{piece}" for place, piece in enumerate(chunks(text))]
    if len(pieces) > _MOST_CHUNKS:
        raise SiteRefused(
            f"the rules of {file} take {len(text.encode())} bytes at the edge, and there is room for about "
            f"{_MOST_CHUNKS * VALUE_BYTES}; make them fewer or shorter"
        )
    return {named(piece): piece for piece in pieces}


def _refuse_too_much(value: str, known: Mapping[str, str]) -> None:
    if len(value.encode()) > VALUE_BYTES:
        raise SiteRefused("the release's id is too long for the edge")
    size = sum(len(key.encode()) + len(text.encode()) for key, text in known.items())
    if size > MOST_BYTES:
        raise SiteRefused(
            f"the edge would be told {size} bytes of this release, and has room for {MOST_BYTES}: publish "
            "fewer pages, or fewer redirects"
        )
