"""Clusters and the container instances in them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from everyday_local.ecs.agent import Agents
from everyday_local.ecs.errors import EcsError, invalid, unsupported
from everyday_local.ecs.expressions import parse
from everyday_local.ecs.paging import page
from everyday_local.ecs.placement import facts_of
from everyday_local.ecs.records import Cluster, Instance
from everyday_local.ecs.resources import Stock, stock_of
from everyday_local.ecs.shapes import listed
from everyday_local.ecs.views import cluster_view, instance_view, with_tags
from everyday_local.ecs.world import World, failure, last_part

Params = Mapping[str, Any]
Answer = dict[str, Any]

_CLUSTER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
# What a current agent on a current ECS-optimized AMI says of itself, as far as tasks ask for it here.
CAPABILITIES: Mapping[str, str | None] = {
    "ecs.availability-zone": "us-east-1a",
    "ecs.cpu-architecture": "x86_64",
    "ecs.os-type": "linux",
    "ecs.ami-id": "ami-0123456789abcdef0",
    "ecs.capability.task-eni": None,
    "ecs.capability.execution-role-awslogs": None,
    "com.amazonaws.ecs.capability.logging-driver.awslogs": None,
    "com.amazonaws.ecs.capability.logging-driver.json-file": None,
    "com.amazonaws.ecs.capability.task-iam-role": None,
    "com.amazonaws.ecs.capability.task-iam-role-network-host": None,
}


class InstanceActions:
    """The actions about container instances."""

    def __init__(self, world: World, agents: Agents) -> None:
        self._world, self._agents = world, agents

    def register(self, params: Params) -> Answer:
        """What an agent says of its machine; one that is known already by its ARN is connected again."""
        cluster = self._world.cluster(params.get("cluster"))
        if known := params.get("containerInstanceArn"):
            instance = self._world.instance(cluster, known)
            self._agents.connect(instance, connected=True)
            return {"containerInstance": instance_view(instance)}
        attributes = {each["name"]: each.get("value") for each in params.get("attributes", [])}
        instance = self.add(
            cluster,
            ec2_id=_ec2_id(params),
            stock=stock_of(params.get("totalResources", [])),
            attributes=attributes,
            tags=list(params.get("tags", [])),
        )
        return {"containerInstance": instance_view(instance)}

    def add(
        self,
        cluster: Cluster,
        *,
        stock: Stock,
        ec2_id: str | None = None,
        attributes: Mapping[str, str | None] | None = None,
        tags: list[dict[str, str]] | None = None,
    ) -> Instance:
        """A machine joins the cluster, with the capabilities of a current agent."""
        identity = self._world.new_id()
        instance = Instance(
            arn=self._world.names.arn("container-instance", cluster.name, identity),
            id=identity,
            cluster=cluster,
            ec2_id=ec2_id or f"i-{identity[:17]}",
            stock=stock,
            attributes={**CAPABILITIES, **(attributes or {})},
            registered_at=self._world.timeline.now(),
            tags=tags or [],
        )
        self._world.instances[instance.arn] = instance
        self._world.touch_instance(instance)
        return instance

    def deregister(self, params: Params) -> Answer:
        """With `force` its tasks are given up; their containers here end, too."""
        cluster = self._world.cluster(params.get("cluster"))
        instance = self._world.instance(cluster, params["containerInstance"])
        if instance.live and not params.get("force"):
            raise invalid("Found running tasks on the instance.")
        if instance.status != "INACTIVE":
            self._agents.gone(instance, "UserInitiated", "Container instance deregistration forced by user")
        return {"containerInstance": instance_view(instance)}

    def update_state(self, params: Params) -> Answer:
        """ACTIVE or DRAINING; standalone tasks on a draining instance run on."""
        cluster, status = self._world.cluster(params.get("cluster")), params["status"]
        references = listed(params, "containerInstances", most=10)
        if status not in {"ACTIVE", "DRAINING"}:
            raise invalid("The status of a container instance can be set to ACTIVE or DRAINING.")
        updated, failures = [], []
        for reference in references:
            instance = self._world.find_instance(cluster, reference)
            if instance is None or instance.status == "INACTIVE":
                reason = "MISSING" if instance is None else "INACTIVE"
                failures.append(failure(self._world.instance_arn(cluster, reference), reason))
                continue
            self.set_status(instance, status)
            updated.append(instance_view(instance))
        return {"containerInstances": updated, "failures": failures}

    def set_status(self, instance: Instance, status: str) -> None:
        if instance.status != status:
            instance.status = status
            self._world.touch_instance(instance)

    def list(self, params: Params) -> Answer:
        """Those of any status but INACTIVE, unless one is asked for."""
        cluster, now = self._world.cluster(params.get("cluster")), self._world.timeline.now()
        asked = params.get("status")
        seen = [
            view["containerInstanceArn"]
            for view in self._world.seen_instances.all(now)
            if (view["status"] == asked if asked else view["status"] != "INACTIVE")
        ]
        found = [arn for arn in seen if self._world.instances[arn].cluster is cluster]
        if params.get("filter"):
            selected = parse(params["filter"])
            found = [arn for arn in found if selected(facts_of(self._world.instances[arn]))]
        shown, more = page(found, params, str)
        return {"containerInstanceArns": shown, **more}

    def describe(self, params: Params) -> Answer:
        cluster, now = self._world.cluster(params.get("cluster")), self._world.timeline.now()
        views, failures = [], []
        for reference in listed(params, "containerInstances"):
            arn = self._world.instance_arn(cluster, reference)
            instance, view = self._world.instances.get(arn), self._world.seen_instances.get(arn, now)
            if instance is None or view is None or instance.cluster is not cluster:
                failures.append(failure(arn, "MISSING"))
            else:
                wanted = "TAGS" in params.get("include", [])
                views.append(with_tags(view, instance.tags) if wanted else view)
        return {"containerInstances": views, "failures": failures}

    def put_attributes(self, params: Params) -> Answer:
        """Custom attributes of instances, by ARN or id in `targetId`."""
        cluster = self._world.cluster(params.get("cluster"))
        for each in params["attributes"]:
            try:
                instance = self._world.instance(cluster, each.get("targetId", ""))
            except EcsError as error:
                raise EcsError("TargetNotFoundException", "Target not found.") from error
            instance.attributes[each["name"]] = each.get("value")
            self._world.touch_instance(instance)
        return {"attributes": params["attributes"]}


class ClusterActions:
    """The actions about clusters."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create(self, params: Params) -> Answer:
        """Creating a cluster that is there answers with it."""
        if params.get("capacityProviders") or params.get("defaultCapacityProviderStrategy"):
            raise unsupported("capacity providers")
        name = params.get("clusterName", "default")
        if not _CLUSTER_NAME.fullmatch(name):
            raise invalid("Invalid cluster name: use up to 255 letters, numbers, hyphens and underscores.")
        known = self._world.clusters.get(name)
        if known is None or known.status != "ACTIVE":
            arn = self._world.names.arn(f"cluster/{name}")
            tags, settings = list(params.get("tags", [])), list(params.get("settings", []))
            self._world.clusters[name] = Cluster(name=name, arn=arn, tags=tags, settings=settings)
            self._world.changed.add(("cluster", name))
        return {"cluster": self._view(self._world.clusters[name])}

    def describe(self, params: Params) -> Answer:
        """A deleted cluster is still described, as INACTIVE."""
        views, failures = [], []
        references: Sequence[str] = params.get("clusters") or ["default"]
        if len(references) > 100:
            raise invalid("clusters cannot have more than 100 elements.")
        for reference in references:
            cluster = self._world.clusters.get(last_part(reference))
            if cluster is None or reference not in {cluster.name, cluster.arn}:
                arn = (
                    reference if reference.startswith("arn:") else self._world.names.arn("cluster", reference)
                )
                failures.append(failure(arn, "MISSING"))
            else:
                wanted = "TAGS" in params.get("include", [])
                views.append(with_tags(self._view(cluster), cluster.tags) if wanted else self._view(cluster))
        return {"clusters": views, "failures": failures}

    def list(self, params: Params) -> Answer:
        active = [each.arn for each in self._world.clusters.values() if each.status == "ACTIVE"]
        shown, more = page(active, params, str)
        return {"clusterArns": shown, **more}

    def delete(self, params: Params) -> Answer:
        cluster = self._world.cluster(params["cluster"])
        if any(each.status != "INACTIVE" for each in self._world.instances_of(cluster)):
            raise EcsError(
                "ClusterContainsContainerInstancesException",
                "The Cluster cannot be deleted while Container Instances are active or draining.",
            )
        cluster.status = "INACTIVE"
        self._world.changed.add(("cluster", cluster.name))
        return {"cluster": self._view(cluster)}

    def _view(self, cluster: Cluster) -> Answer:
        return cluster_view(cluster, self._world.instances_of(cluster))


def _ec2_id(params: Params) -> str | None:
    """From the signed document by which an agent proves which machine it runs on."""
    try:
        told = msgspec.json.decode(params.get("instanceIdentityDocument", "{}"), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise EcsError("ClientException", "The instance identity document is not JSON.") from error
    return told.get("instanceId")
