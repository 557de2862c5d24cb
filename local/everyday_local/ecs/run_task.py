"""RunTask and StartTask: tasks placed on instances, all or some of them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from everyday_local.ecs.agent import Agents
from everyday_local.ecs.errors import invalid, unsupported
from everyday_local.ecs.expressions import pinned
from everyday_local.ecs.placement import Rules, Wish, check_strategies, choose, refusal, rules_of
from everyday_local.ecs.records import Cluster, Container, Definition, Instance, Task
from everyday_local.ecs.resources import cpu_units, demand_of, mebibytes, overridden
from everyday_local.ecs.shapes import listed
from everyday_local.ecs.tokens import answered, recall
from everyday_local.ecs.views import task_view, with_tags
from everyday_local.ecs.world import World, failure

Params = Mapping[str, Any]
Answer = dict[str, Any]

MOST_TASKS = 10
_STARTED_BY = re.compile(r"[A-Za-z0-9_/-]*")
_LONGEST_RUN, _LONGEST_START = 128, 36


class RunActions:
    """The actions that place tasks.

    Whether ECS keeps an answer that placed nothing under its client token is not documented; `keep_failures`
    says whether this one does.
    """

    def __init__(self, world: World, agents: Agents) -> None:
        self._world, self._agents = world, agents
        self.keep_failures = True

    def run_task(self, params: Params) -> Answer:
        """Up to ten equal tasks; `failures` tells why each instance did not take the first that is left.

        How many failures ECS lists is not documented: what was placed is what `tasks` says.
        """
        cluster = self._world.cluster(params.get("cluster"))
        token, now = params.get("clientToken"), self._world.timeline.now()
        if token is None:
            return self._run(cluster, params)
        key = (cluster.name, token)
        if (first := recall(self._world.answers.get(key), token, params, now)) is not None:
            return first
        answer = self._run(cluster, params)
        if answer["tasks"] or self.keep_failures:
            self._forget_old(now)
            self._world.answers[key] = answered(params, answer, now)
            self._world.changed.add(("token", " ".join(key)))
        return answer

    def _forget_old(self, now: datetime) -> None:
        """Answers are kept in the order in which they expire."""
        answers = self._world.answers
        while answers and answers[first := next(iter(answers))].until <= now:
            del answers[first]
            self._world.changed.add(("token", " ".join(first)))

    def start_task(self, params: Params) -> Answer:
        """One task on each of up to ten instances, wherever it fits."""
        cluster = self._world.cluster(params.get("cluster"))
        references = listed(params, "containerInstances", most=MOST_TASKS)
        definition = self._runnable(params, _LONGEST_START)
        wish, rules = _wish(definition, params), rules_of([])
        placed: list[Task] = []
        failures = []
        for reference in references:
            instance = self._world.find_instance(cluster, reference)
            reason = _unusable(instance) or (refusal(instance, wish, rules) if instance else None)
            if instance is None or reason:
                failures.append(failure(self._world.instance_arn(cluster, reference), reason or "MISSING"))
            else:
                placed.append(self._place(instance, definition, wish, params))
        return {"tasks": [_told(task) for task in placed], "failures": failures}

    def place_foreign(self, instance: Instance, definition: Definition) -> Task:
        """A task that somebody else started. Raises EcsError when it does not fit."""
        wish = _wish(definition, {})
        if reason := refusal(instance, wish, rules_of([])):
            raise invalid(f"The task does not fit: {reason}")
        return self._place(instance, definition, wish, {})

    def _run(self, cluster: Cluster, params: Params) -> Answer:
        definition = self._runnable(params, _LONGEST_RUN)
        _check_run(params)
        wish = _wish(definition, params)
        rules = rules_of(wish.constraints)
        candidates = [each for each in self._world.instances_of(cluster) if each.status == "ACTIVE"]
        if not candidates:
            raise invalid("No Container Instances were found in your cluster.")
        placed: list[Task] = []
        failures: Mapping[str, str] = {}
        for _ in range(params.get("count", 1)):
            chosen = self._choose(candidates, wish, rules)
            if not isinstance(chosen, Instance):
                failures = chosen
                break
            placed.append(self._place(chosen, definition, wish, params))
        told = [failure(arn, reason) for arn, reason in sorted(failures.items())]
        return {"tasks": [_told(task) for task in placed], "failures": told}

    def _choose(
        self, candidates: Sequence[Instance], wish: Wish, rules: Rules
    ) -> Instance | Mapping[str, str]:
        """A task that is pinned to a machine is tried there first, without looking at all the others."""
        pins = {pinned(each.get("expression", "")) for each in wish.constraints} - {None}
        for each in candidates if pins else ():
            if each.ec2_id in pins and refusal(each, wish, rules) is None:
                return each
        return choose(candidates, wish, rules, self._world.rng)

    def _runnable(self, params: Params, longest: int) -> Definition:
        started_by = params.get("startedBy", "")
        if len(started_by) > longest or not _STARTED_BY.fullmatch(started_by):
            raise invalid(f"startedBy may have up to {longest} characters of A-Z a-z 0-9 - / _")
        definition = self._world.definition(params["taskDefinition"])
        if not definition.active:
            raise invalid("TaskDefinition is inactive")
        _check_overrides(definition, params.get("overrides", {}))
        if definition.content.get("networkMode") == "awsvpc" and not params.get("networkConfiguration"):
            raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
        return definition

    def _place(self, instance: Instance, definition: Definition, wish: Wish, params: Params) -> Task:
        identity, overrides = self._world.new_id(), dict(params.get("overrides", {}))
        cluster = instance.cluster
        task = Task(
            arn=self._world.names.arn("task", cluster.name, identity),
            id=identity,
            cluster=cluster,
            instance=instance,
            definition=definition,
            demand=wish.demand,
            overrides=overrides,
            containers=[
                self._container(cluster, identity, each) for each in overridden(definition.content, overrides)
            ],
            group=wish.group,
            started_by=params.get("startedBy"),
            created_at=self._world.timeline.now(),
            order=self._world.next_order(),
            tags=_tags(definition, params, cluster),
        )
        task.gpu_ids = instance.stock.take(task.demand)
        _share_gpus(task)
        instance.live[task.arn] = self._world.tasks[task.arn] = task
        self._world.touch_instance(instance)
        self._world.touch_task(task)
        self._agents.placed(task)
        return task

    def _container(self, cluster: Cluster, task_id: str, launch: dict[str, Any]) -> Container:
        arn = self._world.names.arn("container", cluster.name, task_id, self._world.new_id())
        return Container(name=launch["name"], arn=arn, launch=launch)


def _check_run(params: Params) -> None:
    if not 1 <= params.get("count", 1) <= MOST_TASKS:
        raise invalid(f"count must be between 1 and {MOST_TASKS}.")
    if params.get("capacityProviderStrategy"):
        if "launchType" in params:
            raise invalid("Specifying both a launch type and capacity provider strategy is not supported.")
        raise unsupported("capacity providers")
    if params.get("launchType", "EC2") != "EC2":
        raise unsupported(f"launch type {params['launchType']}")
    if len(params.get("group", "")) > 255:
        raise invalid("group may have up to 255 characters.")
    check_strategies(params.get("placementStrategy", []))
    for each in params.get("tags", []):
        if each.get("key", "").lower().startswith("aws:"):
            raise invalid(f"Tag keys that begin with aws: are reserved: {each['key']!r}.")


def _check_overrides(definition: Definition, overrides: Mapping[str, Any]) -> None:
    names = {each["name"] for each in definition.content["containerDefinitions"]}
    for each in overrides.get("containerOverrides", []):
        if each.get("name") not in names:
            raise invalid(
                f"Override for container named {each.get('name')} is not a container in the TaskDefinition."
            )
    try:
        sizes = [
            parsed(overrides[name])
            for name, parsed in (("cpu", cpu_units), ("memory", mebibytes))
            if name in overrides
        ]
    except ValueError as error:
        raise invalid(f"Invalid cpu or memory override: {error}.") from error
    if any(value <= 0 for value in sizes):
        raise invalid("An override of cpu or memory must be above 0.")


def _wish(definition: Definition, params: Params) -> Wish:
    content = definition.content
    return Wish(
        demand=demand_of(content, params.get("overrides", {})),
        group=params.get("group") or f"family:{definition.family}",
        attributes=[each["name"] for each in content["requiresAttributes"]],
        constraints=[*content["placementConstraints"], *params.get("placementConstraints", [])],
        strategies=params.get("placementStrategy", []),
    )


def _unusable(instance: Instance | None) -> str | None:
    """Why StartTask cannot use this instance at all."""
    if instance is None:
        return "MISSING"
    return None if instance.status == "ACTIVE" else "INACTIVE"


def _tags(definition: Definition, params: Params, cluster: Cluster) -> list[dict[str, str]]:
    inherited: Iterable[dict[str, str]] = (
        definition.tags if params.get("propagateTags") == "TASK_DEFINITION" else ()
    )
    tags = {each["key"]: each.get("value", "") for each in [*inherited, *params.get("tags", [])]}
    if params.get("enableECSManagedTags"):
        tags["aws:ecs:clusterName"] = cluster.name
    return [{"key": key, "value": value} for key, value in tags.items()]


def _share_gpus(task: Task) -> None:
    left = list(task.gpu_ids)
    for container in task.containers:
        needs = container.launch.get("resourceRequirements", [])
        count = sum(int(each["value"]) for each in needs if each["type"] == "GPU")
        container.gpu_ids, left = left[:count], left[count:]


def _told(task: Task) -> Answer:
    return with_tags(task_view(task), task.tags)
