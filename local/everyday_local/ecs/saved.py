"""What outlives the stand-in's process: everything but the containers, which end with it.

A record is written when it changes, before the answer that tells of the change.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from everyday_local.ecs.records import Cluster, Container, Definition, Instance, Task
from everyday_local.ecs.resources import Demand, Stock
from everyday_local.ecs.tokens import Answered
from everyday_local.ecs.views import task_view
from everyday_local.ecs.world import World

Saved = TypeVar("Saved")


class SavedInstance(msgspec.Struct, kw_only=True):
    """`cluster` by name."""

    arn: str
    id: str
    cluster: str
    ec2_id: str
    cpu: int
    memory: int
    gpus: tuple[str, ...]
    enis: int
    tcp: frozenset[int]
    udp: frozenset[int]
    attributes: dict[str, str | None]
    registered_at: datetime
    status: str
    version: int
    tags: list[dict[str, str]]


class SavedTask(msgspec.Struct, kw_only=True):
    """`instance` and `definition` by ARN."""

    arn: str
    id: str
    instance: str
    definition: str
    demand: Demand
    overrides: dict[str, Any]
    containers: list[Container]
    group: str
    started_by: str | None
    created_at: datetime
    tags: list[dict[str, str]]
    status: str
    version: int
    stop_code: str | None
    stopped_reason: str | None
    times: dict[str, datetime]
    gpu_ids: list[str]


class Store:
    """A file of records by kind and key. Survives any end of the process, not one of the machine."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS record (kind TEXT, key TEXT, body BLOB, PRIMARY KEY (kind, key))"
        )

    def save(self, world: World) -> None:
        """Write what changed since the last time."""
        changed, world.changed = world.changed, set()
        if not changed:
            return
        with self._db:
            self._db.execute("BEGIN")
            for kind, key in changed:
                self._write(kind, key, _FORMS[kind](world, key))

    def load(self, kind: str, form: type[Saved]) -> Iterator[tuple[str, Saved]]:
        """The records of a kind in the order in which they were first written."""
        rows = self._db.execute("SELECT key, body FROM record WHERE kind = ? ORDER BY rowid", (kind,))
        for key, body in rows.fetchall():
            yield key, msgspec.json.decode(body, type=form)

    def close(self) -> None:
        self._db.close()

    def _write(self, kind: str, key: str, form: Any) -> None:
        if form is None:
            self._db.execute("DELETE FROM record WHERE kind = ? AND key = ?", (kind, key))
            return
        self._db.execute(
            "INSERT INTO record VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
            (kind, key, msgspec.json.encode(form, order="deterministic")),
        )


def restore(store: Store, world: World) -> None:
    """Fill an empty world. Tasks that were not STOPPED still hold what they took."""
    for name, cluster in store.load("cluster", Cluster):
        world.clusters[name] = cluster
    for _, definition in store.load("definition", Definition):
        definition.content = with_times(definition.content)
        world.definitions.setdefault(definition.family, []).append(definition)
    for arn, instance in store.load("instance", SavedInstance):
        world.instances[arn] = _instance(world, instance)
        world.refresh_instance(world.instances[arn])
    for key, answered in store.load("token", Answered):
        cluster_name, _, token = key.partition(" ")
        world.answers[cluster_name, token] = answered._replace(answer=with_times(answered.answer))
    for _, saved in store.load("task", SavedTask):
        _seat(world, _task(world, saved))


def _seat(world: World, task: Task) -> None:
    world.tasks[task.arn] = task
    world.seen_tasks.put(task.arn, task_view(task), world.timeline.now())
    if task.live:
        task.gpu_ids = task.instance.stock.take(task.demand)
        task.instance.live[task.arn] = task
        world.refresh_instance(task.instance)


def with_times(value: Any, name: str = "") -> Any:
    """What JSON told as text and ECS's members ending in `At` hold as times."""
    if isinstance(value, Mapping):
        return {name: with_times(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [with_times(each) for each in value]
    return datetime.fromisoformat(value) if name.endswith("At") and isinstance(value, str) else value


def _instance(world: World, saved: SavedInstance) -> Instance:
    return Instance(
        arn=saved.arn,
        id=saved.id,
        cluster=world.clusters[saved.cluster],
        ec2_id=saved.ec2_id,
        stock=Stock(saved.cpu, saved.memory, saved.gpus, saved.enis, saved.tcp, saved.udp),
        attributes=saved.attributes,
        registered_at=saved.registered_at,
        status=saved.status,
        connected=saved.status != "INACTIVE",
        version=saved.version,
        tags=saved.tags,
    )


def _task(world: World, saved: SavedTask) -> Task:
    instance, definition = world.instances[saved.instance], world.definition(saved.definition)
    return Task(
        arn=saved.arn,
        id=saved.id,
        cluster=instance.cluster,
        instance=instance,
        definition=definition,
        demand=saved.demand,
        overrides=saved.overrides,
        containers=saved.containers,
        group=saved.group,
        started_by=saved.started_by,
        created_at=saved.created_at,
        order=world.next_order(),
        tags=saved.tags,
        status=saved.status,
        desired="RUNNING" if saved.stop_code is None else "STOPPED",
        version=saved.version,
        begun="startedAt" in saved.times,
        stop_code=saved.stop_code,
        stopped_reason=saved.stopped_reason,
        times=saved.times,
        gpu_ids=saved.gpu_ids,
    )


def _of_instance(world: World, arn: str) -> SavedInstance:
    instance = world.instances[arn]
    stock = instance.stock
    return SavedInstance(
        arn=arn,
        id=instance.id,
        cluster=instance.cluster.name,
        ec2_id=instance.ec2_id,
        cpu=stock.cpu,
        memory=stock.memory,
        gpus=stock.gpus,
        enis=stock.enis,
        tcp=stock.reserved_tcp,
        udp=stock.reserved_udp,
        attributes=instance.attributes,
        registered_at=instance.registered_at,
        status=instance.status,
        version=instance.version,
        tags=instance.tags,
    )


def _of_task(world: World, arn: str) -> SavedTask | None:
    task = world.tasks.get(arn)
    if task is None:
        return None
    return SavedTask(
        arn=arn,
        id=task.id,
        instance=task.instance.arn,
        definition=task.definition.arn,
        demand=task.demand,
        overrides=task.overrides,
        containers=task.containers,
        group=task.group,
        started_by=task.started_by,
        created_at=task.created_at,
        tags=task.tags,
        status=task.status,
        version=task.version,
        stop_code=task.stop_code,
        stopped_reason=task.stopped_reason,
        times=task.times,
        gpu_ids=task.gpu_ids,
    )


def _of_definition(world: World, key: str) -> Definition:
    return next(each for revisions in world.definitions.values() for each in revisions if each.arn == key)


_FORMS: Mapping[str, Callable[[World, str], Any]] = {
    "cluster": lambda world, key: world.clusters[key],
    "definition": _of_definition,
    "instance": _of_instance,
    "token": lambda world, key: world.answers.get((key.partition(" ")[0], key.partition(" ")[2])),
    "task": _of_task,
}
