"""Spot Fleet requests, one a zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from everyday.adapters.aws import translated
from everyday.cloudtop.model import Capacity, FleetEvent
from everyday.errors import CloudtopRefused, FleetUnavailable

_PAGES = 20
"""Of a fleet's history at most: more than 48 hours of trouble, which is all that EC2 keeps, ever had."""

_ALIVE = ("submitted", "active", "modifying")


class SpotFleets:
    """The Fleets port. `fleets`: the ids of the requests by zone."""

    def __init__(self, client: Any, fleets: Mapping[str, str]) -> None:
        self._client = client
        self._fleets = fleets

    def capacities(self) -> Mapping[str, Capacity]:
        return {zone: _capacity(told) for zone, told in self._told(self._fleets).items()}

    def ask(self, zone: str, capacity: Capacity) -> None:
        told = self._told([zone])[zone]
        if _capacity(told) == capacity:
            return
        fleet = self._fleets[zone]
        if told["SpotFleetRequestState"] not in _ALIVE:
            raise CloudtopRefused(
                f"the fleet {fleet} of {zone} is {told['SpotFleetRequestState']}; deploy the stack again"
            )
        with translated(FleetUnavailable, f"asking {fleet} for {capacity.total}"):
            self._client.modify_spot_fleet_request(
                SpotFleetRequestId=fleet,
                TargetCapacity=capacity.total,
                OnDemandTargetCapacity=capacity.on_demand,
            )

    def history(self, zone: str, since: datetime) -> Sequence[FleetEvent]:
        request = {"SpotFleetRequestId": self._fleets[zone], "StartTime": since}
        found: list[FleetEvent] = []
        for _ in range(_PAGES):
            with translated(FleetUnavailable, f"reading the history of the fleet of {zone}"):
                page = self._client.describe_spot_fleet_request_history(**request)
            found += map(_event, page["HistoryRecords"])
            if not page.get("NextToken"):
                break
            request["NextToken"] = page["NextToken"]
        return sorted(found, key=lambda it: it.at)

    def _told(self, zones: Sequence[str] | Mapping[str, str]) -> Mapping[str, Mapping[str, Any]]:
        ids = [self._fleets[zone] for zone in zones]
        with translated(FleetUnavailable, f"looking at the fleets {', '.join(ids)}"):
            answer = self._client.describe_spot_fleet_requests(SpotFleetRequestIds=ids)
        found = {it["SpotFleetRequestId"]: it for it in answer["SpotFleetRequestConfigs"]}
        if missing := [id_ for id_ in ids if id_ not in found]:
            raise FleetUnavailable(f"there is no fleet {', '.join(missing)}; deploy the stack again")
        return {zone: found[self._fleets[zone]] for zone in zones}


def _capacity(told: Mapping[str, Any]) -> Capacity:
    """A cancelled fleet launches nothing, whatever it was asked for."""
    if told["SpotFleetRequestState"] not in _ALIVE:
        return Capacity()
    config = told["SpotFleetRequestConfig"]
    return Capacity(total=config["TargetCapacity"], on_demand=config.get("OnDemandTargetCapacity", 0))


def _event(told: Mapping[str, Any]) -> FleetEvent:
    about = told.get("EventInformation", {})
    kind = about.get("EventSubType") or told.get("EventType", "")
    return FleetEvent(kind=kind, at=told["Timestamp"], text=about.get("EventDescription", ""))
