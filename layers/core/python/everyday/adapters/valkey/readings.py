"""Publishes whole readings.

What changes is worked out here and prepared aside, so that Valkey is busy with it for a moment only. The last
step checks that nothing it writes over changed meanwhile, and renames; if something did, that much is done
again.
"""

from collections.abc import Iterator
from typing import Any

from everyday.adapters.valkey.looks import Head, Looks
from everyday.adapters.valkey.merging import Merging, Row
from everyday.adapters.valkey.scripts import Script
from everyday.adapters.valkey.server import Server
from everyday.adapters.valkey.stored import NOTHING, Stored, read
from everyday.adapters.valkey.wire import pack
from everyday.errors import StateUnavailable
from everyday.jobs.settling import Shown

_TRIES = 10
_AT_ONCE = 250  # rows in one script
_CHANGED = 2  # the script's answer
_SPARE_SETS = 100  # of attributes that nobody has any more


class Readings:
    """Round trips of a reading: look, read, prepare, publish; the last three again for what changed."""

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
        self._rows: dict[str, tuple[int, Row]] = {}
        self._wasted: list[int] = []
        self._staged = 0

    def run(self, epoch: str) -> bool | None:
        """None: another reading came between, so what was looked at says nothing any more."""
        looks = self._looks.all(self._cluster, self._now, self._head)
        todo = {*self._head.instances, *self._shown.records}
        for _ in range(_TRIES):
            if looks is None:
                return None
            found = {look.arn: (read(look.raw), look.clock) for look in looks}
            self._server.stream(Script.STAGE, self._stage(sorted(todo), found))
            answer = self._commit(epoch)
            if answer[0] != _CHANGED:
                return bool(answer[0])
            todo = {arn.decode() for arn in answer[1]}
            if not todo:
                return None
            self._ended.update(arn.decode() for arn in answer[2])
            looks = self._looks.some(self._cluster, self._now, sorted(todo), self._head.generation)
        return None

    def _stage(
        self, arns: list[str], found: dict[str, tuple[Stored, int]]
    ) -> Iterator[tuple[str | bytes, ...]]:
        """Merge these; the rows as they are ready."""
        ready: list[list[str]] = []
        for arn in arns:
            row = self._merge(arn, *found.get(arn, (NOTHING, self._head.clock)))
            if row and row.fields:
                ready.append(row.fields)
            if len(ready) == _AT_ONCE:
                yield self._chunk(ready)
                ready = []
        if ready:
            yield self._chunk(ready)

    def _merge(self, arn: str, found: Stored, clock: int) -> Row | None:
        row = self._merging.row(arn, found, clock, self._ended)
        before, _ = self._rows.pop(arn, (0, None))
        if before:
            self._wasted.append(before)
        if found.has_record:
            self._digests.add(found.digest)
        if row:
            self._staged += bool(row.fields)
            self._rows[arn] = (self._staged if row.fields else 0), row
        return row

    def _chunk(self, ready: list[list[str]]) -> tuple[str | bytes, ...]:
        first = self._staged - len(ready) + 1
        return self._cluster, self._now, str(self._shown.ticket), str(first), pack(ready)

    def _commit(self, epoch: str) -> list[Any]:
        shown, head = self._shown, self._head
        words = (str(shown.ticket), str(head.published), str(shown.now), epoch, pack(self._changes()))
        answer: list[Any] = self._server.run(Script.COMMIT, self._cluster, self._now, *words)
        return answer

    def _changes(self) -> dict[str, Any]:
        rows = self._rows.items()
        return {
            "rows": [
                [arn, row.changes, number, row.cpu, row.memory, row.version, row.fresh]
                for arn, (number, row) in rows
            ],
            "staged": self._staged,
            "wasted": self._wasted,
            "dropped": [key for _, (_, row) in rows for key in row.dropped],
            "placed": {key: arn for arn, (_, row) in rows for key in row.placed},
            "stopped": [[task.arn, task.version] for task in self._shown.stopped],
            "attributes": {digest: text.decode() for digest, text in self._merging.attributes.items()},
            "changes": self._head.changes,
            "unused": self._unused(),
        }

    def _unused(self) -> list[str]:
        """Sets of attributes to forget, once there are too many."""
        used = self._digests | self._merging.attributes.keys()
        if self._head.attribute_sets <= len(used) + _SPARE_SETS:
            return []
        kept = self._server.command("HKEYS", f"{self._cluster}:attributes")
        return [digest for it in kept if (digest := it.decode()) not in used]
