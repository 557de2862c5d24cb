"""The whole production scheduler in a simulation: ledger, passes, claims, calls, sweeps, events, readings."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from everyday.jobs.answers import Asker
from everyday.jobs.ecs_events import EventBatch, Told
from everyday.jobs.issuing import Issuer
from everyday.jobs.model import Job, Overrides, State
from everyday.jobs.plan import Plan, Rules, Situation
from everyday.jobs.planner import plan
from everyday.jobs.ports import ClusterState, Ledger
from everyday.jobs.scale import Scaling
from everyday.jobs.scheduling import Scheduler
from everyday.jobs.simulator.conditions import Dice
from everyday.jobs.simulator.crashes import Crashed, Fuse, fused
from everyday.jobs.simulator.ecs import Change
from everyday.jobs.simulator.ecs_port import EcsPort
from everyday.jobs.simulator.world import CLUSTER, World
from everyday.jobs.snapshot import Snapshotter
from everyday.jobs.tracking import Tracker

REMEMBERED = 300_000
"""Milliseconds for which a FIFO queue drops a message of the same deduplication id."""

FUNCTION_SECONDS = 240.0
"""What a function may take."""


class Whole:
    """Policies `strict`, `greedy` and `everyday` by the production's use cases: the Scheduler and the
    Snapshotter run as they do in their functions, over models of ECS and of the queues between them.

    A crash ends a function at a random call to the ledger, the state or ECS, before or after its effect. The
    messages that it worked on come back after their visibility timeout.
    """

    def __init__(self, world: World, state: ClusterState, ledger: Ledger, rules: Rules) -> None:
        self._world, self._state, self._ledger = world, state, ledger
        self._dice = Dice(world.seed, "lambda")
        self._fuse = Fuse(self._dice, world.conditions.crash)
        self._seen: dict[str, int] = {}
        self._fresh: set[str] = set()
        self._asked, self._free_at, self._last, self._ids = False, 0, 0, 0
        port = EcsPort(world)
        tracker = Tracker(ledger=fused(ledger, self._fuse), ecs=fused(port, self._fuse), clock=self._clock)
        asker = Asker(tracker=tracker, state=fused(state, self._fuse), dead_letters=self)
        self._snapshotter = Snapshotter(tracker=tracker, state=asker.state, wakes=self)
        self._scheduler = Scheduler(
            ledger=tracker.ledger,
            state=asker.state,
            issuer=Issuer(asker=asker, new_id=self._new_id, side_by_side=1),
            scaling=Scaling(None),
            wakes=self,
            rebuilds=self,
            clock=self._clock,
            rules=rules,
            sleep=lambda _: None,
            planner=self._planned,
        )
        self._reconcile()
        self._tick()

    def submitted(self, job: Job) -> None:
        delay = self._dice.within(self._world.conditions.queue)
        self._world.timeline.after(delay, lambda: self._ingest(job))

    def changed(self, change: Change) -> None:
        """An event arrived; its message comes back until it is worked in."""
        told = Told(self._new_id(), CLUSTER, change, self._world.timeline.now)
        if not self._survived(lambda: self._snapshotter.apply(EventBatch([told], []))):
            self._world.timeline.after(self._world.conditions.visibility, lambda: self.changed(change))

    @property
    def settled(self) -> bool:
        """Whether the ledger knows the end of every job."""
        return not any(job.state in {State.PLACING, State.RUNNING} for job in self._jobs())

    def complaints(self) -> Sequence[str]:
        """What the ledger says that is not so: every task ended well."""
        return [
            f"{job.id} is {job.state}: {job.reason}"
            for job in self._jobs()
            if job.state is not State.SUCCEEDED
        ]

    def wake(self, _: str, wake_id: str, *, fresh: Sequence[str] = ()) -> None:
        """The wake queue: the same id is dropped for five minutes."""
        now = self._world.timeline.now
        self._fresh.update(fresh)
        if now - self._seen.get(wake_id, -REMEMBERED) >= REMEMBERED:
            self._seen[wake_id] = now
            self._ask()

    def rebuild(self, cluster: str) -> None:
        """Rebuilds are asked for by a message, too."""
        self._world.timeline.after(0, lambda: self._read(cluster))

    def put(self, body: str, reason: str, *, job_id: str | None = None) -> None:
        """Dead letters show in the ledger as well."""

    def _ingest(self, job: Job) -> None:
        self._ledger.add(job, Overrides({"job": job.id}))
        self.wake(CLUSTER, self._state.wake_id(CLUSTER), fresh=[job.id])

    def _tick(self) -> None:
        self._ask()
        self._world.timeline.after(self._world.conditions.tick, self._tick)

    def _read(self, cluster: str) -> None:
        """A reading that dies comes back with its message."""
        if not self._survived(lambda: self._snapshotter.reconcile(cluster)):
            self._world.timeline.after(self._world.conditions.visibility, lambda: self._read(cluster))

    def _reconcile(self) -> None:
        self._read(CLUSTER)
        self._world.timeline.after(self._world.conditions.reconcile, self._reconcile)

    def _ask(self) -> None:
        if not self._asked:
            self._asked = True
            self._world.timeline.at(self._free_at, self._begin, late=True)

    def _begin(self) -> None:
        conditions, now = self._world.conditions, self._world.timeline.now
        self._asked = False
        cold = self._dice.within(conditions.cold) if now - self._last > conditions.idle else 0
        self._free_at = self._last = now + cold + self._dice.within(conditions.decide)
        self._world.timeline.at(self._free_at, self._pass)

    def _pass(self) -> None:
        fresh, self._fresh = self._fresh, set()
        calls = self._world.watch.calls
        if not self._survived(
            lambda: self._scheduler.run(CLUSTER, fresh=sorted(fresh), time_left=lambda: FUNCTION_SECONDS)
        ):
            self._fresh |= fresh
            self._free_at = self._world.timeline.now + self._world.conditions.visibility
            self._ask()
            return
        spent = (self._world.watch.calls - calls + 7) // 8 * self._dice.within(self._world.conditions.call)
        self._free_at = max(self._free_at, self._world.timeline.now + spent)

    def _planned(self, waiting: Sequence[Job], situation: Situation, rules: Rules) -> Plan:
        began = time.perf_counter()
        made = plan(waiting, situation, rules)
        self._world.watch.planner_seconds.append(time.perf_counter() - began)
        self._world.watch.reserve(made.reserved)
        return made

    def _survived(self, function: Callable[[], object]) -> bool:
        self._fuse.light()
        try:
            function()
        except Crashed:
            self._world.watch.crashes += 1
            return False
        finally:
            self._fuse.put_out()
        return True

    def _jobs(self) -> Sequence[Job]:
        return [*self._ledger.get_many([*self._world.runs]).values()]

    def _clock(self) -> datetime:
        return datetime.fromtimestamp(self._world.timeline.now / 1000, UTC)

    def _new_id(self) -> str:
        self._ids += 1
        return f"{self._ids:032x}"
