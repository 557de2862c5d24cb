"""ListTasks, DescribeTasks and StopTask."""

from collections.abc import Mapping
from typing import Any

from everyday_local.ecs.agent import Agents
from everyday_local.ecs.errors import EcsError, invalid
from everyday_local.ecs.paging import page
from everyday_local.ecs.records import Cluster
from everyday_local.ecs.shapes import listed
from everyday_local.ecs.views import View, task_view, with_tags
from everyday_local.ecs.world import World, failure, last_part

Params = Mapping[str, Any]
Answer = dict[str, Any]

LONGEST_REASON = 1024
_FILTERS = {"containerInstance", "family", "serviceName", "desiredStatus", "launchType", "daemonName"}


class TaskActions:
    """The actions about tasks that are there."""

    def __init__(self, world: World, agents: Agents) -> None:
        self._world, self._agents = world, agents

    def list(self, params: Params) -> Answer:
        """Those whose desired status is RUNNING, unless STOPPED is asked for; none has PENDING."""
        cluster = self._world.cluster(params.get("cluster"))
        if params.get("startedBy") is not None and (others := sorted(_FILTERS & params.keys())):
            raise invalid(f"startedBy must be the only filter; there is also {', '.join(others)}.")
        if params.get("serviceName"):
            raise EcsError("ServiceNotFoundException", "Service not found.")
        wanted = self._wanted(cluster, params)
        views = self._world.seen_tasks.all(self._world.timeline.now())
        found = [view["taskArn"] for view in views if wanted.items() <= _asked_of(view).items()]
        shown, more = page(found, params, str)
        return {"taskArns": shown, **more}

    def describe(self, params: Params) -> Answer:
        cluster, now = self._world.cluster(params.get("cluster")), self._world.timeline.now()
        views, failures = [], []
        for reference in listed(params, "tasks"):
            arn = self._world.task_arn(cluster, reference)
            task, view = self._world.tasks.get(arn), self._world.seen_tasks.get(arn, now)
            if task is None or view is None or task.cluster is not cluster:
                failures.append(failure(arn, "MISSING"))
            else:
                wanted = "TAGS" in params.get("include", [])
                views.append(with_tags(view, task.tags) if wanted else view)
        return {"tasks": views, "failures": failures}

    def stop(self, params: Params) -> Answer:
        """Stopping what is stopped changes nothing."""
        cluster, reason = self._world.cluster(params.get("cluster")), params.get("reason")
        task = self._world.tasks.get(self._world.task_arn(cluster, params["task"]))
        if task is None or task.cluster is not cluster:
            raise invalid("The referenced task was not found.")
        if reason is not None and len(reason) > LONGEST_REASON:
            raise invalid(f"reason may have up to {LONGEST_REASON} characters.")
        self._agents.stop(task, "UserInitiated", reason or "Task stopped by user")
        return {"task": task_view(task)}

    def _wanted(self, cluster: Cluster, params: Params) -> Mapping[str, Any]:
        wanted = {"cluster": cluster.arn, "desired": params.get("desiredStatus", "RUNNING")}
        if reference := params.get("containerInstance"):
            wanted["instance"] = self._world.instance(cluster, reference).arn
        names = ("startedBy", "family", "launchType", "daemonName")
        return wanted | {name: params[name] for name in names if params.get(name) is not None}


def _asked_of(view: View) -> Mapping[str, Any]:
    return {
        "cluster": view["clusterArn"],
        "desired": view["desiredStatus"],
        "instance": view["containerInstanceArn"],
        "startedBy": view.get("startedBy"),
        "family": last_part(view["taskDefinitionArn"]).partition(":")[0],
        "launchType": view["launchType"],
    }
