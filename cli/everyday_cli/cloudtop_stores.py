"""Where a cloudtop command works: the CloudTop of a stage."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from everyday.errors import CloudtopError
from everyday_cli.commands import with_stage
from everyday_cli.stage import Stage, resolve

if TYPE_CHECKING:
    from everyday.cloudtop.looking import Sight
    from everyday.cloudtop.ports import Bills
    from everyday.settings import CloudtopSettings

STACK = "EverydayCloudtop"


@dataclass(frozen=True)
class Target:
    """What a command works on. A stage is looked up only when it is needed."""

    stage_name: str | None

    @cached_property
    def stage(self) -> Stage:
        return resolve(self.stage_name)

    @cached_property
    def settings(self) -> "CloudtopSettings":
        from everyday.settings import CloudtopSettings

        return CloudtopSettings.from_env(self.stage.environment(self._keeper))

    @cached_property
    def sight(self) -> "Sight":
        """The table, EC2 and the fleets, as the keeper sees them."""
        from everyday import cloudtop_wiring as wiring
        from everyday.cloudtop.looking import Sight
        from everyday.cloudtop.model import Home

        settings, session = self.settings, self.stage.session
        first = Home(zone=settings.zone, volume=settings.volume)
        return Sight(
            wiring.book(settings, session),
            wiring.ec2(settings, session),
            wiring.fleets(settings, session),
            first,
        )

    @cached_property
    def bills(self) -> "Bills":
        """What AWS has counted."""
        from everyday import cloudtop_wiring

        return cloudtop_wiring.bills(self.stage.session, self.region)

    @cached_property
    def _keeper(self) -> str:
        return self.stage.outputs(STACK)["CloudtopKeeper"]

    def wake(self) -> None:
        """Have the keeper look now. Raises CloudtopError; a minute later it looks by itself."""
        from everyday.clients import client

        answer = client(self.stage.session, "lambda").invoke(
            FunctionName=self._keeper, Payload=b'{"look": "owner"}'
        )
        if "FunctionError" in answer:
            raise CloudtopError(
                f"the keeper failed; its log says why: aws logs tail /aws/lambda/{self._keeper}"
            )

    def push_key(self, instance: str, public_key: str) -> None:
        """Let this key in for a minute, as ubuntu (EC2 Instance Connect)."""
        from everyday.clients import client

        client(self.stage.session, "ec2-instance-connect").send_ssh_public_key(
            InstanceId=instance, InstanceOSUser="ubuntu", SSHPublicKey=public_key
        )

    @property
    def region(self) -> str:
        return str(self.stage.session.region_name)

    def now(self) -> datetime:
        """The clock."""
        return datetime.now(UTC)

    def pause(self, seconds: float) -> None:
        """Wait before the next look."""
        time.sleep(seconds)


def _target(stage_name: str | None) -> Target:
    return Target(stage_name)


cloudtop_target = with_stage(_target)
