"""What a reading changes in what is stored of each instance: as little as can be written."""

from collections.abc import Container, Mapping
from typing import Any

from everyday.adapters.valkey import stored, wire
from everyday.adapters.valkey.stored import Stored
from everyday.jobs.instance_state import InstanceState
from everyday.jobs.model import ContainerInstance, Task
from everyday.jobs.settling import Shown, settle

_UNSEEN = "?"


class Merging:
    """One reading, as it is merged instance by instance.

    `plain`, `rows` and `gone` are by ARN what is to be written, as the script wants it; `dropped` and
    `placed` the reservations that went and came with it. `attributes` are the records', by digest.
    """

    def __init__(self, shown: Shown) -> None:
        self.plain: dict[str, list[Any]] = {}
        self.rows: dict[str, list[Any]] = {}
        self.gone: dict[str, list[Any]] = {}
        self.dropped: dict[str, list[str]] = {}
        self.placed: dict[str, list[str]] = {}
        self.attributes: dict[str, bytes] = {}
        self._shown = shown
        self._over = {task.arn for task in shown.stopped}
        self._sets: list[tuple[dict[str, str], str]] = []

    def forget(self, arn: str) -> None:
        """What was merged of an instance is no longer true."""
        for kept in (self.plain, self.rows, self.gone, self.dropped, self.placed):
            kept.pop(arn, None)

    def write_unseen(self) -> set[str]:
        """Write the records of instances that nothing is shown on, if the script sees that nothing is.

        The others, which cannot be written without a look at what is stored, are left out of the answer.
        """
        shown, plain, digest = self._shown, self.plain, self._digest
        busy = shown.tasks.keys() | shown.meant.by_instance.keys()
        for arn, it in shown.records.items():
            if arn not in busy:
                plain[arn] = [arn, _UNSEEN, it.version, *wire.record(it, digest(it))]
        return set(plain)

    def merge(self, arn: str, found: Stored, clock: int, ended: Container[str]) -> None:
        """See what becomes of an instance at that time of the store's clock.

        `ended`: tasks and instances that are known to be gone.
        """
        shown = self._shown
        record = None if arn in ended else shown.records.get(arn)
        if record is None and found.stamp < shown.ticket:
            if found.fields:
                self.gone[arn] = [arn, found.changes]
                self.dropped[arn] = list(found.reservations)
            return
        digest = self._digest(record) if record else ""
        if record and found.is_plain and arn not in shown.tasks and arn not in shown.meant.by_instance:
            if record.version > found.version:
                self.plain[arn] = [arn, found.changes, record.version, *wire.record(record, digest)]
        elif record is None or not self._is_known(record, found):
            it = stored.state_of(arn, found, {})
            settle(it, shown, is_ended=lambda task: task in ended or task in self._over, clock=clock)
            is_new = record is not None and it.record is record
            self._write(it, found, wire.record_fields(record, digest) if record and is_new else {})

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

    def _write(self, it: InstanceState, found: Stored, record: Mapping[str, str]) -> None:
        """What differs from what is stored."""
        before = stored.plain(found)
        after = {name: before[name] for name in wire.RECORD if name in before}
        after |= {**record, **stored.state_fields(it)}
        if before == after:
            return
        written = {name: text for name, text in after.items() if before.get(name) != text}
        deleted = [name for name in before if name not in after]
        fresh = [task for task in it.tasks if task not in found.tasks]
        self.rows[it.arn] = [it.arn, found.changes, it.version, wire.flat(written), deleted, fresh]
        self.dropped[it.arn] = [key for key in found.reservations if key not in it.reservations]
        self.placed[it.arn] = [key for key in it.reservations if key not in found.reservations]

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
