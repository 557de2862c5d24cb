"""The commands over the stand-in's EC2, the real keeper and the real machine program, in made-up time."""

from datetime import UTC, datetime
from typing import Any

from everyday.cloudtop.costing import Usage
from everyday.cloudtop.events import Look
from everyday.settings import CloudtopSettings
from everyday_cli import cloudtop_stores
from everyday_cli.stage import Stage
from tests.faults.cloudtop.simulation import VOLUME, ZONE, Simulation

SETTINGS = CloudtopSettings(
    name="cloudtop",
    table="t",
    engine="spot-fleet",
    fleets=("a=sfr-a", "b=sfr-b"),
    zone=ZONE,
    volume=VOLUME,
    alarm_topic="topic",
)


class SimulatedTarget(cloudtop_stores.Target):
    """Time passes while a command waits."""

    sim: Simulation
    pushed: list[tuple[str, str]]
    region = "us-east-1"
    stage = Stage("aws", None)  # type: ignore[arg-type, assignment]

    @property
    def settings(self) -> CloudtopSettings:  # type: ignore[override]
        return SETTINGS

    @property
    def sight(self) -> Any:  # type: ignore[override]
        return self.sim.sight

    @property
    def bills(self) -> Any:  # type: ignore[override]
        return self

    def month(self, _: datetime) -> list[Usage]:
        """Of the bill."""
        return [
            Usage(type="SpotUsage:m6i.xlarge", usd=3.5, quantity=50),
            Usage(type="EBS:VolumeUsage.gp3", usd=2, quantity=25),
        ]

    def wake(self) -> None:
        self.sim.keeper.hear(Look("owner"))

    def push_key(self, instance: str, public_key: str) -> None:
        self.pushed.append((instance, public_key))

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.sim.world.now, UTC)

    def pause(self, seconds: float) -> None:
        self.sim.world.advance(self.sim.world.now + seconds)
        self.sim.living()
