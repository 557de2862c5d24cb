"""What the fleet could add to a cluster, and asking it to."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from everyday.errors import FleetUnavailable
from everyday.jobs.model import Amount, Demand, Job
from everyday.jobs.plan import Plan, Shape
from everyday.jobs.ports import Fleet, View

log = logging.getLogger(__name__)

_OF_THE_AGENT = ("com.amazonaws.ecs.capability.", "ecs.capability.")
"""ECS developer guide, «Container agent capabilities»: attributes that the agent itself sets when it
registers, so an instance that does not exist yet will have them."""


class Shapes(NamedTuple):
    """What could be launched. `certain` False: nobody knows, so no job may be called impossible."""

    known: tuple[Shape, ...]
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Scaling:
    """The fleet behind clusters; None: their size is somebody else's affair."""

    fleet: Fleet | None

    def shapes(self, cluster: str, view: View, waiting: Sequence[Job]) -> Shapes:
        """What could be launched for these jobs; nobody is asked when none waits."""
        if self.fleet is None or not waiting:
            return Shapes(())
        try:
            told = self.fleet.shapes(cluster, joined=_joined(view))
        except FleetUnavailable:
            log.exception("fleet not asked", extra={"cluster": cluster})
            return Shapes((), certain=False)
        capabilities = _capabilities(job.demand for job in waiting)
        found = [
            Shape(name, offer.amount, {**capabilities, **_pairs(offer.attributes)}, more)
            for name, offer, more in told
        ]
        return Shapes(tuple(found))

    def grow(self, cluster: str, view: View, plan: Plan) -> None:
        """Ask for what the waiting jobs would fill. Every pass asks again, so a failure may pass."""
        if self.fleet is None or not plan.desired:
            return
        try:
            self.fleet.grow(cluster, plan.desired, joined=_joined(view))
        except FleetUnavailable:
            log.exception("fleet not asked to grow", extra={"cluster": cluster, "more": dict(plan.desired)})


def _joined(view: View) -> Mapping[str, Amount]:
    return {instance.ec2_id: instance.registered for instance in view.instances}


def _pairs(attributes: Iterable[str]) -> dict[str, str]:
    return {name: value for name, _, value in (each.partition("=") for each in attributes)}


def _capabilities(demands: Iterable[Demand]) -> Mapping[str, str]:
    asked = {attribute for demand in demands for attribute in demand.attributes}
    return _pairs(it for it in asked if it.startswith(_OF_THE_AGENT))
