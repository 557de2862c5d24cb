"""The rules of reservations that do not depend on where they are kept. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from everyday.jobs.model import Demand, Job, Task
from everyday.jobs.plan import Placement

RESERVATION_MS = 600_000
"""A reservation that nothing came of ends after ten minutes: longer than a pass and its RunTask calls may
take (minutes), and longer than two complete readings are apart, each of which renews what is still meant."""

SETTLING_MS = 60_000
"""How long the lists of ECS and of the ledger may lag behind what was already answered: a reading that does
not show what a reservation, or an accepted task, this young stands for says nothing about it."""

FORGET_MS = 7_200_000
"""How long what is gone is remembered, so that no late event brings it back. ECS itself forgets a stopped
task after about an hour."""


CALLS_PER_SECOND = 40
CALLS_AT_ONCE = 100
"""What an account and Region may ask of RunTask, StartTask and StopTask together, as ECS's quotas say."""


def key_of(job: str, attempt: int) -> str:
    """Names one attempt's reservation, and the task that a RunTask call of its own started (`startedBy`)."""
    return f"{job}/{attempt}"


def together(placements: Sequence[Placement]) -> list[list[Placement]]:
    """What is given whole or not at all: each placement alone, each group where its first member stands."""
    units: dict[object, list[Placement]] = {}
    for number, placement in enumerate(placements):
        units.setdefault(number if placement.group is None else placement.group, []).append(placement)
    return list(units.values())


class Meant(NamedTuple):
    """What the jobs that are being placed, and the tasks, say of reservations, by key: `standing` ones must
    be there, those of `seen` have a task instead."""

    standing: Mapping[str, Job]
    seen: frozenset[str]
    by_instance: Mapping[str, Mapping[str, Job]]


def meant_of(placing: Iterable[Job], tasks: Iterable[Task]) -> Meant:
    """The tasks of a call belong to its jobs in the order of their ids, as far as there are tasks. A task
    under an attempt's own name stands for it, whether or not the job is among those being placed."""
    shown = Counter(task.started_by for task in tasks if task.started_by)
    standing, seen = {}, set(shown)
    by_instance: dict[str, dict[str, Job]] = {}
    for job in sorted(placing, key=lambda it: (it.id, it.attempt)):
        key = key_of(job.id, job.attempt)
        call = job.call or key
        if shown[call] > 0:
            shown[call] -= 1
            seen.add(key)
        else:
            standing[key] = job
            by_instance.setdefault(job.instance or "", {})[key] = job
    return Meant(standing, frozenset(seen), by_instance)


def room_only(demand: Demand) -> Demand:
    """The part of a demand that holds room; attributes hold none."""
    return Demand(demand.amount, demand.ports) if demand.attributes else demand


def estimated_end(job: Job, now: int) -> int | None:
    """When a job that starts now should end, in milliseconds."""
    return None if job.estimate_seconds is None else now + 1000 * job.estimate_seconds
