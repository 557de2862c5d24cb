"""What is sent to the scripts, and what they answer, as MessagePack. Unknown numbers are `-`."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from everyday.jobs.model import ContainerInstance, Task
from everyday.jobs.plan import Placement
from everyday.jobs.reservations import key_of

pack = msgspec.msgpack.encode


def attributes(it: ContainerInstance) -> bytes:
    """An instance's attributes. Many instances have the same ones: they are kept once."""
    return msgspec.json.encode(it.attributes, order="sorted")


def digest(attributes: bytes) -> str:
    """Under which they are kept."""
    return blake2b(attributes, digest_size=8).hexdigest()


RECORD = (
    *("status", "active_tasks", "registered_cpu", "registered_memory", "remaining_cpu", "remaining_memory"),
    *("about", "ports"),
)
"""The fields of an instance's record. Those of the first line are for others to read.

Few fields, and short ones: Valkey keeps a small hash in one piece, and is quicker with it.
"""


def record(it: ContainerInstance, digest: str) -> tuple[str, int, int, int, int, int, str, str]:
    """The values of a record's fields."""
    registered, remaining = it.registered, it.remaining
    return (
        it.status,
        it.running_tasks + it.pending_tasks,
        registered.cpu,
        registered.memory,
        remaining.cpu,
        remaining.memory,
        f"{it.version} {it.agent_connected:d} {registered.gpu} {remaining.gpu} {digest} {it.ec2_id or '-'}",
        " ".join(sorted(it.ports)),
    )


def record_fields(it: ContainerInstance, digest: str) -> dict[str, str]:
    """A record by its fields."""
    return dict(zip(RECORD, map(str, record(it, digest)), strict=True))


def flat(fields: Mapping[str, str]) -> list[str]:
    """Fields and values in turn."""
    return [text for pair in fields.items() for text in pair]


def task(it: Task) -> bytes:
    """A task's record."""
    demand = [it.demand.amount.cpu, it.demand.amount.memory, it.demand.amount.gpu, _ports(it.demand.ports)]
    return pack([it.arn, it.version, *demand, it.instance or "", it.started_by or ""])


def number(value: int | None) -> str:
    """A number, or what stands for nobody knowing."""
    return "-" if value is None else str(value)


def units(together: Iterable[Sequence[Placement]], ends_at: Mapping[str, int]) -> bytes:
    """What is to be reserved."""
    return pack([[_wanted(it, ends_at.get(it.job_id)) for it in unit] for unit in together])


def _wanted(it: Placement, ends_at: int | None) -> list[Any]:
    amount, ports = it.demand.amount, _ports(it.demand.ports)
    room = (amount.cpu, amount.memory, amount.gpu)
    key = key_of(it.job_id, it.attempt)
    return [key, it.instance, *room, number(ends_at), ports, it.demand.attributes]


def _ports(ports: Sequence[str]) -> str:
    return ",".join(ports) or "-"
