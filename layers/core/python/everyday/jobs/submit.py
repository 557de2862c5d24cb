"""From a message to jobs: what a message and its task definition together ask for. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from everyday.errors import InvalidMessageError
from everyday.jobs.life import released
from everyday.jobs.messages import JobMessage, RetriesMessage, Submission
from everyday.jobs.model import (
    Amount,
    Demand,
    Group,
    Job,
    JobClass,
    Overrides,
    Retries,
    State,
    Tally,
    TaskDefinition,
)
from everyday.jobs.rank import rank_of

MAX_OVERRIDES = 8192
"""ECS API reference, RunTask: characters of `overrides`, with those of JSON itself."""


def job_of(
    sent: Submission, definition: TaskDefinition, *, cluster: str, step_ms: int
) -> tuple[Job, Overrides]:
    """The job that a message asks for; of an array the parent. Raises InvalidMessageError: which field."""
    message = sent.job
    _check(sent.id, message, definition)
    amount = _amount(message, definition)
    job = Job(
        id=sent.id,
        cluster=cluster,
        task_definition=definition.arn,
        demand=replace(definition.demand, amount=amount),
        enqueued_at=sent.sent_at,
        rank=rank_of(sent.sent_at, message.job_class, step_ms),
        payload=sent.payload,
        queue=message.queue,
        job_class=message.job_class,
        estimate_seconds=message.estimate_seconds,
        timeout_seconds=message.timeout_seconds,
        retries=_retries(message),
        depends_on=tuple(dict.fromkeys(message.depends_on)),
        group=Group(message.group.id, message.group.size) if message.group else None,
        size=message.array,
    )
    return job, _overrides(message, definition, amount)


def refused_job(job_id: str, *, payload: str, cluster: str, sent_at: int, reason: str, now: int) -> Job:
    """The record of a message that never became a job, so that who asks for it is told the reason."""
    return Job(
        id=job_id,
        cluster=cluster,
        task_definition="",
        demand=Demand(Amount()),
        enqueued_at=sent_at,
        rank=rank_of(sent_at, JobClass.NORMAL, 0),
        payload=payload,
        state=State.REJECTED,
        reason=reason,
        finished_at=now,
    )


def depending(job: Job, parents: Mapping[str, State], *, now: int) -> Job:
    """The new job given the outcomes of those that it depends on: it waits, is held, or is cancelled."""
    return released(replace(job, held=bool(job.depends_on)), parents, now=now)


def children_of(parent: Job, *, held: bool) -> Iterator[Job]:
    """The jobs of an array, new."""
    new = replace(
        parent, parent=parent.id, size=None, version=0, held=held, tally=Tally(), ending=None, reason=None
    )
    for index in range(parent.size or 0):
        yield replace(new, id=f"{parent.id}/{index}", index=index)


def _check(job_id: str, message: JobMessage, definition: TaskDefinition) -> None:
    if definition.doubt:
        raise InvalidMessageError(f"task_definition: {definition.doubt}")
    if any(it.partition("/")[0] == job_id for it in message.depends_on):
        raise InvalidMessageError("depends_on: a job cannot wait for itself")
    if message.group and message.array and message.group.size != message.array:
        raise InvalidMessageError(
            f"group.size: all {message.array} jobs of the array are in the group, so it must be that many"
        )
    names = [_name(it.name, definition) for it in message.overrides.container_overrides]
    for index, name in enumerate(names):
        where = f"overrides.containerOverrides[{index}].name"
        if name not in definition.containers:
            known = ", ".join(definition.containers)
            raise InvalidMessageError(f"{where}: {definition.family} has no container {name!r}, only {known}")
        if name in names[:index]:
            raise InvalidMessageError(f"{where}: container {name!r} is overridden twice")


def _amount(message: JobMessage, definition: TaskDefinition) -> Amount:
    wanted, given = definition.demand.amount, message
    amount = Amount(
        wanted.cpu if given.cpu is None else given.cpu,
        wanted.memory if given.memory is None else given.memory,
        wanted.gpu if given.gpu is None else given.gpu,
    )
    several = len(definition.containers) > 1
    for size in ("cpu", "memory"):
        if getattr(amount, size) != getattr(wanted, size) and several and size not in definition.task_level:
            raise InvalidMessageError(
                f"{size}: {definition.family} has several containers; "
                f"give its task definition a {size} for the whole task, or leave this out"
            )
    if amount.memory != wanted.memory and definition.soft and "memory" not in definition.task_level:
        raise InvalidMessageError(
            f"memory: {definition.family} sets memoryReservation; give its task definition a memory for the "
            "whole task, or leave this out"
        )
    if amount.gpu != wanted.gpu and (several or amount.gpu == 0):
        raise InvalidMessageError(
            f"gpu: {definition.family} asks for {wanted.gpu}, which can only be changed for a single "
            "container and not to 0"
        )
    return amount


def _overrides(message: JobMessage, definition: TaskDefinition, amount: Amount) -> Overrides:
    """RunTask's overrides with the sizes in them: ECS must reserve just what was planned with.

    A size is set for the task where the definition sets it there, and for a single container too, whose own
    limit would hold otherwise.
    """
    value: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(message.overrides))
    value.update(_task_sizes(definition, amount))
    containers = {
        name: {**each, "name": name}
        for each in value.pop("containerOverrides", [])
        for name in [_name(each.get("name"), definition)]
    }
    own = _container_sizes(definition, amount)
    if own or message.array:
        first = definition.containers[0]
        # The first container leads the list, because a child's place goes into the first entry.
        containers = {first: {"name": first, **containers.pop(first, {}), **own}, **containers}
    if containers:
        value["containerOverrides"] = list(containers.values())
    length = len(msgspec.json.encode(value).decode()) if value else 0
    if length > MAX_OVERRIDES:
        raise InvalidMessageError(f"overrides: {length} characters; ECS takes {MAX_OVERRIDES}")
    return Overrides(value)


def _task_sizes(definition: TaskDefinition, amount: Amount) -> dict[str, str]:
    wanted = definition.demand.amount
    changed = {"cpu": amount.cpu != wanted.cpu, "memory": amount.memory != wanted.memory}
    return {name: str(getattr(amount, name)) for name in definition.task_level if changed.get(name)}


def _container_sizes(definition: TaskDefinition, amount: Amount) -> dict[str, Any]:
    wanted = definition.demand.amount
    sizes: dict[str, Any] = {}
    if len(definition.containers) == 1:
        if amount.cpu != wanted.cpu:
            sizes["cpu"] = amount.cpu
        if amount.memory != wanted.memory:
            sizes["memory"] = amount.memory
        if amount.gpu != wanted.gpu:
            sizes["resourceRequirements"] = [{"type": "GPU", "value": str(amount.gpu)}]
    return sizes


def _retries(message: JobMessage) -> Retries:
    asked = message.retries
    if isinstance(asked, RetriesMessage):
        return Retries(attempts=asked.attempts, exit_codes=asked.exit_codes)
    return Retries(attempts=asked)


def _name(name: str | None, definition: TaskDefinition) -> str:
    return name or definition.containers[0]
