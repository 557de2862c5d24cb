"""Which RunTask calls are made for what was planned, and how a task is known as a job's. Pure.

A call for one job is named `<job>/<attempt>` and needs no record. A call for several identical jobs has a
random name that begins with `/`, as no job's does, and a record of its members, stored before it is made.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec

from everyday.jobs.messages import FAMILY_GROUP
from everyday.jobs.model import Job, Overrides, Task
from everyday.jobs.plan import InstanceView, Placement
from everyday.jobs.ports import Launch

MOST_COPIES = 10
"""ECS API reference, RunTask: `count` is at most 10."""


MOST_STARTS = 500
"""Jobs that one pass starts: with all of them alike that is half of the calls that an account has at once."""


class Start(NamedTuple):
    """One RunTask call to be: identical jobs on one instance."""

    jobs: tuple[Job, ...]
    instance: InstanceView
    overrides: Overrides


class Unit(NamedTuple):
    """Calls that are made by one hand: those of a whole group, or a single one."""

    starts: tuple[Start, ...]
    group: str | None = None

    @property
    def jobs(self) -> tuple[Job, ...]:
        return tuple(job for start in self.starts for job in start.jobs)


def units(
    placements: Sequence[Placement],
    jobs: Mapping[str, Job],
    overrides: Mapping[str, Overrides],
    instances: Mapping[str, InstanceView],
) -> list[Unit]:
    """The calls for these placements, in the order of the first job of each.

    Jobs with the same definition, demand, overrides and instance share a call, up to ten. `jobs`, `overrides`
    by job id and `instances` by ARN must know all of them.
    """
    gathered: dict[object, list[Placement]] = {}
    for each in placements:
        job = jobs[each.job_id]
        said = msgspec.json.encode(overrides[each.job_id], order="sorted")
        key = (each.group, each.instance, job.task_definition, each.demand, said)
        gathered.setdefault(key, []).append(each)
    made: dict[object, list[Start]] = {}
    for alike in gathered.values():
        for start in range(0, len(alike), MOST_COPIES):
            members = tuple(jobs[it.job_id] for it in alike[start : start + MOST_COPIES])
            call = Start(members, instances[alike[0].instance], overrides[members[0].id])
            made.setdefault(alike[0].group or members[0].id, []).append(call)
    groups = {each.job_id: each.group for each in placements}
    order = {each.job_id: place for place, each in enumerate(placements)}
    found = [Unit(tuple(starts), groups.get(starts[0].jobs[0].id)) for key, starts in made.items()]
    return sorted(found, key=lambda unit: min(order[job.id] for job in unit.jobs))


def first(placements: Sequence[Placement]) -> Sequence[Placement]:
    """As many as a pass may start, with the whole of their groups: more would be read for nothing."""
    first = placements[:MOST_STARTS]
    groups = {it.group for it in first if it.group}
    return [*first, *(it for it in placements[MOST_STARTS:] if it.group in groups)]


def affordable(wanted: Sequence[Unit], calls: int) -> list[Unit]:
    """The first units for which there are calls; a group's are all there or none of it is begun."""
    begun = []
    for unit in wanted:
        calls -= len(unit.starts)
        if calls < 0:
            break
        begun.append(unit)
    return begun


def kept(unit: Unit, got: frozenset[str]) -> Unit:
    """The unit with those of its jobs that got their room."""
    starts = [start._replace(jobs=tuple(job for job in start.jobs if job.id in got)) for start in unit.starts]
    return unit._replace(starts=tuple(start for start in starts if start.jobs))


def name_of_one(job: Job) -> str:
    """The `startedBy` of a call for this attempt alone."""
    return f"{job.id}/{job.attempt}"


def name_of_many(unique: str) -> str:
    """The `startedBy` of a call for several; `unique` is a new random id."""
    return f"/{unique}"


def for_many(call: str) -> bool:
    return call.startswith("/")


def attempt_of(call: str) -> tuple[str, int] | None:
    """The job id and attempt of a call for one; None when it is not a name that we give."""
    job_id, _, attempt = call.rpartition("/")
    return (job_id, int(attempt)) if job_id and attempt.isdecimal() else None


def token_of(call: str) -> str:
    """The client token of a call: 64 characters, the most that ECS takes."""
    return sha256(call.encode()).hexdigest()


def launch_of(job: Job, overrides: Overrides, copies: int = 1) -> Launch:
    """The call of a claimed job and of those like it, the same whenever it is asked for."""
    return Launch(
        cluster=job.cluster,
        task_definition=job.task_definition,
        instance=job.instance or "",
        ec2_id=job.ec2_id or "",
        call=job.call or "",
        token=job.token or "",
        copies=copies,
        overrides=overrides.value,
        group=FAMILY_GROUP,
    )


def assigned(members: Sequence[str], tasks: Iterable[Task]) -> dict[str, Task]:
    """Which member gets which task of their call: in the order of the ARNs, so every reader sees it alike.

    `tasks` must be all tasks of the call. Members at the end may get none.
    """
    return dict(zip(members, sorted(tasks, key=lambda it: it.arn), strict=False))
