"""Auto Scaling groups, one a zone, in the place of Spot Fleet requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from everyday.adapters.aws import translated
from everyday.cloudtop.model import Capacity, FleetEvent
from everyday.errors import CloudtopRefused, FleetUnavailable

_PAGES = 5
"""Of a group's activities at most, newest first, 100 each."""

_KINDS = (
    ("MaxSpotInstanceCountExceeded", "spotInstanceCountLimitExceeded"),
    ("VcpuLimitExceeded", "spotInstanceCountLimitExceeded"),
    ("SpotMaxPriceTooLow", "launchSpecUnusable"),
    ("maximum price", "launchSpecUnusable"),
    ("UnauthorizedOperation", "spotFleetRequestConfigurationInvalid"),
    ("not authorized", "spotFleetRequestConfigurationInvalid"),
    ("InvalidAMIID", "spotFleetRequestConfigurationInvalid"),
)
"""What an activity's message has in it, and Spot Fleet's word for that."""


class ScalingGroups:
    """The Fleets port. `groups`: their names by zone. Which share is on demand is the groups' percentage
    above the base: 0 or 100."""

    def __init__(self, client: Any, groups: Mapping[str, str]) -> None:
        self._client = client
        self._groups = groups

    def capacities(self) -> Mapping[str, Capacity]:
        return {zone: _capacity(told) for zone, told in self._told(self._groups).items()}

    def ask(self, zone: str, capacity: Capacity) -> None:
        told = self._told([zone])[zone]
        if _capacity(told) == capacity:
            return
        if told.get("Status"):
            raise CloudtopRefused(
                f"the group {self._groups[zone]} of {zone} is being deleted; deploy the stack again"
            )
        distribution = {"OnDemandPercentageAboveBaseCapacity": 100 if capacity.on_demand else 0}
        with translated(FleetUnavailable, f"asking {self._groups[zone]} for {capacity.total}"):
            self._client.update_auto_scaling_group(
                AutoScalingGroupName=self._groups[zone],
                DesiredCapacity=capacity.total,
                MixedInstancesPolicy={"InstancesDistribution": distribution},
            )

    def history(self, zone: str, since: datetime) -> Sequence[FleetEvent]:
        request: dict[str, Any] = {"AutoScalingGroupName": self._groups[zone], "MaxRecords": 100}
        found: list[Mapping[str, Any]] = []
        for _ in range(_PAGES):
            with translated(FleetUnavailable, f"reading the activities of the group of {zone}"):
                page = self._client.describe_scaling_activities(**request)
            recent = [it for it in page["Activities"] if it["StartTime"] >= since]
            found += recent
            if not page.get("NextToken") or len(recent) < len(page["Activities"]):
                break
            request["NextToken"] = page["NextToken"]
        return sorted(map(_event, found), key=lambda it: it.at)

    def _told(self, zones: Sequence[str] | Mapping[str, str]) -> Mapping[str, Mapping[str, Any]]:
        names = [self._groups[zone] for zone in zones]
        with translated(FleetUnavailable, f"looking at the groups {', '.join(names)}"):
            answer = self._client.describe_auto_scaling_groups(AutoScalingGroupNames=names)
        found = {it["AutoScalingGroupName"]: it for it in answer["AutoScalingGroups"]}
        if missing := [name for name in names if name not in found]:
            raise FleetUnavailable(f"there is no group {', '.join(missing)}; deploy the stack again")
        return {zone: found[self._groups[zone]] for zone in zones}


def _capacity(told: Mapping[str, Any]) -> Capacity:
    policy = told.get("MixedInstancesPolicy", {}).get("InstancesDistribution", {})
    demanded = policy.get("OnDemandPercentageAboveBaseCapacity", 100) == 100
    total = told["DesiredCapacity"]
    return Capacity(total=total, on_demand=total if demanded else 0)


def _event(told: Mapping[str, Any]) -> FleetEvent:
    text = told.get("StatusMessage") or told.get("Description", "")
    return FleetEvent(kind=_kind(told, text), at=told["StartTime"], text=text)


def _kind(told: Mapping[str, Any], text: str) -> str:
    if told["StatusCode"] not in ("Failed", "Cancelled"):
        return "progress"
    return next((kind for part, kind in _KINDS if part in text), "launchSpecTemporarilyBlacklisted")
