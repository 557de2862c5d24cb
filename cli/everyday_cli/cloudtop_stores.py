"""Where a cloudtop command works: the CloudTop of a stage."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from everyday.errors import CloudtopError
from everyday_cli.commands import stage_option
from everyday_cli.stage import Stage, resolve

if TYPE_CHECKING:
    from everyday.cloudtop.looking import Sight
    from everyday.cloudtop.ports import Bills
    from everyday.settings import CloudtopSettings

P = ParamSpec("P")
T = TypeVar("T")
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


def cloudtop_target(command: Callable[P, T]) -> Callable[..., T]:
    """Add `--stage`; the command gets a Target as its keyword argument `target`."""

    @stage_option
    @wraps(command)
    def with_target(*args: Any, stage_name: str | None, **options: Any) -> T:
        options["target"] = Target(stage_name)
        return command(*args, **options)

    return with_target
