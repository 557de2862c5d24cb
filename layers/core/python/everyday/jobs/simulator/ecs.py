"""A model of ECS: container instances, RunTask with its rejects and its throttle, tasks, events."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from everyday.errors import EcsThrottled
from everyday.jobs.messages import FAMILY_GROUP
from everyday.jobs.model import Amount, ContainerInstance, Demand, Task
from everyday.jobs.simulator.conditions import Conditions, Dice
from everyday.jobs.simulator.timeline import Timeline

BURST, PER_SECOND = 100, 40
"""RunTask's bucket: calls at once, and calls a second after that."""


Change = Task | ContainerInstance
"""What an event tells: the record as it is after the change."""


class Launchable(NamedTuple):
    """What one RunTask call asks for: `run` milliseconds on the instance named, or on any."""

    job_id: str
    started_by: str
    demand: Demand
    run: int
    instance: str | None = None


class Machine:
    """One container instance. ECS shows a task's room as free (`shown`) from the end of its process on, the
    agent gives it away (`free`) when the task is STOPPED."""

    def __init__(self, number: int, registered: Amount) -> None:
        self.arn = f"arn:aws:ecs:eu-central-1:123456789012:container-instance/simulated/{number:05}"
        self.ec2_id = f"i-{number:05}"
        self.registered = self.shown = self.free = registered
        self.version = 1
        self.tasks: dict[str, Task] = {}
        self.pending: list[tuple[Task, Launchable]] = []

    @property
    def record(self) -> ContainerInstance:
        """As ECS describes it."""
        return ContainerInstance(
            arn=self.arn,
            ec2_id=self.ec2_id,
            version=self.version,
            registered=self.registered,
            remaining=self.shown,
            running_tasks=len(self.tasks),
        )


class Watcher:
    """Hears what happens in the model. Times are the timeline's."""

    def called(self, ask: Launchable, /) -> None: ...

    def rejected(self, ask: Launchable, /) -> None: ...

    def accepted(self, ask: Launchable, task: Task) -> None: ...

    def running(self, ask: Launchable, task: Task) -> None: ...

    def stopped(self, ask: Launchable, task: Task) -> None: ...


class SimulatedEcs:
    """The cluster. `deliver` gets each event when it arrives."""

    def __init__(
        self, timeline: Timeline, instances: Sequence[Amount], conditions: Conditions, seed: int
    ) -> None:
        self._timeline, self._conditions = timeline, conditions
        self._dice, self._events = Dice(seed, "ecs"), Dice(seed, "events")
        self.machines = [Machine(number, registered) for number, registered in enumerate(instances)]
        self.by_arn = {machine.arn: machine for machine in self.machines}
        self.watcher = Watcher()
        self.deliver: Callable[[Change], None] = lambda _: None
        self.tasks: dict[str, Task] = {}
        self._arns: dict[str, str] = {}
        self._asks: dict[str, Launchable] = {}
        self._ending: set[str] = set()
        self._calls_left, self._filled_at = float(BURST), timeline.now

    def run(self, ask: Launchable) -> Task | None:
        """RunTask of one task; `started_by` is its client token too. None: rejected, nothing has that room.

        Raises EcsThrottled.
        """
        self._throttle()
        self.watcher.called(ask)
        if (known := self.known(ask.started_by)) is not None:
            return known
        machine = self._place(ask)
        if machine is None:
            self.watcher.rejected(ask)
            return None
        return self._accept(ask, machine)

    def known(self, started_by: str) -> Task | None:
        """The task that this token has already got."""
        return self.tasks.get(self._arns.get(started_by, ""))

    def stop(self, arn: str) -> None:
        """StopTask: a running task ends now, one that is PENDING as soon as it runs."""
        task = self.tasks[arn]
        machine = self.by_arn[task.instance or ""]
        if task.status == "RUNNING":
            self._end(self._asks[arn], task, machine)
        elif not task.stopped:
            self._asks[arn] = self._asks[arn]._replace(run=0)

    def _throttle(self) -> None:
        now = self._timeline.now
        self._calls_left = min(BURST, self._calls_left + (now - self._filled_at) * PER_SECOND / 1000)
        self._filled_at = now
        if self._calls_left < 1:
            raise EcsThrottled("RunTask: rate exceeded")
        self._calls_left -= 1

    def _place(self, ask: Launchable) -> Machine | None:
        """Where it goes. Without a pin ECS takes any instance that has the room."""
        machines = [self.by_arn[ask.instance]] if ask.instance else self.machines
        fitting = [machine for machine in machines if ask.demand.amount.fits(machine.shown)]
        if not fitting:
            return None
        return fitting[self._dice.choice(len(fitting))] if len(fitting) > 1 else fitting[0]

    def _accept(self, ask: Launchable, machine: Machine) -> Task:
        amount = ask.demand.amount
        machine.shown -= amount
        task = Task(
            arn=f"arn:aws:ecs:eu-central-1:123456789012:task/simulated/{ask.started_by.replace('/', '-')}",
            version=1,
            status="PENDING",
            demand=ask.demand,
            instance=machine.arn,
            started_by=ask.started_by,
            group=FAMILY_GROUP,
        )
        self._arns[ask.started_by] = task.arn
        self._asks[task.arn] = ask
        self.tasks[task.arn] = machine.tasks[task.arn] = task
        self.watcher.accepted(ask, task)
        self._emit(task)
        self._touch(machine)
        delay = self._dice.within(self._conditions.start)
        self._timeline.after(delay, lambda: self._start(ask, task, machine))
        return task

    def _start(self, ask: Launchable, task: Task, machine: Machine) -> None:
        """The agent starts what it has room for; the rest is PENDING behind tasks that are stopping."""
        if machine.pending or not task.demand.amount.fits(machine.free):
            machine.pending.append((task, ask))
            return
        machine.free -= task.demand.amount
        running = self._change(machine, task, status="RUNNING", started_at=self._timeline.now)
        self.watcher.running(ask, running)
        self._timeline.after(self._asks[task.arn].run, lambda: self._end(ask, running, machine))

    def _end(self, ask: Launchable, task: Task, machine: Machine) -> None:
        if task.arn in self._ending:
            return
        self._ending.add(task.arn)
        machine.shown += task.demand.amount
        self._touch(machine)
        delay = self._dice.within(self._conditions.stop)
        self._timeline.after(delay, lambda: self._stop(ask, task, machine))

    def _stop(self, ask: Launchable, task: Task, machine: Machine) -> None:
        machine.free += task.demand.amount
        now = self._timeline.now
        stopped = self._change(
            machine, task, status="STOPPED", exit_code=0, stopped_at=now, desired="STOPPED"
        )
        del machine.tasks[task.arn]
        self.watcher.stopped(ask, stopped)
        waiting, machine.pending = machine.pending, []
        for next_task, next_ask in waiting:
            self._start(next_ask, next_task, machine)

    def _change(self, machine: Machine, task: Task, **changes: object) -> Task:
        changed = replace(task, version=task.version + 1, **changes)
        self.tasks[task.arn] = machine.tasks[task.arn] = changed
        self._emit(changed)
        self._touch(machine)
        return changed

    def _touch(self, machine: Machine) -> None:
        machine.version += 1
        self._emit(machine.record)

    def _emit(self, change: Change) -> None:
        copies = 2 if self._events.chance(self._conditions.event_twice) else 1
        for _ in range(copies):
            if not self._events.chance(self._conditions.event_loss):
                delay = self._events.within(self._conditions.event)
                self._timeline.after(delay, lambda: self.deliver(change))
