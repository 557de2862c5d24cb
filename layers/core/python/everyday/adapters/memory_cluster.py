"""One cluster of the state in memory."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from everyday.jobs.instance_state import Entry, InstanceState, Reservation
from everyday.jobs.model import ContainerInstance, Job, Task
from everyday.jobs.plan import InstanceView, Placement
from everyday.jobs.ports import Freed
from everyday.jobs.reservations import FORGET_MS, RESERVATION_MS, key_of, room_only
from everyday.jobs.settling import Shown, settle


class Ended(NamedTuple):
    """What is remembered of what is gone: until when, its version, and whether its end gave room back."""

    until: int
    version: int
    freed: bool = False


class MemoryCluster:
    """Everything known of one cluster. Not thread-safe. `places` says where each reservation is."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self.epoch: str | None = None
        self.as_of = self.published = self.ticket = self.passes = 0
        self.instances: dict[str, InstanceState] = {}
        self.places: dict[str, str] = {}
        self.clock = clock
        self._ended: dict[str, Ended] = {}

    def views(self) -> tuple[InstanceView, ...]:
        now = self.clock()
        known = (self.instances[arn] for arn in sorted(self.instances))
        return tuple([view for it in known if (view := it.view(now))])

    def draw_ticket(self) -> int:
        """Tickets are times, and never twice the same."""
        self.ticket = max(self.ticket + 1, self.clock() + 1)
        return self.ticket

    def stamp(self) -> int:
        """Tells what came before a ticket was drawn (it is less) from what came after."""
        return max(self.ticket, self.clock())

    def put_instance(self, record: ContainerInstance) -> Freed:
        ended = self.end_of(record.arn)
        if ended and ended.version >= record.version:
            return Freed(False, False)
        known = self.instances.get(record.arn)
        if known and known.version >= record.version:
            return Freed(False, known.version == record.version and known.freed)
        if record.status == "INACTIVE":
            self.remove(record.arn)
            self.remember(record.arn, record.version)
            return Freed(True, False)
        self._ended.pop(record.arn, None)
        it = self.at(record.arn)
        before = it.vacancy(self.clock())
        it.apply(record, self.stamp())
        it.freed = it.vacancy(self.clock()).gained(before)
        return Freed(True, it.freed)

    def put_task(self, task: Task, ends_at: int | None) -> Freed:
        if ended := self.end_of(task.arn):
            return Freed(False, task.stopped and ended.freed)
        if task.stopped:
            return Freed(True, self._stop(task))
        if task.instance is None or self.end_of(task.instance):
            return Freed(False, False)
        it = self.at(task.instance)
        before = it.vacancy(self.clock())
        reservation = self.drop(task.started_by)
        owner = task.started_by if reservation else None
        entry, newer = self._note(
            task, ends_at, reservation, owner, base=reservation.base if reservation else -1
        )
        entry.seen = True
        gained = it.vacancy(self.clock()).gained(before)
        entry.freed = gained or (entry.freed and not newer)
        return Freed(newer, gained or (entry.freed and entry.version == task.version))

    def accept(self, job: Job, task: Task) -> None:
        reservation = self.drop(key_of(job.id, job.attempt))
        if task.stopped:
            self.put_task(task, None)
            return
        arn = task.instance or job.instance
        if arn is None or self.end_of(arn) or self.end_of(task.arn):
            return
        owner = key_of(job.id, job.attempt)
        self._note(task, None, reservation, owner, base=self.at(arn).version, arn=arn)

    def reserve(self, unit: Sequence[Placement], ends_at: Mapping[str, int], now: int) -> bool:
        """Reserve for all of these, or for none."""
        made: list[tuple[str, InstanceState]] = []
        for placement in unit:
            key = key_of(placement.job_id, placement.attempt)
            it = self.instances.get(placement.instance)
            if it is not None and it.reserves(key, self.clock()):
                continue
            if (
                it is None
                or now < it.suspected_until
                or not it.vacancy(self.clock()).admits(placement.demand)
            ):
                for undone, where in made:
                    where.unreserve(undone)
                return False
            it.reserve(key, self._reservation(placement, it, ends_at.get(placement.job_id)))
            made.append((key, it))
        for key, it in made:
            self._moved(key, it)
        return True

    def publish(self, shown: Shown) -> None:
        """Take a reading for the truth, but for what is known to be newer."""
        for task in shown.stopped:
            if not self.end_of(task.arn):
                self.remember(task.arn, task.version)
        present = {arn for arn, record in shown.records.items() if self._is_there(record)}
        for arn in present:
            self._ended.pop(arn, None)
            self.at(arn)
        for arn, it in list(self.instances.items()):
            if arn in present or it.stamp >= shown.ticket:
                settle(it, shown, is_ended=lambda task: self.end_of(task) is not None, clock=self.clock())
            else:
                self.remove(arn)
        self.places = {key: it.arn for it in self.instances.values() for key in it.reservations}
        self.published, self.as_of = shown.ticket, shown.now

    def _is_there(self, record: ContainerInstance) -> bool:
        ended = self.end_of(record.arn)
        return ended is None or ended.version < record.version

    def drop(self, key: str | None) -> Reservation | None:
        """Drop a reservation wherever it is. None when there is none, or its time is over."""
        it = self.instances.get(self.places.pop(key or "", ""))
        found = it.unreserve(key or "") if it else None
        return found if found and found.until > self.clock() else None

    def suspect(self, arn: str, until: int) -> None:
        if it := self.instances.get(arn):
            it.suspected_until = max(it.suspected_until, until)
            it.touch()

    def at(self, arn: str) -> InstanceState:
        """The instance; one without a record when it is not known: what is on it may be told first."""
        return self.instances.setdefault(arn, InstanceState(arn))

    def remove(self, arn: str) -> None:
        """Forget an instance and what is on it."""
        if it := self.instances.pop(arn, None):
            for key in it.reservations:
                self.places.pop(key, None)

    def end_of(self, arn: str) -> Ended | None:
        """The end of a task or an instance, if it is remembered."""
        found = self._ended.get(arn)
        return found if found and found.until > self.clock() else None

    def remember(self, arn: str, version: int, *, freed: bool = False) -> None:
        """Remember that a task or an instance is gone; the oldest such memories are at the front."""
        now = self.clock()
        while self._ended and (oldest := next(iter(self._ended.items())))[1].until <= now:
            del self._ended[oldest[0]]
        self._ended.pop(arn, None)
        self._ended[arn] = Ended(now + FORGET_MS, version, freed)

    def _stop(self, task: Task) -> bool:
        """Give a task's room back and remember that it was done; whether room became usable."""
        it = self.instances.get(task.instance or "")
        before = it.vacancy(self.clock()) if it else None
        self.drop(task.started_by)
        if it:
            it.forget_task(task.arn)
        freed = bool(it and before and it.vacancy(self.clock()).gained(before))
        self.remember(task.arn, task.version, freed=freed)
        return freed

    def _note(
        self,
        task: Task,
        ends_at: int | None,
        reservation: Reservation | None,
        owner: str | None,
        *,
        base: int,
        arn: str | None = None,
    ) -> tuple[Entry, bool]:
        it = self.at(arn or task.instance or "")
        if it.record is None:
            it.stamp = self.stamp()
        if ends_at is None and reservation:
            ends_at = reservation.ends_at
        return it.note(task, self.stamp(), ends_at=ends_at, owner=owner, base=base)

    def _reservation(self, placement: Placement, it: InstanceState, ends_at: int | None) -> Reservation:
        limit = self.clock() + RESERVATION_MS
        return Reservation(room_only(placement.demand), it.version, self.stamp(), limit, ends_at)

    def _moved(self, key: str, it: InstanceState) -> None:
        old = self.instances.get(self.places.get(key, ""))
        if old is not None and old is not it:
            old.unreserve(key)
        self.places[key] = it.arn
