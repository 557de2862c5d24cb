"""A cluster's state as tests speak of it: small instances, and short words for what is asked of a state."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from everyday.jobs.model import Amount, ContainerInstance, Demand, Job, Task
from everyday.jobs.plan import InstanceView, Placement
from everyday.jobs.ports import ClusterState, View
from tests.job_builders import a_job, a_task

T0 = 1_770_000_000_000
"""When tests begin, in milliseconds."""


class Clock:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> int:
        return self.now

    def pass_by(self, milliseconds: int) -> None:
        self.now += milliseconds


def mib(memory: int, *, cpu: int = 0, gpu: int = 0, ports: tuple[str, ...] = ()) -> Demand:
    """A demand for memory."""
    return Demand(Amount(cpu, memory, gpu), ports)


def an_instance(arn: str = "i", **changes: Any) -> ContainerInstance:
    """512 MiB and one vCPU, empty; of a larger `version` what is left is said by `remaining`."""
    room = Amount(cpu=1024, memory=512)
    whole: dict[str, Any] = {
        "arn": arn,
        "ec2_id": f"ec2-{arn}",
        "version": 1,
        "registered": room,
        "remaining": room,
    }
    return ContainerInstance(**{**whole, **changes})


def left(memory: int, *, cpu: int = 1024, gpu: int = 0) -> Amount:
    """What is left of an instance."""
    return Amount(cpu, memory, gpu)


def on(arn: str, instance: str = "i", *, memory: int = 100, **changes: Any) -> Task:
    """A task on an instance, with no CPU."""
    return a_task(**{"arn": arn, "instance": instance, "demand": mib(memory), "version": 1, **changes})


def a_placement(job_id: str = "a", instance: str = "i", *, memory: int = 100, **changes: Any) -> Placement:
    whole: dict[str, Any] = {"attempt": 1, "instance": instance, "demand": mib(memory)}
    return Placement(**{"job_id": job_id, **whole, **changes})


def placing(job_id: str = "a", instance: str | None = "i", *, memory: int = 100, **changes: Any) -> Job:
    """A job on its way to an instance."""
    return a_job(job_id, **{"instance": instance, "demand": mib(memory), "call": f"{job_id}/1", **changes})


class Cluster:
    """One cluster of its own in a state."""

    def __init__(self, state: ClusterState, clock: Clock) -> None:
        self.state = state
        self.clock = clock
        self.name = f"c{uuid4().hex[:12]}"

    def publish(
        self,
        *instances: ContainerInstance,
        tasks: Sequence[Task] = (),
        placing: Sequence[Job] = (),
        ticket: int | None = None,
        ends_at: Mapping[str, int] | None = None,
    ) -> bool:
        """Publish a reading, with a ticket of its own when none is given."""
        ticket = self.state.begin_rebuild(self.name) if ticket is None else ticket
        now = self.clock()
        return self.state.replace(self.name, ticket, instances, tasks, placing, now=now, ends_at=ends_at)

    def view(self) -> View:
        found = self.state.view(self.name)
        assert found is not None
        return found

    def see(self, arn: str = "i") -> InstanceView:
        """One instance of the view."""
        (found,) = [it for it in self.view().instances if it.arn == arn]
        return found

    def free(self, arn: str = "i") -> int:
        """The memory that may be given away."""
        return self.see(arn).free.memory

    def reserve(self, *placements: Placement, ends_at: Mapping[str, int] | None = None) -> set[str]:
        epoch = self.view().epoch
        given = self.state.reserve(self.name, epoch, placements, ends_at=ends_at or {}, now=self.clock())
        return set(given)

    def accept(self, job: Job, task: Task) -> None:
        self.state.accept(self.name, job, task)
