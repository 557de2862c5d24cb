"""An instance as it is stored: one hash. Its holds are one line of text each, in the order of the names here.

The scripts read and write the same lines; `-` is what nobody knows.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from everyday.adapters.valkey.wire import RECORD
from everyday.jobs.instance_state import Entry, InstanceState, Reservation
from everyday.jobs.model import Amount, ContainerInstance, Demand
from everyday.jobs.plan import InstanceView
from everyday.jobs.vacancy import sums

_read_flat = msgspec.msgpack.Decoder(list[str]).decode


class Stored(NamedTuple):
    """The fields of one instance: of its record and its state, and of what holds room on it."""

    fields: dict[str, str]
    tasks: dict[str, str]
    reservations: dict[str, str]

    @property
    def changes(self) -> str:
        """Another text after every change of the hash."""
        return self.fields.get("changes", "")

    @property
    def digest(self) -> str:
        """Names the attributes."""
        return self.fields["about"].split(" ")[4]

    @property
    def has_record(self) -> bool:
        return "about" in self.fields

    @property
    def version(self) -> int:
        """The record's; 0 without one."""
        return int(self.fields["about"].partition(" ")[0]) if self.has_record else 0

    @property
    def stamp(self) -> int:
        """When the record came, or what is on the instance was told; 0 when a reading brought it."""
        return int(self.fields["state"].partition(" ")[0]) if "state" in self.fields else 0

    @property
    def is_plain(self) -> bool:
        """Whether nothing is known of it but a record, if at all."""
        return not (self.tasks or self.reservations or "state" in self.fields or "held" in self.fields)


NOTHING = Stored({}, {}, {})

_NONE_HELD = "0 0 0 0 0 0"


def read(raw: msgspec.Raw) -> Stored:
    """Sort the fields and values that follow each other."""
    flat = _read_flat(raw)
    fields = dict(zip(flat[::2], flat[1::2], strict=True))
    found = Stored(fields, {}, {})
    if len(fields) > len(RECORD) or "about" not in fields:
        for name in flat[::2]:
            kind, colon, rest = name.partition(":")
            if colon:
                holds = found.tasks if kind == "task" else found.reservations
                holds[rest] = fields.pop(name)
    return found


def state_of(arn: str, stored: Stored, attributes: Mapping[str, str]) -> InstanceState:
    """What is stored of an instance, to be worked with."""
    it = InstanceState(arn)
    fields = stored.fields
    if stored.has_record:
        it.record = _record(arn, fields, attributes)
    if "state" in fields:
        stamp, suspect, freed, _ = fields["state"].split(" ")
        it.stamp, it.suspected_until, it.freed = int(stamp), int(suspect), freed == "1"
    it.tasks = {name: _task(text) for name, text in stored.tasks.items()}
    it.reservations = {name: _reservation(text) for name, text in stored.reservations.items()}
    return it


def state_fields(it: InstanceState) -> dict[str, str]:
    """What is stored of an instance beside its record."""
    fields = {f"task:{arn}": _task_text(entry) for arn, entry in it.tasks.items()}
    fields |= {f"reservation:{key}": _reservation_text(found) for key, found in it.reservations.items()}
    held, pending, ports = sums(it.holds(-1))
    expires = min((found.until for found in it.reservations.values()), default=0)
    fields["state"] = f"{it.stamp} {it.suspected_until} {int(it.freed)} {expires}"
    if (text := f"{_amount_text(held)} {_amount_text(pending)}") != _NONE_HELD:
        fields["held"] = text
    if ports:
        fields["held_ports"] = " ".join(sorted(ports))
    return fields


def plain(found: Stored) -> dict[str, str]:
    """The same fields of what is stored, whoever wrote it."""
    fields = {name: text for name, text in found.fields.items() if name != "changes"}
    if fields.get("held") == _NONE_HELD:
        del fields["held"]
    ports = " ".join(sorted(fields.pop("held_ports", "").split()))
    return {
        **fields,
        **({"held_ports": ports} if ports else {}),
        **{f"task:{arn}": text for arn, text in found.tasks.items()},
        **{f"reservation:{key}": text for key, text in found.reservations.items()},
    }


def is_settled(text: str, version: int) -> bool:
    """Whether a stored task is at least of this version, was seen, and is in what `remaining` shows."""
    stored_version, base, was_seen, _ = text.split(" ", 3)
    return base == "-1" and was_seen == "1" and int(stored_version) >= version


class Seen(NamedTuple):
    """An instance's view, and until when the clock does not change it."""

    view: InstanceView | None
    until: float


def seen(it: InstanceState, clock: int) -> Seen:
    """The instance as the planner sees it at that time; no view without a record."""
    ends = [found.until for found in it.reservations.values() if found.until > clock]
    if it.suspected_until > clock:
        ends.append(it.suspected_until)
    return Seen(it.view(clock), min(ends, default=float("inf")))


def _record(arn: str, fields: Mapping[str, str], attributes: Mapping[str, str]) -> ContainerInstance:
    version, agent, *gpus, _, ec2_id = fields["about"].split(" ")
    registered, remaining = (
        Amount(int(fields[f"{kind}_cpu"]), int(fields[f"{kind}_memory"]), int(gpu))
        for kind, gpu in zip(("registered", "remaining"), gpus, strict=True)
    )
    return ContainerInstance(
        arn=arn,
        ec2_id="" if ec2_id == "-" else ec2_id,
        version=int(version),
        registered=registered,
        remaining=remaining,
        status=fields["status"],
        agent_connected=agent == "1",
        ports=frozenset(fields["ports"].split()),
        attributes=dict(attributes),
    )


def _task(text: str) -> Entry:
    version, base, was_seen, freed, stamp, ends, cpu, memory, gpu, ports, owner = text.split(" ")
    return Entry(
        _demand(cpu, memory, gpu, ports),
        int(version),
        int(base),
        int(stamp),
        _number(ends),
        None if owner == "-" else owner,
        was_seen == "1",
        freed == "1",
    )


def _task_text(it: Entry) -> str:
    flags = f"{int(it.seen)} {int(it.freed)}"
    return (
        f"{it.version} {it.base} {flags} {it.stamp} {_text(it.ends_at)} {_room(it.demand)} {it.owner or '-'}"
    )


def _reservation(text: str) -> Reservation:
    base, stamp, until, ends, cpu, memory, gpu, ports = text.split(" ")
    return Reservation(_demand(cpu, memory, gpu, ports), int(base), int(stamp), int(until), _number(ends))


def _reservation_text(it: Reservation) -> str:
    return f"{it.base} {it.stamp} {it.until} {_text(it.ends_at)} {_room(it.demand)}"


def _demand(cpu: str, memory: str, gpu: str, ports: str) -> Demand:
    amount = Amount(int(cpu), int(memory), int(gpu))
    return Demand(amount, () if ports == "-" else tuple(ports.split(",")))


def _room(it: Demand) -> str:
    return f"{_amount_text(it.amount)} {','.join(it.ports) or '-'}"


def _amount_text(it: Amount) -> str:
    return f"{it.cpu} {it.memory} {it.gpu}"


def _number(text: str) -> int | None:
    return None if text == "-" else int(text)


def _text(value: int | None) -> str:
    return "-" if value is None else str(value)
