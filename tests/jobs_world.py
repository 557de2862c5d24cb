"""A cluster, its ledger and its state, and the use cases between them: all in memory, by a clock that stands.

ECS is the stand-in behind the real adapter; its events travel as the messages that the queue would bring.
"""

import json
from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from everyday.adapters.ecs import BotoEcs
from everyday.adapters.memory_ledger import MemoryLedger
from everyday.adapters.memory_state import MemoryState
from everyday.errors import EventsUnavailable
from everyday.jobs.answers import Asker
from everyday.jobs.ecs_events import parse_events
from everyday.jobs.issuing import Issuer
from everyday.jobs.model import Amount, Demand, Group, Job, JobClass, Overrides, State
from everyday.jobs.plan import Rules
from everyday.jobs.ports import Fleet
from everyday.jobs.rank import rank_of
from everyday.jobs.scale import Scaling
from everyday.jobs.scheduling import PassReport, Scheduler
from everyday.jobs.snapshot import Snapshotter
from everyday.jobs.tracking import Tracker
from everyday_local.ecs.client import Client
from everyday_local.ecs.ecs import Ecs
from everyday_local.ecs.records import Instance

CLUSTER = "default"
STEP = 21_600_000


class NotedWakes:
    """Remembers who was woken, under which id and with which fresh jobs."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, tuple[str, ...]]] = []
        self.down = False

    def wake(self, cluster: str, wake_id: str, *, fresh: Sequence[str] = ()) -> None:
        if self.down:
            raise EventsUnavailable("no answer")
        self.asked.append((cluster, wake_id, tuple(fresh)))


class NotedLetters:
    """Dead letters as (body, reason, job id)."""

    def __init__(self) -> None:
        self.left: list[tuple[str, str, str | None]] = []

    def put(self, body: str, reason: str, *, job_id: str | None = None) -> None:
        self.left.append((body, reason, job_id))


class NotedRebuilds:
    """Clusters whose reading was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def rebuild(self, cluster: str) -> None:
        self.asked.append(cluster)


class World:
    """One cluster `default` with a task definition `work` of 100 MiB. Ids are counted."""

    def __init__(self, *, rules: Rules | None = None, fleet: Fleet | None = None) -> None:
        self.aws = Ecs(seed=7)
        self.aws.throttle.scale = 0
        self.aws.add_cluster(CLUSTER)
        self.client = Client(self.aws)
        self.ecs = BotoEcs(self.client)  # type: ignore[arg-type]
        self.ledger = MemoryLedger()
        self.state = MemoryState(self.now)
        self.wakes, self.letters, self.rebuilds = NotedWakes(), NotedLetters(), NotedRebuilds()
        self.pauses: list[float] = []
        self.events: list[dict[str, Any]] = []
        self.aws.events.sinks.append(self.events.append)
        self._ids = 0
        self.tracker = Tracker(ledger=self.ledger, ecs=self.ecs, clock=self.aws.now)
        self.snapshotter = Snapshotter(tracker=self.tracker, state=self.state, wakes=self.wakes)
        self.asker = Asker(tracker=self.tracker, state=self.state, dead_letters=self.letters)
        self.scheduler = Scheduler(
            ledger=self.ledger,
            state=self.state,
            issuer=Issuer(asker=self.asker, new_id=self.new_id, side_by_side=1),
            scaling=Scaling(fleet),
            wakes=self.wakes,
            rebuilds=self.rebuilds,
            clock=self.aws.now,
            rules=rules or Rules(),
            sleep=self.pauses.append,
        )
        self.definition = self.define("work", memory=100)

    def now(self) -> int:
        return round(self.aws.now().timestamp() * 1000)

    def new_id(self) -> str:
        self._ids += 1
        return f"{self._ids:032x}"

    def define(self, family: str, **container: Any) -> str:
        containers = [{"name": "main", "image": "image", "cpu": 0, **container}]
        answer = self.client.register_task_definition(family=family, containerDefinitions=containers)
        arn: str = answer["taskDefinition"]["taskDefinitionArn"]
        return arn

    def instance(self, memory: int = 512, cpu: int = 1024, **more: Any) -> Instance:
        return self.aws.add_instance(CLUSTER, cpu=cpu, memory=memory, **more)

    def submit(
        self,
        job_id: str,
        *,
        memory: int = 100,
        job_class: JobClass = JobClass.NORMAL,
        seconds: float = 60,
        environment: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> Job:
        """A waiting job; its task runs for so many seconds by the stand-in's clock."""
        job = Job(
            id=job_id,
            cluster=CLUSTER,
            task_definition=fields.pop("task_definition", self.definition),
            demand=fields.pop("demand", Demand(Amount(0, memory))),
            enqueued_at=self.now(),
            rank=rank_of(self.now(), job_class, STEP),
            job_class=job_class,
            **fields,
        )
        said = {"STANDIN_SECONDS": str(seconds), **(environment or {})}
        pairs = [{"name": name, "value": value} for name, value in said.items()]
        override = {"name": "main", "memory": memory, "environment": pairs}
        return self.ledger.add(job, Overrides({"containerOverrides": [override]}))

    def group(self, name: str, size: int, **fields: Any) -> list[str]:
        ids = [f"{name}-{number}" for number in range(size)]
        for each in ids:
            self.submit(each, group=Group(name, size), **fields)
        return ids

    def reconcile(self) -> None:
        self.snapshotter.reconcile(CLUSTER)

    def pass_(self, *fresh: str, seconds: float = inf) -> PassReport:
        return self.scheduler.run(CLUSTER, fresh=fresh, time_left=lambda: seconds)

    def deliver(self) -> Sequence[str]:
        """Bring the events so far to the snapshotter; the ids of those that come back."""
        events, self.events[:] = list(self.events), []
        failed = self.snapshotter.apply(parse_events(messages(events)))
        self.events[:0] = [event for event in events if event["id"] in failed]
        return failed

    def advance(self, seconds: float) -> None:
        self.aws.advance(seconds)
        self.deliver()

    def silence(self, seconds: float) -> None:
        """Time passes, and all that is told meanwhile is lost."""
        self.aws.advance(seconds)
        self.events.clear()

    def job(self, job_id: str) -> Job:
        return self.ledger.jobs[job_id]

    def states(self) -> dict[str, State]:
        return {job_id: job.state for job_id, job in sorted(self.ledger.jobs.items())}

    def live(self) -> list[str]:
        """The calls (`startedBy`) of the tasks that are not stopped."""
        return sorted(
            task.started_by or "" for task in self.aws.world.tasks.values() if task.status != "STOPPED"
        )

    def calls(self, action: str) -> int:
        """How often the stand-in was asked for this."""
        return sum(entry.op == action for entry in self.aws.history.operations)


def messages(events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The events as a batch of the queue's records; a message has the id of its event."""
    records = [
        {"messageId": event["id"], "body": json.dumps(event), "attributes": {"SentTimestamp": "0"}}
        for event in events
    ]
    return {"Records": records}


def a_world(memory: int = 512, **options: Any) -> World:
    """A world with one instance, already read."""
    world = World(**options)
    world.instance(memory)
    world.reconcile()
    world.events.clear()
    return world
