"""Trouble on demand for tests of the failure matrix."""

from dataclasses import replace as changed
from typing import Any

from everyday.jobs.ports import Lane
from everyday.jobs.scheduling import Scheduler
from everyday_local.ecs.records import Instance
from tests.faults.cuts import Mode
from tests.faults.jobs.world import CLUSTER, Functions, World

WELL = Functions
HOUR = 3600


def the_instance(world: World) -> Instance:
    return next(iter(world.aws.world.instances.values()))


def run_tasks(world: World) -> int:
    """How many RunTask calls reached ECS."""
    return len(world.aws.history.calls("RunTask"))


def dying(world: World, kind: str, number: int = 1) -> Functions:
    """Cuts that end the function at its call of this kind, in the effect of which it dies."""

    class Dying(Functions):
        seen = 0

        def _next(self, call: Any) -> Any:
            if f"{call.service} {call.kind}" == kind:
                self.seen += 1
                if self.seen == number:
                    self.plan[len(self.calls) + 1] = Mode.DIE
            return super()._next(call)

    return Dying()


class Down(Functions):
    """This service does not answer at all."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def begin(self) -> None:
        super().begin()
        self._silent.add(self.service)


class Lagging:
    """A ledger whose lists show the jobs as they were when it was made."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger
        self._was = {lane: list(ledger.listed(CLUSTER, lane)) for lane in Lane}

    def listed(self, _: str, lane: Lane, *, until: int | None = None, limit: int | None = None) -> Any:
        return iter(self._was[lane][:limit])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


def lagging(world: World, *, of: Lagging) -> Scheduler:
    made = world.scheduler(WELL())
    tracker = changed(made.issuer.asker.tracker, ledger=of)
    asker = changed(made.issuer.asker, tracker=tracker)
    return changed(made, ledger=of, issuer=changed(made.issuer, asker=asker))
