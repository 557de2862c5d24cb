"""Everything that exists, how it is found by the names that callers use, and how a change becomes known."""

import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from everyday_local.ecs.errors import client_error, cluster_not_found, invalid
from everyday_local.ecs.events import INSTANCE, TASK, Outbox
from everyday_local.ecs.history import History, Transition
from everyday_local.ecs.records import Cluster, Definition, Instance, Names, Task
from everyday_local.ecs.timeline import Timeline
from everyday_local.ecs.tokens import Answered
from everyday_local.ecs.views import instance_view, task_view
from everyday_local.ecs.visibility import Visible


class World:
    """The state of the stand-in. Not safe by itself: its owner locks.

    `changed` holds kind and key of what changed since it was last emptied; `answers` are those kept for a
    cluster and client token.
    """

    def __init__(
        self, *, names: Names, timeline: Timeline, rng: random.Random, outbox: Outbox, history: History
    ) -> None:
        self.names, self.timeline, self.rng, self.outbox = names, timeline, rng, outbox
        self.history = history
        self.clusters: dict[str, Cluster] = {}
        self.instances: dict[str, Instance] = {}
        self.definitions: dict[str, list[Definition]] = {}
        self.tasks: dict[str, Task] = {}
        self.seen_instances, self.seen_tasks = Visible(), Visible()
        self.answers: dict[tuple[str, str], Answered] = {}
        self.changed: set[tuple[str, str]] = set()
        self._orders = 0

    def next_order(self) -> int:
        self._orders += 1
        return self._orders

    def new_id(self) -> str:
        return f"{self.rng.getrandbits(128):032x}"

    def set_delay(self, delay: timedelta) -> None:
        """How late List and Describe see a change."""
        self.seen_instances.delay = self.seen_tasks.delay = delay

    def touch_task(self, task: Task) -> None:
        """The task changed: its version rises, and an event says so."""
        now = self.timeline.now()
        task.version += 1
        self.changed.add(("task", task.arn))
        view = task_view(task)
        self.seen_tasks.put(task.arn, view, now)
        self.history.changed(Transition.of(task, now))
        self.outbox.post(TASK, task.arn, view, now)

    def touch_instance(self, instance: Instance) -> None:
        """The instance changed: its version rises, and an event says so."""
        instance.version += 1
        self.refresh_instance(instance)
        now = self.timeline.now()
        view = {**instance_view(instance), "clusterArn": instance.cluster.arn}
        self.outbox.post(INSTANCE, instance.arn, view, now)

    def refresh_instance(self, instance: Instance) -> None:
        """Its counts changed, and nothing that ECS makes an event of."""
        self.changed.add(("instance", instance.arn))
        self.seen_instances.put(instance.arn, instance_view(instance), self.timeline.now())

    def forget_task(self, task: Task) -> None:
        """ECS shows a stopped task for a while only."""
        self.tasks.pop(task.arn, None)
        self.seen_tasks.forget(task.arn)
        self.changed.add(("task", task.arn))

    def cluster(self, reference: str | None) -> Cluster:
        """By name or ARN; none given: `default`. Raises EcsError (ClusterNotFoundException)."""
        name = last_part(reference or "default")
        cluster = self.clusters.get(name)
        if cluster is None or cluster.status != "ACTIVE" or reference not in {None, "", name, cluster.arn}:
            raise cluster_not_found()
        return cluster

    def instances_of(self, cluster: Cluster) -> list[Instance]:
        return [instance for instance in self.instances.values() if instance.cluster is cluster]

    def find_instance(self, cluster: Cluster, reference: str) -> Instance | None:
        """By ARN or id, if it is (or was) of this cluster."""
        arn = self.instance_arn(cluster, reference)
        return self.instances.get(arn)

    def instance(self, cluster: Cluster, reference: str) -> Instance:
        """Raises EcsError (InvalidParameterException)."""
        instance = self.find_instance(cluster, reference)
        if instance is None:
            raise invalid("The referenced container instance was not found.")
        return instance

    def instance_arn(self, cluster: Cluster, reference: str) -> str:
        return self._arn("container-instance", cluster, reference)

    def task_arn(self, cluster: Cluster, reference: str) -> str:
        return self._arn("task", cluster, reference)

    def _arn(self, kind: str, cluster: Cluster, reference: str) -> str:
        return reference if reference.startswith("arn:") else self.names.arn(kind, cluster.name, reference)

    def definition(self, reference: str) -> Definition:
        """By family (its newest active revision), family:revision or ARN.

        Raises EcsError (ClientException).
        """
        family, _, revision = last_part(reference).partition(":")
        found = [
            each
            for each in self.definitions.get(family, [])
            if (revision == str(each.revision) if revision else each.active)
        ]
        if not found or (reference.startswith("arn:") and reference not in _arns(found)):
            raise client_error("TaskDefinition not found.")
        return found[-1]


def last_part(reference: str) -> str:
    return reference.rpartition("/")[2]


def _arns(definitions: Iterable[Definition]) -> set[str]:
    """ARNs by which these are known; the one without a revision means the newest."""
    return {arn for each in definitions for arn in (each.arn, each.arn.rpartition(":")[0])}


def failure(arn: str, reason: str) -> dict[str, Any]:
    return {"arn": arn, "reason": reason}
