"""The container agent of each instance: it begins tasks, stops them, and reports what became of them.

Three rules of the real one matter to a scheduler: a task is held PENDING while a task that was told to stop
before it was placed has not stopped; capacity comes back only when a task's last status is STOPPED; an agent
that is not connected gets no orders, and reports when it is connected again.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from everyday_local.ecs.engine import NOT_STARTED, Engine, Launch, Report, Tell
from everyday_local.ecs.records import Container, Instance, Task
from everyday_local.ecs.world import World

STOP_TIMEOUT_SECONDS = 30.0
KEPT_SECONDS = 3600.0


class Agents:
    """All of them. `start_seconds` pass between the placement of a task and its begin."""

    def __init__(self, world: World, engine: Engine, tell: Tell, *, start_seconds: float = 0.0) -> None:
        self._world, self._engine, self._tell = world, engine, tell
        self.start_seconds = start_seconds

    def placed(self, task: Task) -> None:
        self._world.timeline.after(self.start_seconds, lambda: self._handed_over(task))

    def stop(self, task: Task, code: str, reason: str) -> None:
        """ECS wants the task stopped; nothing happens when it does already."""
        if task.desired == "STOPPED":
            return
        self._want_stopped(task, code, reason)
        self._world.touch_task(task)
        self._world.refresh_instance(task.instance)
        self._world.timeline.after(0, lambda: self._stop_now(task))

    def report(self, report: Report) -> None:
        """What an engine told. Nothing happens when the task is gone with its instance."""
        task = self._world.tasks.get(report.task)
        if task is None or not task.live:
            return
        if not task.instance.connected:
            task.instance.unreported.append(report)
        elif report.running:
            self._runs(task, report)
        else:
            self._ended(task, report)

    def connect(self, instance: Instance, *, connected: bool) -> None:
        """The agent loses its connection, or is there again."""
        if instance.connected == connected or instance.status == "INACTIVE":
            return
        instance.connected = connected
        self._world.touch_instance(instance)
        for task in list(instance.live.values()):
            self._world.touch_task(task)
        if connected:
            self._catch_up(instance)

    def gone(self, instance: Instance, code: str, reason: str) -> None:
        """The instance leaves the cluster, and its tasks with it: nobody says how they ended."""
        instance.status, instance.connected = "INACTIVE", False
        for task in list(instance.live.values()):
            for container in task.containers:
                self._engine.kill(task.arn, container.name)
            if task.desired != "STOPPED":
                self._want_stopped(task, code, reason)
            self._stopped(task)
        self._world.touch_instance(instance)

    def restarted(self) -> None:
        """The stand-in was ended and runs again: what ran has ended with it, as when a machine reboots."""
        for task in list(self._world.tasks.values()):
            if task.live:
                reason = f"Host EC2 (instance {task.instance.ec2_id}) stopped."
                if task.desired != "STOPPED":
                    self._want_stopped(task, "TerminationNotice", reason)
                self._stopped(task)
            else:
                self._world.timeline.after(KEPT_SECONDS, partial(self._world.forget_task, task))

    def _catch_up(self, instance: Instance) -> None:
        reports, instance.unreported = instance.unreported, []
        for report in reports:
            self.report(report)
        for task in list(instance.live.values()):
            if task.desired == "STOPPED":
                self._stop_now(task)
        self._begin_what_may(instance)

    def _handed_over(self, task: Task) -> None:
        task.ready = True
        self._begin_what_may(task.instance)

    def _begin_what_may(self, instance: Instance) -> None:
        if not instance.connected:
            return
        for task in list(instance.live.values()):
            stopping = [each.stop_order for each in instance.live.values() if each.stop_order is not None]
            held = any(order < task.order for order in stopping)
            if task.ready and not (task.begun or task.desired == "STOPPED" or held):
                self._begin(task)

    def _begin(self, task: Task) -> None:
        task.begun = True
        now = self._world.timeline.now()
        task.times |= {"pullStartedAt": now, "pullStoppedAt": now, "connectivityAt": now}
        for container in task.containers:
            self._engine.start(_launch(task, container), self._tell)

    def _runs(self, task: Task, report: Report) -> None:
        container = _container(task, report.container)
        container.status, container.runtime_id = "RUNNING", self._world.new_id()
        if any(each.status == "PENDING" for each in task.containers) or task.status != "PENDING":
            return
        task.status = "RUNNING"
        task.times["startedAt"] = self._world.timeline.now()
        self._world.touch_task(task)
        self._world.refresh_instance(task.instance)

    def _ended(self, task: Task, report: Report) -> None:
        container = _container(task, report.container)
        started = container.status == "RUNNING" and not (report.reason or "").startswith(NOT_STARTED)
        container.status, container.exit_code, container.reason = "STOPPED", report.exit_code, report.reason
        ended = all(each.status == "STOPPED" for each in task.containers)
        if (container.essential or ended) and task.desired == "RUNNING":
            told = ("EssentialContainerExited", "Essential container in task exited")
            self._want_stopped(task, *(told if started else ("TaskFailedToStart", "Task failed to start")))
            self._world.refresh_instance(task.instance)
        if ended:
            self._stopped(task)
            return
        if task.desired == "STOPPED":
            task.status = "STOPPING"
            self._order_stop(task)
        self._world.touch_task(task)

    def _want_stopped(self, task: Task, code: str, reason: str) -> None:
        task.desired, task.stop_code, task.stopped_reason = "STOPPED", code, reason
        task.stop_order = self._world.next_order()
        task.times["stoppingAt"] = self._world.timeline.now()

    def _stop_now(self, task: Task) -> None:
        """The agent hears of it: a task that never began is stopped, the others are told to end."""
        if not (task.live and task.instance.connected):
            return
        if not task.begun:
            self._stopped(task)
            return
        for status in ("DEACTIVATING", "STOPPING"):
            task.status = status
            self._world.touch_task(task)
        self._order_stop(task)

    def _order_stop(self, task: Task) -> None:
        for container in task.containers:
            if container.status != "STOPPED":
                self._engine.stop(task.arn, container.name)

    def _stopped(self, task: Task) -> None:
        now = self._world.timeline.now()
        task.status = "STOPPED"
        for container in task.containers:
            container.status = "STOPPED"
        task.times |= {"stoppedAt": now, **({"executionStoppedAt": now} if task.begun else {})}
        task.instance.live.pop(task.arn, None)
        task.instance.stock.give_back(task.demand, task.gpu_ids)
        self._world.touch_task(task)
        if task.instance.status != "INACTIVE":
            self._world.touch_instance(task.instance)
            self._world.timeline.after(0, lambda: self._begin_what_may(task.instance))
        self._world.timeline.after(KEPT_SECONDS, lambda: self._world.forget_task(task))


def _container(task: Task, name: str) -> Container:
    return next(each for each in task.containers if each.name == name)


def _launch(task: Task, container: Container) -> Launch:
    said = container.launch
    return Launch(
        task=task.arn,
        name=container.name,
        image=said["image"],
        entry_point=said.get("entryPoint", []),
        command=said.get("command", []),
        environment={**_told_by_ecs(task), **{each["name"]: each["value"] for each in said["environment"]}},
        memory=said.get("memory") or _of_task(task),
        stop_timeout=said.get("stopTimeout", STOP_TIMEOUT_SECONDS),
    )


def _of_task(task: Task) -> int | None:
    """A limit of the whole task holds each of its containers, too."""
    content: Mapping[str, Any] = {**task.definition.content, **task.overrides}
    return task.demand.memory if content.get("memory") else None


def _told_by_ecs(task: Task) -> dict[str, str]:
    return {"AWS_EXECUTION_ENV": "AWS_ECS_EC2", "AWS_REGION": task.cluster.arn.split(":")[3]}
