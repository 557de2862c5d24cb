"""The model of ECS behind the port that the production speaks to."""

from collections.abc import Sequence

from msgspec.structs import replace

from everyday.jobs.calls import attempt_of
from everyday.jobs.model import Amount, ContainerInstance, Demand, Task, TaskDefinition
from everyday.jobs.ports import Launch, Launched
from everyday.jobs.simulator.world import World


class EcsPort:
    """An Ecs: everything at the timeline's moment. Every job has a call of its own."""

    def __init__(self, world: World) -> None:
        self._world, self._ecs = world, world.ecs

    def instances(self, cluster: str) -> Sequence[ContainerInstance]:  # noqa: ARG002 - there is but one
        return [machine.record for machine in self._ecs.machines]

    def tasks(self, cluster: str) -> Sequence[Task]:  # noqa: ARG002
        return [task for machine in self._ecs.machines for task in machine.tasks.values()]

    def describe_instances(
        self,
        cluster: str,  # noqa: ARG002
        arns: Sequence[str],
    ) -> Sequence[ContainerInstance]:
        return [self._ecs.by_arn[arn].record for arn in arns if arn in self._ecs.by_arn]

    def describe_tasks(self, cluster: str, arns: Sequence[str]) -> Sequence[Task]:  # noqa: ARG002
        return [self._ecs.tasks[arn] for arn in arns if arn in self._ecs.tasks]

    def started_by(self, cluster: str, call: str) -> Sequence[Task]:
        return [task for task in self.tasks(cluster) if task.started_by == call]

    def run(self, launch: Launch) -> Launched:
        """Raises EcsThrottled."""
        job_id, attempt = attempt_of(launch.call) or ("", 0)
        job = replace(self._world.jobs[job_id], attempt=attempt, instance=launch.instance)
        repeated = self._ecs.known(launch.call) is not None
        task = self._world.call(job) if repeated else self._world.start(job)
        return Launched((task,), ()) if task else Launched((), ("RESOURCE:MEMORY",))

    def stop(self, cluster: str, task: str, reason: str) -> None:  # noqa: ARG002
        if task in self._ecs.tasks:
            self._ecs.stop(task)

    def task_definition(self, name: str) -> TaskDefinition | None:
        return TaskDefinition(arn=name, family="simulated", demand=Demand(Amount()), containers=())
