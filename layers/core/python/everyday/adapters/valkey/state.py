"""The state of clusters in Valkey (cluster mode must be off).

What others may read, and nobody but the scripts writes:

- `<cluster>:instance:<arn>`: a hash with `status`, `active_tasks`, `registered_cpu`, `registered_memory`,
  `remaining_cpu` and `remaining_memory` (CPU units and MiB, as ECS says), and fields of our own;
- `<cluster>:remaining_cpu`, `<cluster>:remaining_memory`: the sums of the last two over all instances.
"""

from collections.abc import Callable, Mapping, Sequence
from uuid import uuid4

from everyday.adapters.valkey import wire
from everyday.adapters.valkey.readings import Readings
from everyday.adapters.valkey.scripts import Script
from everyday.adapters.valkey.server import Server
from everyday.adapters.valkey.views import Views
from everyday.errors import StateUnavailable
from everyday.jobs.model import ContainerInstance, Job, Task
from everyday.jobs.plan import Placement
from everyday.jobs.ports import Freed, View
from everyday.jobs.reservations import CALLS_AT_ONCE, CALLS_PER_SECOND, key_of, together
from everyday.jobs.settling import shown_by

_BUCKET = "run-task-calls"  # no cluster's key: those have a colon


class ValkeyState:
    """A ClusterState over one server. Thread-safe. `clock` (milliseconds) None: the server's own."""

    def __init__(
        self,
        server: Server,
        *,
        clock: Callable[[], int] | None = None,
        new_id: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        self._server = server
        self._clock = clock
        self._new_id = new_id
        self._views = Views(server)
        self._readings = Readings(server)

    def view(self, cluster: str) -> View | None:
        return self._views.view(cluster, self._now())

    def begin_rebuild(self, cluster: str) -> int:
        return int(self._server.run(Script.TICKET, cluster, self._now()))

    def replace(
        self,
        cluster: str,
        ticket: int,
        instances: Sequence[ContainerInstance],
        tasks: Sequence[Task],
        placing: Sequence[Job],
        *,
        now: int,
        ends_at: Mapping[str, int] | None = None,
    ) -> bool:
        shown = shown_by(ticket, instances, tasks, placing, now=now, ends_at=ends_at or {})
        return self._readings.publish(cluster, self._now(), shown, self._new_id())

    def put_instance(self, cluster: str, instance: ContainerInstance) -> Freed:
        attributes, left = wire.attributes(instance), instance.remaining
        digest = wire.digest(attributes)
        fields = wire.flat(wire.record_fields(instance, digest))
        record = wire.pack([instance.arn, instance.version, fields, left.cpu, left.memory, digest])
        words = (record, _flag(instance.status == "INACTIVE"), attributes)
        return _freed(self._server.run(Script.PUT_INSTANCE, cluster, self._now(), *words))

    def put_task(self, cluster: str, task: Task, *, ends_at: int | None = None) -> Freed:
        words = (wire.task(task), _flag(task.stopped), wire.number(ends_at))
        return _freed(self._server.run(Script.PUT_TASK, cluster, self._now(), *words))

    def reserve(
        self,
        cluster: str,
        epoch: str,
        placements: Sequence[Placement],
        *,
        ends_at: Mapping[str, int],
        now: int,
    ) -> frozenset[str]:
        units = together(placements)
        words = (epoch, str(now), wire.units(units, ends_at))
        given = self._server.run(Script.RESERVE, cluster, self._now(), *words)
        return frozenset(placement.job_id for number in given for placement in units[number - 1])

    def accept(self, cluster: str, job: Job, task: Task) -> None:
        words = (key_of(job.id, job.attempt), wire.task(task), _flag(task.stopped), job.instance or "")
        self._server.run(Script.ACCEPT, cluster, self._now(), *words)

    def release(self, cluster: str, jobs: Sequence[Job]) -> None:
        if jobs:
            keys = [key_of(job.id, job.attempt) for job in jobs]
            self._server.run(Script.RELEASE, cluster, self._now(), *keys)

    def suspect(self, cluster: str, instance: str, *, until: int) -> None:
        self._server.run(Script.SUSPECT, cluster, self._now(), instance, str(until))

    def take(self, wanted: int) -> tuple[int, float]:
        words = (str(wanted), str(CALLS_PER_SECOND), str(CALLS_AT_ONCE))
        # Not again when the answer is lost: what was taken stays taken.
        granted, short = self._server.run(Script.TAKE, _BUCKET, self._now(), *words, again=False)
        return int(granted), short / (1000 * CALLS_PER_SECOND)

    def begin_pass(self, cluster: str) -> None:
        self._server.command("INCR", f"{cluster}:pass")

    def wake_id(self, cluster: str) -> str:
        try:
            found = self._server.run(Script.WAKE, cluster, self._now())
        except StateUnavailable:
            found = None
        return found.decode() if found else self._new_id()

    def _now(self) -> str:
        return str(self._clock()) if self._clock else ""


def _flag(it: bool) -> str:
    return "1" if it else "0"


def _freed(answer: Sequence[int]) -> Freed:
    return Freed(bool(answer[0]), bool(answer[1]))
