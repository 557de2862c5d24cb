"""The stand-in itself: the state of one account, its actions, its faults, its clock and its logs."""

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from everyday.ports import Clock
from everyday_local.ecs.actions import Actions
from everyday_local.ecs.agent import Agents
from everyday_local.ecs.engine import Engine, Report, ScriptedEngine
from everyday_local.ecs.errors import EcsError, throttled
from everyday_local.ecs.events import Outbox, Weather
from everyday_local.ecs.faults import Effect, Fault, Faults
from everyday_local.ecs.history import History
from everyday_local.ecs.records import Cluster, Instance, Names, Task
from everyday_local.ecs.resources import Stock
from everyday_local.ecs.saved import Store, restore
from everyday_local.ecs.throttle import Throttle
from everyday_local.ecs.timeline import Timeline, standing
from everyday_local.ecs.world import World

SOURCE = "everyday.ecs"
"""PutEvents refuses sources that begin with `aws.` from outside AWS."""

Params = Mapping[str, Any]
Answer = dict[str, Any]


class ConnectionCut(Exception):
    """The caller gets no answer. `fault` says whether the call took effect."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"the connection was cut: {fault.do}")
        self.fault = fault


class Ecs:
    """One account in one Region. Safe to use from several threads.

    Without `clock` time stands still until `advance`, and without `engine` nothing really runs: tasks end
    after the seconds that their environment says. Append to `events.sinks` to get the events.
    """

    def __init__(
        self,
        *,
        clock: Clock = standing,
        engine: Callable[[Timeline], Engine] = ScriptedEngine,
        names: Names | None = None,
        source: str = SOURCE,
        seed: int | None = None,
        start_seconds: float = 0.0,
        history: History | None = None,
    ) -> None:
        rng = random.Random(seed)  # noqa: S311 - ids and chances of a stand-in
        self.timeline = Timeline(clock)
        self.engine = engine(self.timeline)
        self.faults, self.throttle = Faults(), Throttle()
        self.history = history or History()
        names = names or Names()
        self.events = Outbox(self.timeline, names, rng, source)
        self.world = World(
            names=names, timeline=self.timeline, rng=rng, outbox=self.events, history=self.history
        )
        self.agents = Agents(self.world, self.engine, self._told, start_seconds=start_seconds)
        self.actions = Actions(self.world, self.agents)
        self._lock, self._depth = threading.RLock(), 0
        self._store: Store | None = None

    def call(self, action: str, params: Params) -> Answer:
        """What ECS answers. Raises EcsError, or ConnectionCut when a fault says so."""
        with self.turn():
            fault = self.faults.strike(action)
            if fault is not None and fault.do != Effect.LOST:
                self._fail(fault, action, params)
            answer = self._answer(action, params, lost=fault is not None)
            if fault is not None:
                raise ConnectionCut(fault)
            return answer

    def now(self) -> datetime:
        return self.timeline.now()

    def advance(self, span: timedelta | float) -> None:
        """Let time (or seconds) pass; what falls due on the way happens, and its events are delivered."""
        seconds = span.total_seconds() if isinstance(span, timedelta) else span
        end, more = self.now() + timedelta(seconds=seconds), True
        while more:
            with self.turn():
                more = self.timeline.step_to(end)

    def settle(self) -> None:
        """Do what is due by now."""
        with self.turn():
            pass

    def keep_in(self, store: Store) -> None:
        """Go on from what is in the store, and keep every change there. What ran then has ended."""
        with self.turn():
            restore(store, self.world)
            self._store = store
            self.agents.restarted()

    def close(self) -> None:
        """End what runs."""
        self.engine.close()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The state for oneself; afterwards, what became due is done and the events are delivered."""
        with self._lock:
            self._depth += 1
            try:
                yield
            finally:
                while self._depth == 1 and self.timeline.run_due():
                    pass
                if self._store is not None and self._depth == 1:
                    self._store.save(self.world)
                self._depth -= 1
                outermost = self._depth == 0
        if outermost:
            self.events.deliver()

    def add_cluster(self, name: str = "default") -> Cluster:
        """A cluster; the one that is there already, if it is."""
        with self.turn():
            self.actions.clusters.create({"clusterName": name})
            return self.world.cluster(name)

    def add_instance(
        self,
        cluster: str = "default",
        *,
        cpu: int,
        memory: int,
        ec2_id: str | None = None,
        gpus: int = 0,
        attributes: Mapping[str, str | None] | None = None,
    ) -> Instance:
        """A machine whose agent registers: CPU units, MiB, number of GPUs."""
        with self.turn():
            ids = tuple(f"GPU-{self.world.new_id()[:8]}" for _ in range(gpus))
            stock = Stock(cpu=cpu, memory=memory, gpus=ids)
            found = self.world.cluster(cluster)
            return self.actions.instances.add(found, stock=stock, ec2_id=ec2_id, attributes=attributes)

    def find_instance(self, reference: str) -> Instance:
        """By ARN, id or EC2 instance id. Raises KeyError."""
        for each in self.world.instances.values():
            if reference in {each.arn, each.id} or (reference == each.ec2_id and each.status != "INACTIVE"):
                return each
        raise KeyError(reference)

    def terminate(self, instance: Instance, code: str = "TerminationNotice") -> None:
        """The machine is taken away, as a spot reclaim does: its tasks stop with it."""
        with self.turn():
            self.agents.gone(instance, code, f"Host EC2 (instance {instance.ec2_id}) terminated.")

    def connect(self, instance: Instance, *, connected: bool) -> None:
        """The agent's connection."""
        with self.turn():
            self.agents.connect(instance, connected=connected)

    def set_status(self, instance: Instance, status: str) -> None:
        """ACTIVE or DRAINING."""
        with self.turn():
            self.actions.instances.set_status(instance, status)

    def place_foreign(self, instance: Instance, *, cpu: int, memory: int, seconds: float = 3600) -> Task:
        """A task that somebody else runs here. Raises EcsError when it does not fit."""
        container = {
            "name": "foreign",
            "image": "foreign",
            "cpu": cpu,
            "memory": memory,
            "command": ["sleep", str(seconds)],
            "environment": [{"name": "STANDIN_SECONDS", "value": str(seconds)}],
        }
        with self.turn():
            self.actions.definitions.register({"family": "foreign", "containerDefinitions": [container]})
            return self.actions.runs.place_foreign(instance, self.world.definition("foreign"))

    def see_after(self, delay: timedelta | float) -> None:
        """List and Describe see each change this much later."""
        span = delay if isinstance(delay, timedelta) else timedelta(seconds=delay)
        with self.turn():
            self.world.set_delay(span)

    def weather(self, weather: Weather) -> None:
        """What happens to events from now on."""
        with self.turn():
            self.events.turn(weather)

    def _told(self, report: Report) -> None:
        with self.turn():
            self.agents.report(report)

    def _fail(self, fault: Fault, action: str, params: Params) -> None:
        """The call has no effect now: it is refused, or the caller hears nothing and it comes later."""
        if fault.do == Effect.LATE:
            self.timeline.after(fault.seconds, lambda: self._late(action, params))
            raise ConnectionCut(fault)
        error = (
            throttled()
            if fault.do == Effect.THROTTLED
            else EcsError(fault.code, "A planted fault.", status=fault.status)
        )
        self.history.answered(self.now(), action, params, {}, error.code)
        raise error

    def _late(self, action: str, params: Params) -> None:
        """Nobody waits for this answer any more."""
        try:
            self._answer(action, params, lost=True)
        except EcsError:
            return

    def _answer(self, action: str, params: Params, *, lost: bool) -> Answer:
        now = self.now()
        try:
            self.throttle.spend(action, now)
            answer = self.actions.perform(action, params)
        except EcsError as error:
            self.history.answered(now, action, params, {}, "lost" if lost else error.code)
            raise
        self.history.answered(now, action, params, answer, "lost" if lost else "ok")
        return answer
