"""Where a jobs command works: the ledger and the job queue of a stage. Valkey cannot be reached from here."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

import click

from everyday_cli.commands import stage_option, with_stage
from everyday_cli.stage import Stage, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from everyday.jobs.desk import Desk
    from everyday.jobs.ports import Ledger
    from everyday.settings import IngestSettings

P = ParamSpec("P")
T = TypeVar("T")


class Queue(Protocol):
    """The job queue."""

    def submit(self, bodies: "Sequence[str]") -> "Sequence[str]":
        """Send the messages. Raises EventsUnavailable."""
        ...


@dataclass(frozen=True)
class Target:
    """What a command works on. A stage is looked up only when it is needed."""

    stage_name: str | None
    cluster_name: str | None = None

    @cached_property
    def stage(self) -> Stage:
        return resolve(self.stage_name)

    @cached_property
    def settings(self) -> "IngestSettings":
        from everyday.settings import IngestSettings

        return IngestSettings.from_env(self.stage.environment(self.stage.jobs["JobIngest"]))

    @cached_property
    def ledger(self) -> "Ledger":
        from everyday import jobs_wiring

        return jobs_wiring.ledger(self.settings, self.stage.session)

    @cached_property
    def desk(self) -> "Desk":
        from everyday import jobs_wiring

        return jobs_wiring.desk(self.settings, self.stage.session)

    @cached_property
    def queue(self) -> Queue:
        from everyday import jobs_wiring

        return jobs_wiring.job_queue(self.stage.jobs["JobsQueueUrl"], self.stage.session)

    @property
    def cluster(self) -> str:
        """The cluster that is asked for, else the first. Raises a usage error for one that is not known."""
        known = self.settings.clusters
        if self.cluster_name not in (None, *known):
            raise click.UsageError(f"there is no cluster {self.cluster_name}; known: {', '.join(known)}")
        return self.cluster_name or known[0]

    def now(self) -> int:
        """The clock, in milliseconds."""
        return round(time.time() * 1000)

    def pause(self, seconds: float) -> None:
        """Wait before the next look."""
        time.sleep(seconds)


def _target(stage_name: str | None) -> Target:
    return Target(stage_name)


stage_target = with_stage(_target)


def cluster_target(command: Callable[P, T]) -> Callable[..., T]:
    """Add `--stage` and `--cluster`; the command gets a Target as its keyword argument `target`."""

    @stage_option
    @click.option("--cluster", "cluster_name", metavar="NAME", help="Default: the first one of the settings.")
    @wraps(command)
    def with_target(*args: Any, stage_name: str | None, cluster_name: str | None, **options: Any) -> T:
        options["target"] = Target(stage_name, cluster_name)
        return command(*args, **options)

    return with_target
