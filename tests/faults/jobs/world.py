"""The whole of `jobs` over stores in memory and the ECS stand-in: its ports go through cuts, runs take turns.

The functions are the deployed handlers. Each drains its queue, and what ends one of them ends that one only;
its messages come back.
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from everyday.adapters.memory_queues import MemoryDeadLetters
from everyday.adapters.memory_state import MemoryState
from everyday.errors import (
    EcsUnavailable,
    EventsUnavailable,
    EverydayError,
    JobEnded,
    LedgerUnavailable,
    StateUnavailable,
    Unavailable,
)
from everyday.jobs.answers import Asker
from everyday.jobs.desk import Desk
from everyday.jobs.ingest import Inbox, Intake
from everyday.jobs.issuing import Issuer
from everyday.jobs.model import Amount, State
from everyday.jobs.plan import Rules
from everyday.jobs.scale import Scaling
from everyday.jobs.scheduling import Scheduler
from everyday.jobs.simulator.history import Happened, broken, overtaken
from everyday.jobs.snapshot import Snapshotter
from everyday.jobs.tracking import Tracker
from everyday_local.ecs.client import Client
from everyday_local.ecs.ecs import Ecs
from everyday_local.ecs.records import Instance
from functions.cluster_snapshot import handler as cluster_snapshot
from functions.job_ingest import handler as job_ingest
from functions.job_scheduler import handler as job_scheduler
from tests.faults.cuts import Cuts, Died
from tests.faults.jobs.notes import NotedEcs, NotedLedger
from tests.faults.jobs.queues import Queue, QueuedRebuilds, QueuedWakes
from tests.faults.jobs.verdict import happened, unaccounted
from tests.faults.ports import Port
from tests.faults.turns import Turns
from tests.functions.handling import AContext

CLUSTER, FAMILY = "default", "everyday-work"
STEP_MS = 21_600_000
FUNCTION_SECONDS = 120
_HIDDEN_MS = (FUNCTION_SECONDS + 10) * 1000
_ROUNDS = 300
_MENDED = 10
"""After so many rounds only long jobs can be under way."""


class Functions(Cuts):
    """Cuts over function after function: with each, a new process begins, and services are asked anew."""

    def begin(self) -> None:
        with self._lock:
            self._dead = False
            self._silent.clear()


class _StatePort(Port):
    def wake_id(self, cluster: str) -> str:
        """Raises nothing, whatever the store does."""
        try:
            return str(self.__getattr__("wake_id")(cluster))
        except StateUnavailable:
            return f"random-{random.getrandbits(64):x}"


class World:
    """A cluster, the queues, and all else that outlives a function. `seed` decides whose turn it is."""

    def __init__(self, seed: int = 0, *, rules: Rules | None = None) -> None:
        self.aws = Ecs(seed=seed)
        self.aws.throttle.scale = 0
        self.aws.add_cluster(CLUSTER)
        self.client = Client(self.aws)
        self.ecs = NotedEcs(self.client)
        self.ledger, self.letters = NotedLedger(self.now), MemoryDeadLetters()
        self._ids = count()
        self.state = MemoryState(self.now, new_id=self._id)
        self.jobs = Queue("jobs", self.now, hidden_ms=_HIDDEN_MS, receives=100)
        self.wakes = Queue("wakes", self.now, hidden_ms=_HIDDEN_MS, receives=3)
        self.events = Queue("events", self.now, hidden_ms=_HIDDEN_MS, receives=5)
        self.aws.events.sinks.append(lambda event: self.events.send(json.dumps(event)))
        self.rules, self.turns = rules or Rules(), Turns(random.Random(seed))
        self.expected: dict[str, State] = {}
        self.registered: dict[str, Amount] = {}
        self.wishes: list[str] = []
        self.alike, self.disturbed = True, False
        self.skew = timedelta(0)
        container = {"name": "main", "image": "image", "cpu": 0, "memory": 100}
        self.client.register_task_definition(family=FAMILY, containerDefinitions=[container])

    # What there is

    def now(self) -> int:
        return round(self.aws.now().timestamp() * 1000)

    def clock(self) -> datetime:
        """What the functions take for the time; those of ECS, of the queues and of the state's store are
        right."""
        return self.aws.now() + self.skew

    def instance(self, memory: int = 512, **more: Any) -> Instance:
        made = self.aws.add_instance(CLUSTER, cpu=1024, memory=memory, **more)
        self.registered[made.arn] = Amount(1024, memory, 0)
        return made

    # What the owner does

    def send(
        self,
        job_id: str,
        *,
        seconds: float = 30,
        stop_seconds: float = 0,
        exit_code: int = 0,
        expect: State = State.SUCCEEDED,
        array: int | None = None,
        copies: int = 1,
        **fields: Any,
    ) -> None:
        """Submit a job that runs for so many seconds (and takes so many to be stopped), ends with this code,
        and should come to this."""
        self.expected[job_id] = expect
        for index in range(array or 0):
            self.expected[f"{job_id}/{index}"] = expect
        self.alike = self.alike and not {"memory", "group", "depends_on", "retries"} & {*fields}
        said = {
            "STANDIN_SECONDS": str(seconds),
            "STANDIN_EXIT_CODE": str(exit_code),
            "STANDIN_STOP_SECONDS": str(stop_seconds),
        }
        environment = [{"name": name, "value": value} for name, value in said.items()]
        message = {
            "id": job_id,
            "task_definition": FAMILY,
            "overrides": {"containerOverrides": [{"environment": environment}]},
            **({"array": array} if array else {}),
            **fields,
        }
        for _ in range(copies):
            self.jobs.send(json.dumps(message))

    def cancel(self, job_id: str) -> Callable[[Functions], None]:
        """The owner cancels it, and again until that is taken."""
        self.expected[job_id] = State.CANCELLED

        def step(cuts: Functions) -> None:
            self.wishes.append(job_id)
            self.owner(cuts)

        return step

    def owner(self, cuts: Functions) -> None:
        cuts.begin()
        desk = Desk(
            self._port("ledger", self.ledger, LedgerUnavailable, cuts),
            self._port("wakes", QueuedWakes(self.wakes), EventsUnavailable, cuts),
            self.clock,
            self._id,
        )
        for job_id in list(self.wishes):
            with suppress(Died, EverydayError):
                with suppress(JobEnded):
                    desk.cancel(job_id)
                self.wishes.remove(job_id)

    # What runs

    def turn(self, cuts: Functions) -> None:
        """The functions drain their queues, until none has anything for them now."""
        for _ in range(_ROUNDS):
            busy = [
                self.drain(self.jobs, self._ingest, cuts),
                self.drain(self.events, self._snapshot, cuts),
                self.drain(self.wakes, self._schedule, cuts),
            ]
            if not any(busy):
                return
        raise AssertionError("the functions keep each other busy for ever")

    def drain(
        self, queue: Queue, handle: Callable[[Any, Functions], Mapping[str, Any]], cuts: Functions
    ) -> bool:
        batch = queue.receive()
        if batch:
            cuts.begin()
            with suppress(Died, EverydayError):
                answer = handle({"Records": [it.record() for it in batch]}, cuts)
                failed = {it["itemIdentifier"] for it in answer["batchItemFailures"]}
                queue.delete(it for it in batch if it.id not in failed)
        return bool(batch)

    def ingest(self, cuts: Functions) -> None:
        while self.drain(self.jobs, self._ingest, cuts):
            pass

    def snapshot(self, cuts: Functions) -> None:
        while self.drain(self.events, self._snapshot, cuts):
            pass

    def schedule(self, cuts: Functions) -> None:
        while self.drain(self.wakes, self._schedule, cuts):
            pass

    def later(self, seconds: float) -> Callable[[Functions], None]:
        return lambda _: self.aws.advance(seconds)

    def tick(self, *, reading: bool = True) -> None:
        """What the clock of the stack sends: a wake, and at times a request to read the cluster."""
        tick = f"tick {self.now()}"
        self.wakes.send(json.dumps({"cluster": CLUSTER, "tick": tick}), group=CLUSTER, deduplication=tick)
        if reading:
            self.events.send(json.dumps({"reconcile": CLUSTER, "tick": tick}))

    def settle(self, rounds: int = 30) -> None:
        """Time passes and nothing goes wrong any more, until all is at rest."""
        cuts = Functions()
        for number in range(rounds):
            self.turn(cuts)
            self.owner(cuts)
            self.tick()
            self.turn(cuts)
            if not self.restless():
                return
            self.aws.advance(150 if number < _MENDED else 12_000)

    def overlapping(self, *runs: Callable[[], Any]) -> None:
        self.turns.run(*runs)

    # The use cases

    def _ingest(self, event: Any, cuts: Functions) -> Mapping[str, Any]:
        return job_ingest.handle(event, AContext(FUNCTION_SECONDS), inbox=self.inbox(cuts))

    def _snapshot(self, event: Any, cuts: Functions) -> Mapping[str, Any]:
        return cluster_snapshot.handle(event, None, snapshotter=self.snapshotter(cuts))

    def _schedule(self, event: Any, cuts: Functions) -> Mapping[str, Any]:
        return job_scheduler.handle(event, AContext(FUNCTION_SECONDS), scheduler=self.scheduler(cuts))

    def inbox(self, cuts: Functions) -> Inbox:
        return Inbox(
            ledger=self._port("ledger", self.ledger, LedgerUnavailable, cuts),
            definition=self._port("ecs", self.ecs, EcsUnavailable, cuts).task_definition,
            wakes=self._port("wakes", QueuedWakes(self.wakes), EventsUnavailable, cuts),
            dead_letters=self._port("letters", self.letters, EventsUnavailable, cuts),
            clock=self.clock,
            new_id=self._id,
            intake=Intake((CLUSTER,), ("everyday-*",), STEP_MS),
        )

    def snapshotter(self, cuts: Functions) -> Snapshotter:
        return Snapshotter(
            tracker=self._tracker(cuts),
            state=self._state(cuts),
            wakes=self._port("wakes", QueuedWakes(self.wakes), EventsUnavailable, cuts),
        )

    def scheduler(self, cuts: Functions) -> Scheduler:
        letters = self._port("letters", self.letters, EventsUnavailable, cuts)
        asker = Asker(tracker=self._tracker(cuts), state=self._state(cuts), dead_letters=letters)
        return Scheduler(
            ledger=asker.tracker.ledger,
            state=asker.state,
            issuer=Issuer(asker=asker, new_id=self._id, side_by_side=1),
            scaling=Scaling(None),
            wakes=self._port("wakes", QueuedWakes(self.wakes), EventsUnavailable, cuts),
            rebuilds=self._port("rebuilds", QueuedRebuilds(self.events), EventsUnavailable, cuts),
            clock=self.clock,
            rules=self.rules,
            sleep=lambda _: None,
        )

    def _tracker(self, cuts: Functions) -> Tracker:
        return Tracker(
            ledger=self._port("ledger", self.ledger, LedgerUnavailable, cuts),
            ecs=self._port("ecs", self.ecs, EcsUnavailable, cuts),
            clock=self.clock,
        )

    def _state(self, cuts: Functions) -> Any:
        return _StatePort("state", self.state, StateUnavailable, cuts, self.turns)

    def _port(self, name: str, store: Any, error: type[Unavailable], cuts: Functions) -> Any:
        return Port(name, store, error, cuts, self.turns)

    def _id(self) -> str:
        return f"{next(self._ids):032x}"

    # What is judged

    def history(self) -> list[Happened]:
        return happened(
            self.aws.history.transitions,
            self.ledger.owner_of,
            submitted=self.ledger.submitted,
            ended=self.ledger.ended,
        )

    def broken(self, *, finished: bool) -> list[str]:
        """The promises that hold at any time; if all is `finished`, also those that hold then."""
        demands = {job_id: job.demand.amount for job_id, job in self.ledger.first.items()}
        found = broken(self.history(), self.registered, demands, finished=finished)
        return [*found, *unaccounted(self.ledger, CLUSTER, [*self.ledger.jobs], final=finished)]

    def wrong(self, *, order: bool = False) -> list[str]:
        """All that is wrong at the end. `order`: nothing disturbed it, so the order is judged too."""
        return [
            *self.broken(finished=True),
            *(overtaken(self.history(), self.ledger.first) if order else ()),
            *self._refused(),
            *self._unexpected(),
            *self.restless(),
        ]

    def restless(self) -> list[str]:
        """What is still under way."""
        return [
            *(f"{it.name} still has {len(it.messages)}" for it in self._queues() if it.messages),
            *(f"{job_id} is not there" for job_id in self.expected if job_id not in self.ledger.jobs),
            *(f"{it.id} is {it.state}" for it in self.ledger.jobs.values() if not it.outcome.final),
            *(f"task {call} runs" for call in self.live()),
            *(f"owner's wish about {job_id} is not taken" for job_id in self.wishes),
            *self._leaks(),
        ]

    def live(self) -> list[str]:
        """The calls of our tasks that are not stopped."""
        tasks = self.aws.world.tasks.values()
        return sorted(it.started_by for it in tasks if it.status != "STOPPED" and it.started_by)

    def _queues(self) -> Sequence[Queue]:
        return self.jobs, self.wakes, self.events

    def _refused(self) -> Iterator[str]:
        """In a cluster where nobody else takes room, nothing is refused."""
        if not self.disturbed:
            yield from (f"{call} was refused by ECS: {why}" for call, why in self.ecs.refused.items())

    def _unexpected(self) -> Iterator[str]:
        for job_id, wanted in self.expected.items():
            job = self.ledger.jobs.get(job_id)
            if job is not None and job.outcome is not wanted:
                yield f"{job_id} is {job.outcome} and not {wanted}: {job.reason}"
        rejected = {job_id for job_id, wanted in self.expected.items() if wanted is State.REJECTED}
        left = {it.job_id for it in self.letters.letters}
        if left != rejected:
            yield f"dead letters of {left}, and not of {rejected}"
        for queue in self._queues():
            yield from (f"given up: {it.body}" for it in queue.dead)

    def _leaks(self) -> Iterator[str]:
        """Room that nothing holds any more and nobody may have."""
        view = self.state.view(CLUSTER)
        if view is None:
            yield "the state is not known"
            return
        instances = self.aws.world.instances
        for it in view.instances:
            stock = instances[it.arn].stock
            if (it.free.memory, it.free.cpu) != (stock.free_memory, stock.free_cpu):
                yield f"{it.arn} has {stock.free_memory} MiB free, and {it.free.memory} are believed to be"


def a_world(*memory: int, seed: int = 0, **options: Any) -> World:
    """A world with instances of so many MiB, already read."""
    world = World(seed, **options)
    for each in memory or (512,):
        world.instance(each)
    world.tick()
    world.turn(Functions())
    return world
