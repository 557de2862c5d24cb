"""What ECS would say: instances, tasks and their versions, for a machine that plays against the state."""

from dataclasses import dataclass, field

from msgspec.structs import replace

from everyday.jobs.model import Amount, ContainerInstance, Demand, Task


@dataclass
class Box:
    """One container instance. `tasks`: those that are not STOPPED, by ARN."""

    arn: str
    registered: Amount
    version: int = 1
    status: str = "ACTIVE"
    tasks: dict[str, Task] = field(default_factory=dict)

    def remaining(self) -> Amount:
        return self.registered - sum((it.demand.amount for it in self.tasks.values()), Amount())

    def told(self) -> ContainerInstance:
        """What an event or Describe tells of it now."""
        return ContainerInstance(
            arn=self.arn,
            ec2_id=f"ec2-{self.arn}",
            version=self.version,
            registered=self.registered,
            remaining=self.remaining(),
            status=self.status,
        )


class Truth:
    """A cluster as ECS keeps it: refuses what does not fit, and tells of every change."""

    def __init__(self, *memory: int) -> None:
        self.boxes = {f"i{n}": Box(f"i{n}", Amount(1024, each)) for n, each in enumerate(memory)}
        self.told: list[Task | ContainerInstance] = []
        self._number = 0

    def run(self, instance: str, demand: Demand, started_by: str | None) -> Task | None:
        """A new task there; None when ECS refuses."""
        box = self.boxes[instance]
        left = box.remaining() - demand.amount
        if box.status != "ACTIVE" or min(left.cpu, left.memory, left.gpu) < 0:
            return None
        self._number += 1
        task = Task(
            arn=f"t{self._number}",
            version=1,
            status="PENDING",
            demand=demand,
            instance=instance,
            started_by=started_by,
        )
        return self._changed(box, task)

    def stopping(self, task: Task) -> None:
        """It is to stop, and holds its room."""
        self._again(task, desired="STOPPED", status="STOPPING")

    def stopped(self, task: Task) -> None:
        self._again(task, desired="STOPPED", status="STOPPED")

    def lose(self, instance: str) -> None:
        """The machine goes away with all that runs there."""
        box = self.boxes[instance]
        for task in list(box.tasks.values()):
            self.stopped(task)
        box.status, box.version = "INACTIVE", box.version + 1
        self.told.append(box.told())

    def join(self, memory: int) -> None:
        box = Box(f"i{len(self.boxes)}", Amount(1024, memory))
        self.boxes[box.arn] = box
        self.told.append(box.told())

    def tasks(self) -> list[Task]:
        return [task for box in self.boxes.values() for task in box.tasks.values()]

    def instances(self) -> list[ContainerInstance]:
        return [box.told() for box in self.boxes.values() if box.status != "INACTIVE"]

    def _again(self, task: Task, **changes: str) -> None:
        box = self.boxes[task.instance or ""]
        now = box.tasks[task.arn]
        self._changed(box, replace(now, version=now.version + 1, **changes))

    def _changed(self, box: Box, task: Task) -> Task:
        box.version += 1
        if task.status == "STOPPED":
            box.tasks.pop(task.arn, None)
        else:
            box.tasks[task.arn] = task
        self.told += [task, box.told()]
        return task
