"""What a reading makes of each instance that is stored: rows to be written, as few as possible."""

from collections.abc import Container, Mapping
from typing import NamedTuple

from everyday.adapters.valkey import stored, wire
from everyday.adapters.valkey.stored import Stored
from everyday.jobs.model import ContainerInstance, Task
from everyday.jobs.settling import Shown, settle


class Row(NamedTuple):
    """What becomes of one instance. `fields` and values in turn; none: it goes. `cpu` and `memory`: how much
    more is left. `fresh` tasks are new to the store, so they may have ended. `dropped` and `placed` are
    reservations that are no longer, or newly, here."""

    changes: str
    fields: list[str]
    cpu: int
    memory: int
    version: int
    fresh: list[str]
    dropped: list[str]
    placed: list[str]


class Merging:
    """One reading. `attributes` are those of its records, by digest."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._over = {task.arn for task in shown.stopped}
        self._sets: list[tuple[dict[str, str], str]] = []
        self.attributes: dict[str, bytes] = {}

    def row(self, arn: str, found: Stored, clock: int, ended: Container[str]) -> Row | None:
        """What becomes of an instance at that time of the store's clock. None: nothing changes.

        `ended`: tasks and instances that are known to be gone.
        """
        record = None if arn in ended else self._shown.records.get(arn)
        if record is None and found.stamp < self._shown.ticket:
            return _removal(found) if found.fields else None
        digest = self._digest(record) if record else ""
        if record and self._is_plain(record, found):
            return _plain(record, digest, found) if record.version > found.version else None
        if record and self._is_known(record, found):
            return None
        return self._merged(arn, record, digest, found, clock, ended)

    def _is_plain(self, record: ContainerInstance, found: Stored) -> bool:
        """Whether nothing is on it, as far as anybody knows."""
        shown = self._shown
        return not (
            found.tasks
            or found.reservations
            or record.arn in shown.tasks
            or record.arn in shown.meant.by_instance
        )

    def _is_known(self, record: ContainerInstance, found: Stored) -> bool:
        """Whether everything that is shown is stored as settled, and nothing else is."""
        there: Mapping[str, Task] = self._shown.tasks.get(record.arn, {})
        return (
            not found.reservations
            and record.arn not in self._shown.meant.by_instance
            and found.version >= record.version
            and found.tasks.keys() == there.keys()
            and all(
                arn not in self._shown.ends_at and stored.is_settled(found.tasks[arn], task.version)
                for arn, task in there.items()
            )
            and self._over.isdisjoint(there)
        )

    def _merged(
        self,
        arn: str,
        record: ContainerInstance | None,
        digest: str,
        found: Stored,
        clock: int,
        ended: Container[str],
    ) -> Row | None:
        it = stored.state_of(arn, found, {})
        settle(it, self._shown, is_ended=lambda task: task in ended or task in self._over, clock=clock)
        fields = {name: found.fields[name] for name in stored.RECORD if name in found.fields}
        if record is not None and it.record is record:
            flat = wire.record(record, digest)
            fields = dict(zip(flat[::2], flat[1::2], strict=True))
        fields |= stored.state_fields(it)
        if fields == stored.plain(found):
            return None
        cpu, memory = found.left()
        return Row(
            found.changes,
            [text for pair in fields.items() for text in pair],
            int(fields.get("remaining_cpu", 0)) - cpu,
            int(fields.get("remaining_memory", 0)) - memory,
            it.version,
            [task for task in it.tasks if task not in found.tasks],
            [key for key in found.reservations if key not in it.reservations],
            [key for key in it.reservations if key not in found.reservations],
        )

    def _digest(self, record: ContainerInstance) -> str:
        """Most have the attributes of one seen just before; to compare is cheaper than to encode."""
        for index, (attributes, digest) in enumerate(self._sets):
            if attributes == record.attributes:
                if index:
                    self._sets.insert(0, self._sets.pop(index))
                return digest
        text = wire.attributes(record)
        digest = wire.digest(text)
        self.attributes[digest] = text
        self._sets = [(record.attributes, digest), *self._sets[:7]]
        return digest


def _plain(record: ContainerInstance, digest: str, found: Stored) -> Row:
    left = record.remaining
    cpu, memory = found.left()
    fields = wire.record(record, digest)
    return Row(found.changes, fields, left.cpu - cpu, left.memory - memory, record.version, [], [], [])


def _removal(found: Stored) -> Row:
    cpu, memory = found.left()
    return Row(found.changes, [], -cpu, -memory, 0, [], list(found.reservations), [])
