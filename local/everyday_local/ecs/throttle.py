"""The token buckets by which ECS throttles an account in a Region."""

from datetime import datetime
from typing import NamedTuple

from everyday_local.ecs.errors import throttled


class Rate(NamedTuple):
    """A bucket: how many calls at once, and how many a second from then on."""

    burst: float
    per_second: float


# After «Request throttling for the Amazon ECS API»: one bucket for each group of actions.
MODIFY, READ, CLUSTER_READ, DEFINITION, AGENT = "modify", "read", "cluster", "definition", "agent"
RATES = {
    MODIFY: Rate(100, 40),
    READ: Rate(100, 20),
    CLUSTER_READ: Rate(50, 20),
    DEFINITION: Rate(50, 20),
    AGENT: Rate(200, 120),
}
_GROUPS = {
    MODIFY: (
        "RunTask StartTask StopTask PutAttributes DeleteAttributes UpdateContainerInstancesState "
        "DeregisterContainerInstance"
    ),
    READ: "ListTasks DescribeTasks ListContainerInstances DescribeContainerInstances ListAttributes",
    CLUSTER_READ: "DescribeClusters ListClusters CreateCluster DeleteCluster",
    DEFINITION: (
        "RegisterTaskDefinition DescribeTaskDefinition DeregisterTaskDefinition ListTaskDefinitions "
        "ListTaskDefinitionFamilies"
    ),
    AGENT: "RegisterContainerInstance",
}
GROUP_OF = {action: group for group, actions in _GROUPS.items() for action in actions.split()}


class Throttle:
    """The buckets of one account. `scale` multiplies burst and rate; 0 lets every call through."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self._left: dict[str, tuple[float, datetime]] = {}

    def spend(self, action: str, now: datetime) -> None:
        """Count a call; a refused one takes nothing. Raises EcsError (ThrottlingException)."""
        group = GROUP_OF.get(action)
        if not self.scale or group is None:
            return
        burst, per_second = (self.scale * each for each in RATES[group])
        left, then = self._left.get(group, (burst, now))
        left = min(burst, left + (now - then).total_seconds() * per_second)
        self._left[group] = (left - 1 if left >= 1 else left, now)
        if left < 1:
            raise throttled()
