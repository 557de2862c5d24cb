"""EC2's events, a minute's tick, a schedule, the budget -> the machine as its owner wishes it."""

import os
from functools import cache
from typing import Any

from everyday import cloudtop_wiring
from everyday.cloudtop.events import parse
from everyday.cloudtop.keeping import Keeper
from everyday.lambdas import Context, tell
from everyday.settings import CloudtopSettings


@cache
def _keeper() -> Keeper:
    return cloudtop_wiring.keeper(CloudtopSettings.from_env(os.environ))


def handle(event: dict[str, Any], _: Context, *, keeper: Keeper | None = None) -> Any:
    """What was done, for the log. Raised is only what the next minute's look will not mend by itself."""
    return tell("kept", (keeper or _keeper()).hear(parse(event)))
