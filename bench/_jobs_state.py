"""What the state of a cluster costs in Valkey: reservations, whole readings, views. A server of its own."""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import redis
from _report import Row
from msgspec.structs import replace

from everyday.adapters.valkey.server import Server, connect
from everyday.adapters.valkey.state import ValkeyState
from everyday.jobs.model import Amount, ContainerInstance, Demand
from everyday.jobs.plan import Placement
from everyday_local.folder import Folder
from everyday_local.ports import any_free
from everyday_local.processes import Processes
from everyday_local.valkey import valkey

INSTANCES = 5_000
BATCHES = 400
BATCH = 20
ROUNDS = 7
BASELINE_INSTANCES = 500
CLUSTER = "bench"
ARN = "arn:aws:ecs:eu-west-1:123456789012:container-instance/main/{:032x}"


def state() -> Iterator[Row]:
    """Everything over one loopback server and one connection."""
    with _server() as url:
        client = connect(url)
        measured = ValkeyState(Server(lambda: client))
        yield from _snapshots(measured, client)
        yield from _reservations(measured)
        yield from _views(url)


@contextmanager
def _server() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as path:
        folder = Folder(Path(path))
        processes = Processes(folder)
        try:
            yield processes.start(valkey(folder, port=any_free())).address
        finally:
            processes.close()


def _instances() -> list[ContainerInstance]:
    """Like a cluster in three zones: 35 attributes each, most of them the same everywhere."""
    capabilities = {f"ecs.capability.number-{number}": f"{number}" for number in range(34)}
    return [
        ContainerInstance(
            arn=ARN.format(number),
            ec2_id=f"i-{number:017x}",
            version=1,
            registered=Amount(4_096, 15_800),
            remaining=Amount(4_096, 15_800),
            ports=frozenset({"22/tcp", "2375/tcp", "2376/tcp", "51678/tcp", "51679/tcp"}),
            attributes={**capabilities, "ecs.availability-zone": "abc"[number % 3]},
        )
        for number in range(INSTANCES)
    ]


def _snapshots(measured: ValkeyState, client: redis.Redis) -> Iterator[Row]:
    """A reading of instances that are all new, and of ones that all changed, beside an instance at a time."""
    instances = _instances()
    new, changed, plain = [], [], []
    trips = 0
    for turn in range(ROUNDS):
        name = f"{CLUSTER}-{turn}"
        plain.append(_seconds(lambda: _an_instance_at_a_time(client)) * INSTANCES / BASELINE_INSTANCES)
        with _round_trips(client) as counted:
            new.append(_seconds(partial(_publish, measured, name, instances)))
        trips = max(trips, len(counted))
        later = [replace(it, version=turn + 2) for it in instances]
        with _round_trips(client) as counted:
            changed.append(_seconds(partial(_publish, measured, name, later)))
        trips = max(trips, len(counted))
        client.flushall()
    times = INSTANCES // BASELINE_INSTANCES
    note = f"median of {ROUNDS} in turn; the peer's: {BASELINE_INSTANCES} instances, times {times}"
    peers = {"HMSET and two HGET an instance": float(round(median(plain) * 1e3))}
    for what, spent in (("new", new), ("changed", changed)):
        ratios = [slow / fast for slow, fast in zip(plain, spent, strict=True)]
        yield Row(
            name=f"snapshot of 5,000 {what} instances against one at a time",
            value=round(median(ratios), 1),
            unit="times as fast",
            better="higher",
            goal=20,
            note=note,
        )
        yield Row(
            name=f"snapshot of 5,000 {what} instances",
            value=round(median(spent) * 1e3, 1),
            unit="ms",
            better="lower",
            peers=peers,
        )
    yield Row(
        name="snapshot of 5,000 instances: round trips",
        value=trips,
        unit="round trips",
        better="lower",
        goal=10,
        note="the most of all readings, with the ticket",
    )


def _publish(measured: ValkeyState, name: str, instances: list[ContainerInstance]) -> None:
    ticket = measured.begin_rebuild(name)
    if not measured.replace(name, ticket, instances, [], [], now=ticket):
        raise AssertionError("it was not published")


def _an_instance_at_a_time(client: redis.Redis) -> None:
    for number in range(BASELINE_INSTANCES):
        key = f"plain:instance:{ARN.format(number)}"
        fields: dict[Any, Any] = {
            "status": "ACTIVE",
            "active_tasks": 0,
            "registered_cpu": 4_096,
            "registered_memory": 15_800,
            "remaining_cpu": 4_096,
            "remaining_memory": 15_800,
        }
        client.hset(key, mapping=fields)
        client.hget(key, "remaining_cpu")
        client.hget(key, "remaining_memory")


@contextmanager
def _round_trips(client: redis.Redis) -> Iterator[list[None]]:
    """Counts how often something was waited for that had just been sent."""
    connection: Any = client.connection_pool.get_connection()
    client.connection_pool.release(connection)
    trips: list[None] = []
    sent = False
    send, read = connection.send_packed_command, connection.read_response

    def sending(*args: Any, **kwargs: Any) -> Any:
        nonlocal sent
        sent = True
        return send(*args, **kwargs)

    def reading(*args: Any, **kwargs: Any) -> Any:
        nonlocal sent
        if sent:
            trips.append(None)
        sent = False
        return read(*args, **kwargs)

    connection.send_packed_command, connection.read_response = sending, reading
    try:
        yield trips
    finally:
        connection.send_packed_command, connection.read_response = send, read


def _reservations(measured: ValkeyState) -> Iterator[Row]:
    """Batches for instances anywhere in a cluster of 5,000."""
    _publish(measured, CLUSTER, _instances())
    view = measured.view(CLUSTER)
    if view is None:
        raise AssertionError("nothing to see")
    chance = random.Random(1)
    times, given = [], 0
    for batch in range(BATCHES):
        wanted = [
            Placement(f"{batch}-{it}", 1, ARN.format(chance.randrange(INSTANCES)), Demand(Amount(64, 256)))
            for it in range(BATCH)
        ]
        begun = time.perf_counter()
        given += len(measured.reserve(CLUSTER, view.epoch, wanted, ends_at={}, now=0))
        times.append(time.perf_counter() - begun)
    yield Row(
        name="reservations committed at 5,000 instances",
        value=round(given / sum(times)),
        unit="a second",
        better="higher",
        goal=5_000,
        note=f"batches of {BATCH}, one after the other over one connection",
    )
    yield Row(
        name=f"a batch of {BATCH} reservations at 5,000 instances, p99",
        value=round(quantiles(times, n=100)[98] * 1e3, 2),
        unit="ms",
        better="lower",
        goal=5,
        note=f"p50 {median(times) * 1e3:.2f} ms",
    )


def _views(url: str) -> Iterator[Row]:
    """The first look of a process at 5,000 instances, and the next when twenty changed."""
    fresh = ValkeyState(Server(lambda: connect(url)))
    first = _seconds(lambda: fresh.view(CLUSTER))
    later = []
    for turn in range(ROUNDS):
        for number in range(20):
            fresh.suspect(CLUSTER, ARN.format(number), until=turn + 1)
        later.append(_seconds(lambda: fresh.view(CLUSTER)))
    yield Row(
        name="a view of 5,000 instances when 20 changed since the last",
        value=round(median(later) * 1e3, 1),
        unit="ms",
        better="lower",
        peers={"the first view of a process": round(first * 1e3, 1)},
    )


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
