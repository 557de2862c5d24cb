"""Publishes whole readings.

What changes is worked out here, so that Valkey is busy with it for a moment only. The script that writes it
checks that nothing it writes over changed meanwhile; if something did, that much is looked at again.
"""

from collections.abc import Sequence
from typing import Any

from everyday.adapters.valkey.looks import Head, Look, Looks
from everyday.adapters.valkey.merging import Merging
from everyday.adapters.valkey.scripts import Script
from everyday.adapters.valkey.server import Server
from everyday.adapters.valkey.stored import NOTHING, read
from everyday.adapters.valkey.wire import pack
from everyday.errors import StateUnavailable
from everyday.jobs.settling import Shown

_TRIES = 10
_CHANGED = 2  # the script's answer
_SPARE_SETS = 100  # of attributes that nobody has any more


class Readings:
    """Round trips of a reading: a look (of a large cluster two), the step; both again for what changed."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._looks = Looks(server)

    def publish(self, cluster: str, now: str, shown: Shown, epoch: str) -> bool:
        """False when a newer one is there. `epoch`: the random part of a new one. Raises StateUnavailable."""
        for _ in range(_TRIES):
            head = self._looks.head(cluster, now)
            if shown.ticket <= head.published:
                return shown.ticket == head.published
            done = _Publishing(self._server, self._looks, cluster, now, shown, head).run(epoch)
            if done is not None:
                return done
        raise StateUnavailable(f"the state of {cluster} changed {_TRIES} times while a reading was merged")


class _Publishing:
    """One reading over what there was at one look."""

    def __init__(
        self, server: Server, looks: Looks, cluster: str, now: str, shown: Shown, head: Head
    ) -> None:
        self._server, self._looks = server, looks
        self._cluster, self._now, self._shown, self._head = cluster, now, shown, head
        self._merging = Merging(shown)
        self._ended: set[str] = set()
        self._digests: set[str] = set()

    def run(self, epoch: str) -> bool | None:
        """None: another reading came between, so what was looked at says nothing any more."""
        todo = {*self._head.instances, *self._shown.records}
        looks = self._first_look(todo)
        for _ in range(_TRIES):
            if looks is None:
                return None
            self._merge(todo, looks)
            answer = self._commit(epoch)
            if answer[0] != _CHANGED:
                return bool(answer[0])
            todo = {arn.decode() for arn in answer[1]}
            if not todo:
                return None
            self._ended.update(arn.decode() for arn in answer[2])
            looks = self._looks.some(self._cluster, self._now, sorted(todo), self._head.generation)
        return None

    def _first_look(self, todo: set[str]) -> Sequence[Look] | None:
        """At everything in a small cluster. In a large one many need no look: those leave `todo`."""
        head, merging = self._head, self._merging
        if head.contents or head.attribute_sets > _SPARE_SETS:
            return self._looks.all(self._cluster, self._now, head)
        todo -= merging.write_unseen()
        there = sorted(todo.intersection(head.instances))
        return self._looks.some(self._cluster, self._now, there, head.generation)

    def _merge(self, arns: set[str], looks: Sequence[Look]) -> None:
        merge, ended, clock = self._merging.merge, self._ended, self._head.clock
        for arn in arns:
            self._merging.forget(arn)
        for look in looks:
            found = read(look.raw)
            if found.has_record:
                self._digests.add(found.digest)
            merge(look.arn, found, look.clock, ended)
        for arn in arns.difference([look.arn for look in looks]):
            merge(arn, NOTHING, clock, ended)

    def _commit(self, epoch: str) -> list[Any]:
        shown, head = self._shown, self._head
        words = (str(shown.ticket), str(head.published), str(shown.now), epoch, pack(self._changes()))
        answer: list[Any] = self._server.run(Script.COMMIT, self._cluster, self._now, *words)
        return answer

    def _changes(self) -> dict[str, Any]:
        merged = self._merging
        return {
            "plain": list(merged.plain.values()),
            "rows": list(merged.rows.values()),
            "gone": list(merged.gone.values()),
            "dropped": [key for keys in merged.dropped.values() for key in keys],
            "placed": {key: arn for arn, keys in merged.placed.items() for key in keys},
            "stopped": [[task.arn, task.version] for task in self._shown.stopped],
            "attributes": {digest: text.decode() for digest, text in merged.attributes.items()},
            "changes": self._head.changes,
            "unused": self._unused(),
        }

    def _unused(self) -> list[str]:
        """Sets of attributes to forget, once there are too many: then every instance was looked at."""
        used = self._digests | self._merging.attributes.keys()
        if self._head.attribute_sets <= max(_SPARE_SETS, 2 * len(used)):
            return []
        kept = self._server.command("HKEYS", f"{self._cluster}:attributes")
        return [digest for it in kept if (digest := it.decode()) not in used]
