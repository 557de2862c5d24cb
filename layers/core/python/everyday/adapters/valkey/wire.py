"""What is sent to the scripts, and what they answer, as MessagePack. Unknown numbers are `-`."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from everyday.jobs.model import Amount, ContainerInstance, Demand, Job, Task
from everyday.jobs.plan import InstanceView, Placement
from everyday.jobs.reservations import estimated_end, key_of, meant_of
from everyday.jobs.vacancy import Hold, view_of

pack = msgspec.msgpack.encode


class Head(NamedTuple):
    """What the parts of a view belong to."""

    epoch: str
    as_of: int
    generation: str
    instances: list[str]


class Part(NamedTuple):
    """Some instances, each as its fields and values in turn, at the server's `clock`."""

    generation: str
    clock: int
    instances: list[msgspec.Raw]


read_head = msgspec.msgpack.Decoder(Head).decode
read_part = msgspec.msgpack.Decoder(Part).decode
_read_fields = msgspec.msgpack.Decoder(list[str]).decode


def record(instance: ContainerInstance) -> list[Any]:
    """ARN, version, fields, CPU and memory left, and the attributes: many instances have the same ones, so
    they are kept once, under their digest."""
    attributes = msgspec.json.encode(instance.attributes, order="sorted")
    digest = blake2b(attributes, digest_size=12).hexdigest()
    registered, remaining = instance.registered, instance.remaining
    fields: dict[str, object] = {
        "status": instance.status,
        "active_tasks": instance.running_tasks + instance.pending_tasks,
        "registered_cpu": registered.cpu,
        "registered_memory": registered.memory,
        "remaining_cpu": remaining.cpu,
        "remaining_memory": remaining.memory,
        "registered_gpu": registered.gpu,
        "remaining_gpu": remaining.gpu,
        "version": instance.version,
        "ec2_id": instance.ec2_id,
        "agent": int(instance.agent_connected),
        "ports": " ".join(sorted(instance.ports)),
        "attributes": digest,
    }
    flat = [str(it) for pair in fields.items() for it in pair]
    return [
        instance.arn,
        instance.version,
        flat,
        remaining.cpu,
        remaining.memory,
        digest,
        attributes.decode(),
    ]


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
    key = key_of(it.job_id, it.attempt)
    return [
        key,
        it.instance,
        *_room(it.demand),
        number(ends_at),
        _ports(it.demand.ports),
        it.demand.attributes,
    ]


def reading(
    instances: Sequence[ContainerInstance],
    tasks: Sequence[Task],
    placing: Sequence[Job],
    *,
    now: int,
    ends_at: Mapping[str, int],
) -> bytes:
    """A whole reading. Attributes that many instances share are sent once."""
    records = [record(it) for it in instances if it.status != "INACTIVE"]
    shown: dict[str, dict[str, list[Any]]] = {}
    for it in tasks:
        if it.instance is not None and not it.stopped:
            entry = [it.version, *_room(it.demand), _ports(it.demand.ports), number(ends_at.get(it.arn))]
            shown.setdefault(it.instance, {})[it.arn] = entry
    meant = meant_of(placing, tasks)
    return pack(
        {
            "instances": [it[:6] for it in records],
            "attributes": {it[5]: it[6] for it in records},
            "tasks": shown,
            "ended": [[it.arn, it.version] for it in tasks if it.stopped],
            "standing": {key: job.instance or "" for key, job in meant.standing.items()},
            "seen": dict.fromkeys(meant.seen, True),
            "meant": {
                arn: {key: _meant(job, now) for key, job in jobs.items()}
                for arn, jobs in meant.by_instance.items()
            },
        }
    )


def _meant(job: Job, now: int) -> list[Any]:
    return [*_room(job.demand), _ports(job.demand.ports), number(estimated_end(job, now))]


def _room(demand: Demand) -> tuple[int, int, int]:
    return demand.amount.cpu, demand.amount.memory, demand.amount.gpu


def _ports(ports: Sequence[str]) -> str:
    return ",".join(ports) or "-"


class Fields(NamedTuple):
    """An instance as it is stored: its record's fields, and what holds room on it."""

    record: dict[str, str]
    tasks: dict[str, str]
    reservations: dict[str, str]


def fields(raw: msgspec.Raw) -> Fields:
    """Sort the fields of one instance."""
    flat = _read_fields(raw)
    found = Fields({}, {}, {})
    for name, value in zip(flat[::2], flat[1::2], strict=True):
        kind, _, rest = name.partition(":")
        if kind == "task":
            found.tasks[rest] = value
        elif kind == "reservation":
            found.reservations[rest] = value
        else:
            found.record[name] = value
    return found


class Seen(NamedTuple):
    """An instance's view, and until when the clock does not change it."""

    view: InstanceView
    until: float


def seen(arn: str, found: Fields, attributes: Mapping[str, str], clock: int) -> Seen:
    """The instance as the planner sees it at that time. The order of what runs does not depend on events."""
    it = found.record
    instance = ContainerInstance(
        arn=arn,
        ec2_id=it["ec2_id"],
        version=int(it["version"]),
        registered=_amount(it, "registered"),
        remaining=_amount(it, "remaining"),
        status=it["status"],
        agent_connected=it["agent"] == "1",
        ports=frozenset(it["ports"].split()),
        attributes=dict(attributes),
    )
    holds = [_task_hold(found.tasks[name], instance.version) for name in sorted(found.tasks)]
    ends = []
    for _, text in sorted(found.reservations.items()):
        hold, until = _reservation_hold(text)
        if until > clock:
            holds.append(hold)
            ends.append(until)
    suspect = int(it["suspect"])
    if suspect > clock:
        ends.append(suspect)
    view = view_of(instance, holds, suspected=suspect > clock)
    return Seen(view, min(ends, default=float("inf")))


def _task_hold(text: str, version: int) -> Hold:
    _, base, was_seen, _, _, ends, cpu, memory, gpu, ports, _ = text.split(" ")
    return Hold(_demand(cpu, memory, gpu, ports), _number(ends), was_seen == "1" and version > int(base))


def _reservation_hold(text: str) -> tuple[Hold, int]:
    _, _, until, ends, cpu, memory, gpu, ports = text.split(" ")
    return Hold(_demand(cpu, memory, gpu, ports), _number(ends), False), int(until)


def _demand(cpu: str, memory: str, gpu: str, ports: str) -> Demand:
    amount = Amount(int(cpu), int(memory), int(gpu))
    return Demand(amount, () if ports == "-" else tuple(ports.split(",")))


def _number(text: str) -> int | None:
    return None if text == "-" else int(text)


def _amount(it: Mapping[str, str], kind: str) -> Amount:
    return Amount(int(it[f"{kind}_cpu"]), int(it[f"{kind}_memory"]), int(it[f"{kind}_gpu"]))
