"""The state of clusters in memory: for tests, dry runs and the simulator. Exact, and as fast as it can be."""

import time
from collections.abc import Callable, Mapping, Sequence
from threading import RLock
from uuid import uuid4

from everyday.adapters.memory_cluster import MemoryCluster
from everyday.jobs.model import ContainerInstance, Job, Task
from everyday.jobs.plan import Placement
from everyday.jobs.ports import Freed, View
from everyday.jobs.reservations import CALLS_AT_ONCE, CALLS_PER_SECOND, key_of, together
from everyday.jobs.settling import shown_by


def wall_clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class MemoryState:
    """A ClusterState in dictionaries. Thread-safe. `clock` (milliseconds) is the store's own."""

    def __init__(
        self, clock: Callable[[], int] = wall_clock, *, new_id: Callable[[], str] = lambda: uuid4().hex
    ) -> None:
        self.clusters: dict[str, MemoryCluster] = {}
        self._clock = clock
        self._new_id = new_id
        self._lock = RLock()
        self._tokens, self._filled_at = CALLS_AT_ONCE * 1000, 0

    def wipe(self) -> None:
        """Lose everything, as a store without a disk does when it is started again."""
        with self._lock:
            self.clusters.clear()
            self._tokens = CALLS_AT_ONCE * 1000

    def view(self, cluster: str) -> View | None:
        with self._lock:
            found = self._cluster(cluster)
            if found.epoch is None:
                return None
            return View(found.epoch, found.as_of, found.views())

    def begin_rebuild(self, cluster: str) -> int:
        with self._lock:
            return self._cluster(cluster).draw_ticket()

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
        with self._lock:
            found = self._cluster(cluster)
            if ticket <= found.published:
                return ticket == found.published
            found.publish(shown_by(ticket, instances, tasks, placing, now=now, ends_at=ends_at or {}))
            found.epoch = found.epoch or self._new_id()
            return True

    def put_instance(self, cluster: str, instance: ContainerInstance) -> Freed:
        with self._lock:
            return self._cluster(cluster).put_instance(instance)

    def put_task(self, cluster: str, task: Task, *, ends_at: int | None = None) -> Freed:
        with self._lock:
            return self._cluster(cluster).put_task(task, ends_at)

    def reserve(
        self,
        cluster: str,
        epoch: str,
        placements: Sequence[Placement],
        *,
        ends_at: Mapping[str, int],
        now: int,
    ) -> frozenset[str]:
        with self._lock:
            found = self._cluster(cluster)
            if found.epoch is None or found.epoch != epoch:
                return frozenset()
            return frozenset(
                placement.job_id
                for unit in together(placements)
                if found.reserve(unit, ends_at, now)
                for placement in unit
            )

    def accept(self, cluster: str, job: Job, task: Task) -> None:
        with self._lock:
            self._cluster(cluster).accept(job, task)

    def release(self, cluster: str, jobs: Sequence[Job]) -> None:
        with self._lock:
            for job in jobs:
                self._cluster(cluster).drop(key_of(job.id, job.attempt))

    def suspect(self, cluster: str, instance: str, *, until: int) -> None:
        with self._lock:
            self._cluster(cluster).suspect(instance, until)

    def take(self, wanted: int) -> tuple[int, float]:
        with self._lock:
            now = self._clock()
            self._tokens = min(
                CALLS_AT_ONCE * 1000,
                self._tokens + max(0, now - self._filled_at) * CALLS_PER_SECOND,
            )
            self._filled_at = max(now, self._filled_at)
            granted = max(0, min(wanted, self._tokens // 1000))
            self._tokens -= granted * 1000
            return granted, max(0, 1000 - self._tokens) / (1000 * CALLS_PER_SECOND)

    def begin_pass(self, cluster: str) -> None:
        with self._lock:
            self._cluster(cluster).passes += 1

    def wake_id(self, cluster: str) -> str:
        with self._lock:
            found = self._cluster(cluster)
            return f"{found.epoch}:{found.passes}" if found.epoch else self._new_id()

    def _cluster(self, name: str) -> MemoryCluster:
        if name not in self.clusters:
            self.clusters[name] = MemoryCluster(self._clock)
        return self.clusters[name]
