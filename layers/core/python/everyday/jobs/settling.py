"""What a whole reading of a cluster changes in what is known of each instance. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from everyday.jobs.instance_state import Entry, InstanceState, Reservation
from everyday.jobs.model import ContainerInstance, Job, Task
from everyday.jobs.reservations import (
    RESERVATION_MS,
    SETTLING_MS,
    Meant,
    estimated_end,
    meant_of,
    room_only,
)


class Shown(NamedTuple):
    """A reading: what ECS and the ledger said since the ticket was drawn. `tasks` by instance: those that
    did not stop. `stopped` ones are over. `ends_at`: estimates by task ARN."""

    ticket: int
    now: int
    records: Mapping[str, ContainerInstance]
    tasks: Mapping[str, Mapping[str, Task]]
    stopped: Sequence[Task]
    meant: Meant
    ends_at: Mapping[str, int]


def shown_by(
    ticket: int,
    instances: Sequence[ContainerInstance],
    tasks: Sequence[Task],
    placing: Sequence[Job],
    *,
    now: int,
    ends_at: Mapping[str, int],
) -> Shown:
    """The reading in the order in which it is looked at."""
    living: dict[str, dict[str, Task]] = {}
    for task in tasks:
        if task.instance is not None and not task.stopped:
            living.setdefault(task.instance, {})[task.arn] = task
    return Shown(
        ticket,
        now,
        {it.arn: it for it in instances if it.status != "INACTIVE"},
        living,
        [task for task in tasks if task.stopped],
        meant_of(placing, tasks),
        ends_at,
    )


def settle(it: InstanceState, shown: Shown, *, is_ended: Callable[[str], bool], clock: int) -> None:
    """Take the reading for the truth about one instance, but for what is known to be newer.

    `is_ended` says of a task's ARN whether it is known to have stopped; `clock` is the store's.
    """
    record = shown.records.get(it.arn)
    if record and record.version > it.version:
        it.apply(record, shown.ticket)
    it.tasks = _settled_tasks(it, shown, is_ended)
    it.reservations = _settled_reservations(it, shown, clock)
    it.touch()


def _settled_tasks(it: InstanceState, shown: Shown, is_ended: Callable[[str], bool]) -> dict[str, Entry]:
    there = shown.tasks.get(it.arn, {})
    kept = {
        arn: entry
        for arn, entry in it.tasks.items()
        if (arn in there or _is_young(entry, shown.ticket)) and not is_ended(arn)
    }
    for arn, task in there.items():
        if arn in kept:
            _settle_task(kept[arn], task, shown)
        elif not is_ended(arn):
            ends_at = shown.ends_at.get(arn)
            kept[arn] = Entry(room_only(task.demand), task.version, -1, shown.ticket, ends_at, seen=True)
    return kept


def _settle_task(entry: Entry, task: Task, shown: Shown) -> None:
    is_settled = entry.stamp < shown.ticket
    entry.update(task, shown.ticket if is_settled else entry.stamp, shown.ends_at.get(task.arn), None)
    entry.seen = True
    if is_settled:  # the instance was read after the task was known, so `remaining` lacks it
        entry.base = -1


def _is_young(entry: Entry, ticket: int) -> bool:
    """Whether a reading that does not show this task says nothing about it."""
    return entry.stamp >= ticket - (0 if entry.seen else SETTLING_MS)


def _settled_reservations(it: InstanceState, shown: Shown, clock: int) -> dict[str, Reservation]:
    owners = {entry.owner for entry in it.tasks.values()}
    kept = {
        key: reservation
        for key, reservation in it.reservations.items()
        if reservation.until > clock and key not in owners and _stands(key, it, reservation, shown)
    }
    if it.arn in shown.records:
        for key, job in shown.meant.by_instance.get(it.arn, {}).items():
            if key not in owners:
                kept[key] = _renewed(kept.get(key), it, job, shown, clock)
    return kept


def _stands(key: str, it: InstanceState, reservation: Reservation, shown: Shown) -> bool:
    job = shown.meant.standing.get(key)
    if job:
        return job.instance == it.arn
    return key not in shown.meant.seen and reservation.stamp >= shown.ticket - SETTLING_MS


def _renewed(known: Reservation | None, it: InstanceState, job: Job, shown: Shown, clock: int) -> Reservation:
    if known:
        return replace(known, until=clock + RESERVATION_MS)
    ends_at = estimated_end(job, shown.now)
    return Reservation(room_only(job.demand), it.version, shown.ticket, clock + RESERVATION_MS, ends_at)
