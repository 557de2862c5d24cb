"""Reads whole clusters, and works out anew only what changed since it last looked."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from everyday.adapters.valkey import wire
from everyday.adapters.valkey.scripts import Script
from everyday.adapters.valkey.server import Server
from everyday.adapters.valkey.wire import Head, Part, Seen
from everyday.errors import StateUnavailable
from everyday.jobs.plan import InstanceView
from everyday.jobs.ports import View

_AT_ONCE = 250  # instances in one script: a few milliseconds in which nobody else is served
_LOOKS = 5


class _Known(NamedTuple):
    raw: msgspec.Raw
    seen: Seen


class Views:
    """Looks at clusters. Round trips: one for what there is, one for all instances (on a new server one
    more), and one when there are attributes that were never seen here."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._known: dict[str, tuple[str, dict[str, _Known]]] = {}
        self._attributes: dict[str, dict[str, str]] = {}

    def view(self, cluster: str, now: str) -> View | None:
        """One consistent look: again when a reading was published meanwhile. Raises StateUnavailable."""
        for _ in range(_LOOKS):
            answer = self._server.run(Script.VIEW_HEAD, cluster, now)
            if answer is None:
                return None
            head = wire.read_head(answer)
            instances = self._instances(cluster, head, now)
            if instances is not None:
                return View(head.epoch, head.as_of, instances)
        raise StateUnavailable(f"the state of {cluster} was replaced {_LOOKS} times while it was read")

    def _instances(self, cluster: str, head: Head, now: str) -> tuple[InstanceView, ...] | None:
        names = sorted(head.instances)
        lists = [names[first : first + _AT_ONCE] for first in range(0, len(names), _AT_ONCE)]
        answers = self._server.run_each(Script.VIEW_PART, [(cluster, now, wire.pack(each)) for each in lists])
        parts = [wire.read_part(answer) for answer in answers]
        if any(part.generation != head.generation for part in parts):
            return None
        return self._seen(cluster, head.epoch, lists, parts)

    def _seen(
        self, cluster: str, epoch: str, lists: Sequence[Sequence[str]], parts: Sequence[Part]
    ) -> tuple[InstanceView, ...] | None:
        last_epoch, last = self._known.get(cluster, ("", {}))
        if last_epoch != epoch:
            last = {}
        known: dict[str, _Known] = {}
        fresh: dict[str, tuple[msgspec.Raw, int]] = {}
        for arn, raw, clock in _each(lists, parts):
            found = last.get(arn)
            if found and found.raw == raw and clock < found.seen.until:
                known[arn] = found
            else:
                fresh[arn] = raw, clock
        if not self._work_out(cluster, fresh, known):
            return None
        self._known[cluster] = epoch, known
        return tuple([known[arn].seen.view for names in lists for arn in names if arn in known])

    def _work_out(
        self, cluster: str, fresh: dict[str, tuple[msgspec.Raw, int]], known: dict[str, _Known]
    ) -> bool:
        fields = {arn: wire.fields(raw) for arn, (raw, _) in fresh.items()}
        with_record = {arn: found for arn, found in fields.items() if "version" in found.record}
        digests = {found.record["attributes"] for found in with_record.values()}
        if not self._learn(cluster, digests - self._attributes.keys()):
            return False
        for arn, found in with_record.items():
            raw, clock = fresh[arn]
            attributes = self._attributes[found.record["attributes"]]
            known[arn] = _Known(raw.copy(), wire.seen(arn, found, attributes, clock))
        return True

    def _learn(self, cluster: str, digests: set[str]) -> bool:
        """Fetch attributes. False when some are gone: a reading came between."""
        if digests:
            wanted = sorted(digests)
            texts: list[Any] = self._server.command("HMGET", f"{cluster}:attributes", *wanted)
            found = {it: text for it, text in zip(wanted, texts, strict=True) if text is not None}
            decoded = {it: msgspec.json.decode(text, type=dict[str, str]) for it, text in found.items()}
            self._attributes.update(decoded)
            return len(found) == len(wanted)
        return True


def _each(lists: Sequence[Sequence[str]], parts: Sequence[Part]) -> Iterator[tuple[str, msgspec.Raw, int]]:
    for names, part in zip(lists, parts, strict=True):
        for arn, raw in zip(names, part.instances, strict=True):
            yield arn, raw, part.clock
