"""The page map of a release as a tree of small values, and the hash by which it is sharded.

A page is found by its *slot*, which is the same for `about`, `about/`, `about.html` and `about/index.html`,
so that one leaf answers for all of them. A leaf holds, for each of its pages, a fingerprint of the page's
path (30 bits) and the hash its key ends with; paths themselves, however long, are not kept: a path that only
looks like a page's leads to a key that is not in the bucket, never to another page. The owner's rules for one
exact path stand in the leaf of that path, each on its line.

The number of leaves is a power of two, and grows only when a leaf would be too large, so an edit changes one
leaf, its node, and the release's own value. `stacks/edge/common.js` reads what is written here.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from everyday.errors import SiteRefused

VALUE_BYTES = 980
"""A key and its value have 1,024 bytes together (CloudFront's quotas); our longest keys take 40."""

NAME = 9
"""Characters of a value's name: 54 bits of its content."""

FAN_OUT = 64
"""Names in one node, and at most in the release's value."""

_MOST_LEAVES = FAN_OUT * FAN_OUT
_MOST_SEEDS = 64
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_INDEX = re.compile(r"(^|/)index\.html\Z")


class Tree(NamedTuple):
    """`names`: of the nodes, or of the leaves when they are few, in their order. `values`: all by name."""

    seed: int
    leaves: int
    names: str
    values: Mapping[str, str]


def slot(path: str) -> str:
    """What all the addresses of a page have in common."""
    return _INDEX.sub("", path).removesuffix("/").removesuffix(".html")


def spread(text: str, seed: int) -> int:
    """32 bits of a text: FNV-1a over it as an address has it (UTF-8, %-encoded, as JavaScript's
    encodeURIComponent does), mixed as MurmurHash3 ends."""
    value = 2166136261 ^ seed
    for byte in quote(text, safe="!~*'()").encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    value = (value ^ value >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    value = (value ^ value >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return value ^ value >> 16


def fingerprint(path: str, seed: int) -> str:
    """Five characters that tell a leaf's pages apart."""
    value = spread(path, 2 * seed + 1)
    return "".join(_DIGITS[value >> shift & 63] for shift in (24, 18, 12, 6, 0))


def named(value: str) -> str:
    """The key of a value: a hash of its content."""
    return base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest())[:NAME].decode()


def chunks(text: str) -> list[str]:
    """A text in pieces that fit into values."""
    pieces, begun, size = [], 0, 0
    for at, character in enumerate(text):
        width = len(character.encode())
        if size + width > VALUE_BYTES:
            pieces.append(text[begun:at])
            begun, size = at, 0
        size += width
    return [*pieces, text[begun:]] if text else []


def tree(pages: Mapping[str, str], rules: Mapping[str, Sequence[str]]) -> Tree:
    """The tree of these pages, hashes by path, and of the lines of rules by the slot they are about.

    Raises SiteRefused when there are more than a tree has room for.
    """
    for seed in range(_MOST_SEEDS):
        leaves = _leaves(pages, rules, seed)
        if all(_distinct(leaf) for leaf in leaves):
            return _planted([leaf.value for leaf in leaves], seed)
    raise SiteRefused(f"the edge cannot tell the site's {len(pages)} pages apart; rename one of them")


class _Leaf(NamedTuple):
    pages: list[str]
    rules: list[str]

    @property
    def value(self) -> str:
        return "\n".join(["".join(self.pages), *self.rules])


def _leaves(pages: Mapping[str, str], rules: Mapping[str, Sequence[str]], seed: int) -> list[_Leaf]:
    """The least leaves that are small enough."""
    places = [(spread(slot(path), 2 * seed), fingerprint(path, seed) + pages[path]) for path in sorted(pages)]
    lines = [(spread(name, 2 * seed), rules[name]) for name in sorted(rules)]
    size = sum(len(entry) for _, entry in places)
    count = 1
    while count * VALUE_BYTES < size:
        count *= 2
    while count <= _MOST_LEAVES:
        leaves = [_Leaf([], []) for _ in range(count)]
        for at, entry in places:
            leaves[at % count].pages.append(entry)
        for at, texts in lines:
            leaves[at % count].rules.extend(texts)
        if all(len(leaf.value.encode()) <= VALUE_BYTES for leaf in leaves):
            return leaves
        count *= 2
    raise SiteRefused(
        "the edge has no room for so many pages and redirects: about 150,000 pages, or 15,000 redirects of "
        "single paths, fit; use patterns such as /old/*"
    )


def _distinct(leaf: _Leaf) -> bool:
    return len({entry[:5] for entry in leaf.pages}) == len(leaf.pages)


def _planted(values: Sequence[str], seed: int) -> Tree:
    names = [named(value) for value in values]
    known = dict(zip(names, values, strict=True))
    if len(values) > FAN_OUT:
        nodes = ["".join(names[at : at + FAN_OUT]) for at in range(0, len(names), FAN_OUT)]
        names = [named(node) for node in nodes]
        known.update(zip(names, nodes, strict=True))
    return Tree(seed, len(values), "".join(names), known)
