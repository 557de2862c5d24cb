"""Publishes a whole reading of a cluster in the state in memory."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from everyday.adapters.memory_cluster import MemoryCluster
from everyday.adapters.memory_instance import Entry, MemoryInstance, Reservation
from everyday.jobs.model import ContainerInstance, Job, Task
from everyday.jobs.reservations import (
    RESERVATION_MS,
    SETTLING_MS,
    Meant,
    estimated_end,
    meant_of,
    room_only,
)


class Reading(NamedTuple):
    """What ECS and the ledger said since the ticket was drawn."""

    ticket: int
    instances: Sequence[ContainerInstance]
    tasks: Sequence[Task]
    placing: Sequence[Job]
    now: int
    ends_at: Mapping[str, int]


def publish(cluster: MemoryCluster, reading: Reading) -> None:
    """Take the reading for the truth, but for what is known to be newer."""
    meant = meant_of(reading.placing, reading.tasks)
    tasks = _living(cluster, reading.tasks)
    present = _present(cluster, reading)
    for arn, it in list(cluster.instances.items()):
        if arn in present or it.stamp >= reading.ticket:
            _settle_tasks(cluster, it, tasks[arn], reading)
            _settle_reservations(cluster, it, meant, reading, made=arn in present)
        else:
            cluster.remove(arn)
    cluster.places = {key: it.arn for it in cluster.instances.values() for key in it.reservations}
    cluster.published, cluster.as_of = reading.ticket, reading.now


def _living(cluster: MemoryCluster, tasks: Sequence[Task]) -> dict[str, dict[str, Task]]:
    """By instance, what did not stop as far as anybody knows; those that stopped are remembered."""
    living: dict[str, dict[str, Task]] = defaultdict(dict)
    for task in tasks:
        if cluster.end_of(task.arn):
            continue
        if task.stopped:
            cluster.remember(task.arn, task.version)
        elif task.instance is not None:
            living[task.instance][task.arn] = task
    return living


def _present(cluster: MemoryCluster, reading: Reading) -> set[str]:
    """Apply the records that are newer; the instances that the reading shows."""
    present = set()
    for record in reading.instances:
        ended = cluster.end_of(record.arn)
        if record.status == "INACTIVE" or (ended and ended.version >= record.version):
            continue
        cluster.revive(record.arn)
        it = cluster.at(record.arn)
        if record.version > it.version:
            it.apply(record, reading.ticket)
        present.add(record.arn)
    return present


def _settle_tasks(
    cluster: MemoryCluster, it: MemoryInstance, shown: Mapping[str, Task], reading: Reading
) -> None:
    kept = {
        arn: entry
        for arn, entry in it.tasks.items()
        if not cluster.end_of(arn) and (arn in shown or _is_young(entry, reading.ticket))
    }
    for arn, task in shown.items():
        entry = kept.get(arn)
        if entry is None:
            entry = kept[arn] = Entry(room_only(task.demand), task.version, -1, reading.ticket)
        settled = entry.stamp < reading.ticket
        entry.update(task, reading.ticket if settled else entry.stamp, reading.ends_at.get(arn), None)
        if settled:  # the instance was read after the task was known, so `remaining` lacks it
            entry.base = -1
        entry.seen = True
    it.tasks = kept
    it.touch()


def _is_young(entry: Entry, ticket: int) -> bool:
    """Whether a reading that does not show this task says nothing about it."""
    return entry.stamp >= ticket - (0 if entry.seen else SETTLING_MS)


def _settle_reservations(
    cluster: MemoryCluster, it: MemoryInstance, meant: Meant, reading: Reading, *, made: bool
) -> None:
    owners = {entry.owner for entry in it.tasks.values()}
    limit = cluster.clock() + RESERVATION_MS
    kept = {}
    for key, reservation in it.reservations.items():
        job = meant.standing.get(key)
        if key in owners or key in meant.seen or not it.reserves(key, cluster.clock()):
            continue
        if job and job.instance == it.arn:
            reservation.until = limit
            kept[key] = reservation
        elif not job and reservation.stamp >= reading.ticket - SETTLING_MS:
            kept[key] = reservation
    for key, job in meant.by_instance.get(it.arn, {}).items() if made else ():
        if key not in kept and key not in owners:
            ends_at = estimated_end(job, reading.now)
            kept[key] = Reservation(room_only(job.demand), it.version, reading.ticket, limit, ends_at)
    it.reservations = kept
    it.touch()
