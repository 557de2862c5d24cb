"""What is known of one instance: its record, and what holds room on it. No I/O and no clock."""

from collections.abc import Iterator
from dataclasses import dataclass

from everyday.jobs.model import ContainerInstance, Demand, Task
from everyday.jobs.plan import InstanceView
from everyday.jobs.reservations import room_only
from everyday.jobs.vacancy import NONE, Hold, Vacancy, vacancy, view_of


@dataclass(slots=True)
class Reservation:
    """Room for one attempt of a job. `base`: the instance's version when it was made; `until`: its limit."""

    demand: Demand
    base: int
    stamp: int
    until: int
    ends_at: int | None


@dataclass(slots=True)
class Entry:
    """A task. `remaining` lacks it once it was seen and the instance's version is above `base`.

    `owner`: the attempt that ECS accepted it for. `freed`: what its last record did.
    """

    demand: Demand
    version: int
    base: int
    stamp: int
    ends_at: int | None = None
    owner: str | None = None
    seen: bool = False
    freed: bool = False

    def update(self, task: Task, stamp: int, ends_at: int | None, owner: str | None) -> bool:
        """Take a record if it is newer, and say whether it was. What is known of the end stays known."""
        newer = task.version > self.version
        if newer:
            self.demand, self.version, self.stamp = room_only(task.demand), task.version, stamp
        if self.ends_at is None or (newer and ends_at is not None):
            self.ends_at = ends_at
        self.owner = self.owner or owner
        return newer


class InstanceState:
    """Not thread-safe. `stamp`: when its last record came; `freed`: whether that gave room back. Without a
    record it is not usable: what is on an instance may be told before the instance."""

    def __init__(self, arn: str) -> None:
        self.arn = arn
        self.record: ContainerInstance | None = None
        self.stamp = self.suspected_until = 0
        self.freed = False
        self.tasks: dict[str, Entry] = {}
        self.reservations: dict[str, Reservation] = {}
        self._vacancy: Vacancy | None = None
        self._view: InstanceView | None = None
        self._true_from, self._true_until = 0, 0.0

    @property
    def version(self) -> int:
        return self.record.version if self.record else 0

    def apply(self, record: ContainerInstance, stamp: int) -> None:
        """Take a newer record; it lifts a suspicion."""
        self.record, self.stamp, self.suspected_until, self.freed = record, stamp, 0, False
        self.touch()

    def note(
        self, task: Task, stamp: int, *, ends_at: int | None, owner: str | None, base: int
    ) -> tuple[Entry, bool]:
        """Take a task's record if it is newer, and say whether it was."""
        self.touch()
        if known := self.tasks.get(task.arn):
            return known, known.update(task, stamp, ends_at, owner)
        entry = Entry(room_only(task.demand), task.version, base, stamp, ends_at, owner)
        self.tasks[task.arn] = entry
        return entry, True

    def forget_task(self, arn: str) -> None:
        self.tasks.pop(arn, None)
        self.touch()

    def reserve(self, key: str, reservation: Reservation) -> None:
        self.reservations[key] = reservation
        self.touch()

    def reserves(self, key: str, now: int) -> bool:
        """Whether this reservation is here and stands."""
        return key in self.reservations and self.reservations[key].until > now

    def unreserve(self, key: str) -> Reservation | None:
        self.touch()
        return self.reservations.pop(key, None)

    def touch(self) -> None:
        """What was worked out is no longer true."""
        self._vacancy = self._view = None

    def vacancy(self, now: int) -> Vacancy:
        if self.record is None:
            return NONE
        self._refresh(now)
        if self._vacancy is None:
            self._vacancy = vacancy(self.record, self.holds(now), suspected=now < self.suspected_until)
        return self._vacancy

    def view(self, now: int) -> InstanceView | None:
        """As the planner sees it; None without a record."""
        self._refresh(now)
        if self._view is None and self.record is not None:
            holds = list(self.holds(now))
            self._view = view_of(self.record, holds, suspected=now < self.suspected_until)
        return self._view

    def holds(self, now: int) -> Iterator[Hold]:
        """What holds room at that time, in an order that does not depend on the order of events."""
        for _, task in sorted(self.tasks.items()):
            yield Hold(task.demand, task.ends_at, task.seen and self.version > task.base)
        for _, it in sorted(self.reservations.items()):
            if it.until > now:
                yield Hold(it.demand, it.ends_at, False)

    def _refresh(self, now: int) -> None:
        """Forget what was worked out for a time when other reservations, or a suspicion, stood."""
        if (self._vacancy or self._view) and self._true_from <= now < self._true_until:
            return
        self.touch()
        ends = [it.until for it in self.reservations.values() if it.until > now]
        if now < self.suspected_until:
            ends.append(self.suspected_until)
        self._true_from, self._true_until = now, min(ends, default=float("inf"))
