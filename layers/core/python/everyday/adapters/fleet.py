"""Auto Scaling groups whose size follows the queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from everyday.adapters.aws import translated
from everyday.errors import FleetUnavailable
from everyday.jobs.model import Amount, Demand

if TYPE_CHECKING:
    from types_boto3_autoscaling.client import AutoScalingClient

_KEPT_SECONDS = 30
_USABLE = 0.97
"""ECS developer guide, «Container instance memory management»: the kernel keeps some of an instance's memory.
How much shows when one has joined."""


class Group(NamedTuple):
    """An Auto Scaling group as it was lately."""

    name: str
    desired: int
    most: int
    types: tuple[str, ...]
    instances: frozenset[str]


class AutoScalingFleet:
    """The Fleet port: one group a cluster. `groups`: their names by cluster. `ec2` makes EC2's client, the
    largest of all, when the first call needs it.

    Which of a group's instance types will be launched is not known before, so what one offers is the least
    of all of them. What a group is like is remembered for half a minute, what a type is like for ever.
    """

    def __init__(
        self,
        scaling: AutoScalingClient,
        ec2: Callable[[], Any],
        groups: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._scaling = scaling
        self._ec2 = ec2
        self._groups = groups
        self._clock = clock
        self._known: dict[str, tuple[float, Group]] = {}
        self._offers: dict[tuple[str, ...], Demand] = {}

    def shapes(self, cluster: str, *, joined: Mapping[str, Amount]) -> Sequence[tuple[str, Demand, int]]:
        if cluster not in self._groups:
            return []
        group = self._group(cluster)
        mine = [amount for ec2_id, amount in joined.items() if ec2_id in group.instances]
        offer = self._offer(group)
        amount = offer.amount.at_most(_most(mine)) if mine else offer.amount
        return [(group.name, Demand(amount, (), offer.attributes), max(0, group.most - len(mine)))]

    def grow(self, cluster: str, more: Mapping[str, int], *, joined: Mapping[str, Amount]) -> None:
        if self._groups.get(cluster) not in more:
            return
        group = self._group(cluster)
        mine = len(group.instances & joined.keys())
        wanted = min(group.most, mine + more[group.name])
        if wanted <= group.desired:
            return
        with translated(FleetUnavailable, f"growing {group.name} to {wanted}"):
            self._scaling.set_desired_capacity(
                AutoScalingGroupName=group.name, DesiredCapacity=wanted, HonorCooldown=False
            )
        self._known.pop(cluster)

    def _group(self, cluster: str) -> Group:
        known = self._known.get(cluster)
        if known and self._clock() - known[0] < _KEPT_SECONDS:
            return known[1]
        name = self._groups[cluster]
        with translated(FleetUnavailable, f"looking at the Auto Scaling group {name}"):
            answer = self._scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        if not answer["AutoScalingGroups"]:
            raise FleetUnavailable(f"there is no Auto Scaling group {name}; deploy the stack again")
        group = _read(name, answer["AutoScalingGroups"][0])
        self._known[cluster] = self._clock(), group
        return group

    def _offer(self, group: Group) -> Demand:
        if group.types not in self._offers:
            with translated(FleetUnavailable, f"looking at the instance types of {group.name}"):
                answer = self._ec2().describe_instance_types(InstanceTypes=list(group.types))
            self._offers[group.types] = _least(answer["InstanceTypes"])
        return self._offers[group.types]


def _read(name: str, told: Mapping[str, Any]) -> Group:
    template = told.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    instances = told.get("Instances", [])
    named = [it["InstanceType"] for it in template.get("Overrides", []) if "InstanceType" in it]
    types = sorted({*(named or (it["InstanceType"] for it in instances if "InstanceType" in it))})
    if not types:
        raise FleetUnavailable(f"the Auto Scaling group {name} does not say which instance types it launches")
    ids = frozenset(it["InstanceId"] for it in instances)
    return Group(name, told["DesiredCapacity"], told["MaxSize"], tuple(types), ids)


def _least(types: Sequence[Mapping[str, Any]]) -> Demand:
    amounts = [_amount(it) for it in types]
    if not amounts:
        raise FleetUnavailable("EC2 knows none of the group's instance types")
    least = amounts[0]
    for amount in amounts:
        least = least.at_most(amount)
    return Demand(least, attributes=tuple(sorted({"ecs.os-type=linux", *_architecture(types)})))


def _amount(told: Mapping[str, Any]) -> Amount:
    """ECS developer guide: an instance registers 1,024 CPU units a vCPU, and the memory its kernel leaves."""
    gpus = told.get("GpuInfo", {}).get("Gpus", [])
    return Amount(
        told["VCpuInfo"]["DefaultVCpus"] * 1024,
        int(told["MemoryInfo"]["SizeInMiB"] * _USABLE),
        sum(it.get("Count", 0) for it in gpus),
    )


def _architecture(types: Iterable[Mapping[str, Any]]) -> list[str]:
    """The attribute that all of them will have, if it is the same."""
    found = {tuple(it.get("ProcessorInfo", {}).get("SupportedArchitectures", ())) for it in types}
    one = found.pop() if len(found) == 1 else ()
    return [f"ecs.cpu-architecture={one[0]}"] if len(one) == 1 else []


def _most(amounts: Iterable[Amount]) -> Amount:
    each = list(amounts)
    return Amount(max(it.cpu for it in each), max(it.memory for it in each), max(it.gpu for it in each))
