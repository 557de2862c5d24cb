"""Looks at what is stored of a cluster, a part at a time."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from everyday.adapters.valkey.scripts import Script
from everyday.adapters.valkey.server import Server
from everyday.adapters.valkey.wire import pack

_AT_ONCE = 250  # instances in one script: a few milliseconds in which nobody else is served


class Head(NamedTuple):
    """What there is. `epoch` is empty when nothing usable is. `generation` changes when a reading is
    published or the store is lost, `changes` with every other change. `contents` are the instances' when
    they are few, else empty."""

    epoch: str
    as_of: int
    published: int
    generation: str
    changes: int
    clock: int
    attribute_sets: int
    instances: list[str]
    contents: list[msgspec.Raw]

    @property
    def is_whole(self) -> bool:
        return len(self.contents) == len(self.instances)


class Part(NamedTuple):
    """Some instances, each as its fields and values in turn, at the server's `clock`."""

    generation: str
    clock: int
    instances: list[msgspec.Raw]


class Look(NamedTuple):
    """One instance as it was stored at that time of the server's clock."""

    arn: str
    raw: msgspec.Raw
    clock: int


_read_head = msgspec.msgpack.Decoder(Head).decode
_read_part = msgspec.msgpack.Decoder(Part).decode


class Looks:
    """Each call is one round trip; `now` is the clock as scripts take it."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def head(self, cluster: str, now: str) -> Head:
        return _read_head(self._server.run(Script.VIEW_HEAD, cluster, now, str(_AT_ONCE)))

    def all(self, cluster: str, now: str, head: Head) -> list[Look] | None:
        """Every instance that the head names, by ARN. None when another generation began."""
        if head.is_whole:
            pairs = sorted(zip(head.instances, head.contents, strict=True), key=lambda pair: pair[0])
            return [Look(arn, raw, head.clock) for arn, raw in pairs]
        return self.some(cluster, now, sorted(head.instances), head.generation)

    def some(self, cluster: str, now: str, arns: Sequence[str], generation: str) -> list[Look] | None:
        """These instances in this order. None when another generation began."""
        if not arns:
            return []
        lists = [arns[first : first + _AT_ONCE] for first in range(0, len(arns), _AT_ONCE)]
        answers = self._server.run_each(Script.VIEW_PART, [(cluster, now, pack(each)) for each in lists])
        parts = [_read_part(answer) for answer in answers]
        if any(part.generation != generation for part in parts):
            return None
        return [
            Look(arn, raw, part.clock)
            for names, part in zip(lists, parts, strict=True)
            for arn, raw in zip(names, part.instances, strict=True)
        ]
