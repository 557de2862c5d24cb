"""What the edge keeps of the origin's answers, and for how long."""

import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from everyday_local.edge.model import Answer, Distribution

_MOST_BYTES = 128 * 1024 * 1024
_ERROR_SECONDS = 10
_AGE = re.compile(r"(s-maxage|max-age)\s*=\s*(\d+)")


class Kept(NamedTuple):
    """`paths`: what the visitor asked for, and what the function made of it; an invalidation names either."""

    answer: Answer
    paths: tuple[str, str]
    since: float
    until: float


class Cache:
    """The newest answers by distribution and key."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Kept] = OrderedDict()
        self._size = 0

    def get(self, key: tuple[str, str], now: float) -> Kept | None:
        kept = self._kept.get(key)
        return kept if kept and now < kept.until else None

    def put(self, key: tuple[str, str], kept: Kept) -> None:
        self._drop(key)
        self._kept[key] = kept
        self._size += len(kept.answer.body)
        while self._size > _MOST_BYTES and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))

    def invalidate(self, distribution_id: str, patterns: Sequence[str]) -> None:
        """Forget what these paths name; `*` at the end of one stands for anything."""
        named = [
            key
            for key, kept in self._kept.items()
            if key[0] == distribution_id
            and any(_names(each, path) for each in patterns for path in kept.paths)
        ]
        for key in named:
            self._drop(key)

    def _drop(self, key: tuple[str, str]) -> None:
        kept = self._kept.pop(key, None)
        if kept:
            self._size -= len(kept.answer.body)


def _names(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern


def seconds(distribution: Distribution, answer: Answer) -> float:
    """For how long an answer is kept: what it says itself, within the limits of the distribution."""
    if answer.status >= 400:
        return distribution.errors.get(answer.status, _ERROR_SECONDS)
    least, usual, most = distribution.ttls
    control = answer.headers.get("cache-control", "").lower()
    ages = dict(_AGE.findall(control))
    if any(word in control for word in ("no-cache", "no-store", "private")):
        return least
    age = ages.get("s-maxage", ages.get("max-age"))
    return usual if age is None else min(max(int(age), least), most)
