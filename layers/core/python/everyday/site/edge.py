"""What the edge is told of a release: values of a CloudFront key-value store, which its functions read.

A key and its value have room for 1 KB together, a store for 5 MB, so a release is a small tree: its own
value names leaves, each of which tells where some of the pages are. Leaves are named by their content, so two
releases share those that are the same, and a changed page is one leaf.
"""

from collections.abc import Mapping
from typing import NamedTuple

LIVE = "live"
"""The key whose value is the live release's."""


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
