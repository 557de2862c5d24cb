"""Shows whole clusters, and works out anew only what changed since it last looked."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from everyday.adapters.valkey import stored
from everyday.adapters.valkey.looks import Head, Look, Looks
from everyday.adapters.valkey.server import Server
from everyday.adapters.valkey.stored import Seen, Stored
from everyday.errors import StateUnavailable
from everyday.jobs.ports import View

_LOOKS = 5


class _Known(NamedTuple):
    raw: msgspec.Raw
    seen: Seen


class Views:
    """Round trips of a view: one; of a large cluster one more (two on a new server); and one when there are
    attributes that were never seen here."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._looks = Looks(server)
        self._known: dict[str, tuple[str, dict[str, _Known]]] = {}
        self._attributes: dict[str, dict[str, str]] = {}

    def view(self, cluster: str, now: str) -> View | None:
        """One consistent look: again when a reading was published meanwhile. Raises StateUnavailable."""
        for _ in range(_LOOKS):
            head = self._looks.head(cluster, now)
            if not head.epoch:
                return None
            looks = self._looks.all(cluster, now, head)
            if looks is not None and self._work_out(cluster, head, looks):
                _, known = self._known[cluster]
                views = tuple([view for it in known.values() if (view := it.seen.view)])
                return View(head.epoch, head.as_of, views)
        raise StateUnavailable(f"the state of {cluster} was replaced {_LOOKS} times while it was read")

    def _work_out(self, cluster: str, head: Head, looks: Sequence[Look]) -> bool:
        """Whether everything that is needed was there."""
        epoch, last = self._known.get(cluster, ("", {}))
        if epoch != head.epoch:
            last = {}
        same = {
            arn: found
            for arn, raw, clock in looks
            if (found := last.get(arn)) and found.raw == raw and clock < found.seen.until
        }
        fresh = {arn: stored.read(raw) for arn, raw, _ in looks if arn not in same}
        if not self._learn(cluster, fresh.values()):
            return False
        known = {
            arn: same.get(arn) or _Known(raw.copy(), self._seen(arn, fresh[arn], clock))
            for arn, raw, clock in looks
        }
        self._known[cluster] = head.epoch, known
        return True

    def _seen(self, arn: str, found: Stored, clock: int) -> Seen:
        attributes = self._attributes[found.digest] if found.has_record else {}
        return stored.seen(stored.state_of(arn, found, attributes), clock)

    def _learn(self, cluster: str, found: Iterable[Stored]) -> bool:
        """Fetch attributes that are not known. False when some are gone: a reading came between."""
        digests = {it.digest for it in found if it.has_record} - self._attributes.keys()
        if digests:
            wanted = sorted(digests)
            texts: list[Any] = self._server.command("HMGET", f"{cluster}:attributes", *wanted)
            there = {it: text for it, text in zip(wanted, texts, strict=True) if text is not None}
            decoded = {it: msgspec.json.decode(text, type=dict[str, str]) for it, text in there.items()}
            self._attributes.update(decoded)
            return len(there) == len(wanted)
        return True
