"""The actions of ECS that the stand-in has."""

from collections.abc import Callable, Mapping
from typing import Any

from everyday_local.ecs.agent import Agents
from everyday_local.ecs.definitions import DefinitionActions
from everyday_local.ecs.errors import EcsError
from everyday_local.ecs.instances import ClusterActions, InstanceActions
from everyday_local.ecs.run_task import RunActions
from everyday_local.ecs.shapes import check
from everyday_local.ecs.tasks import TaskActions
from everyday_local.ecs.world import World


class Actions:
    """All of them, by kind and by name."""

    def __init__(self, world: World, agents: Agents) -> None:
        self.clusters = ClusterActions(world)
        self.instances = InstanceActions(world, agents)
        self.definitions = DefinitionActions(world)
        self.runs = RunActions(world, agents)
        self.tasks = TaskActions(world, agents)
        self._by_name: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "CreateCluster": self.clusters.create,
            "DeleteCluster": self.clusters.delete,
            "DeregisterContainerInstance": self.instances.deregister,
            "DeregisterTaskDefinition": self.definitions.deregister,
            "DescribeClusters": self.clusters.describe,
            "DescribeContainerInstances": self.instances.describe,
            "DescribeTaskDefinition": self.definitions.describe,
            "DescribeTasks": self.tasks.describe,
            "ListClusters": self.clusters.list,
            "ListContainerInstances": self.instances.list,
            "ListTaskDefinitionFamilies": self.definitions.list_families,
            "ListTaskDefinitions": self.definitions.list,
            "ListTasks": self.tasks.list,
            "PutAttributes": self.instances.put_attributes,
            "RegisterContainerInstance": self.instances.register,
            "RegisterTaskDefinition": self.definitions.register,
            "RunTask": self.runs.run_task,
            "StartTask": self.runs.start_task,
            "StopTask": self.tasks.stop,
            "UpdateContainerInstancesState": self.instances.update_state,
        }

    def perform(self, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Raises EcsError for what ECS refuses, and for what only the real one has."""
        check(action, params)
        if action not in self._by_name:
            raise EcsError("UnsupportedOperationException", f"The stand-in has no {action}.", status=501)
        return self._by_name[action](params)
