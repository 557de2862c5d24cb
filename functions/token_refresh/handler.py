"""Schedule -> a token that lives on, and a metric of how long."""

import os
from functools import cache
from typing import Any

from everyday import wiring
from everyday.lambdas import metric_line, tell
from everyday.photos.token import TokenKeeper
from everyday.settings import TokenSettings


@cache
def _keeper() -> TokenKeeper:
    return wiring.token_keeper(TokenSettings.from_env(os.environ))


def handle(_event: object, _context: object, *, keeper: TokenKeeper | None = None) -> Any:
    """The token's report. A dead token is raised, so that the owner is told."""
    report = (keeper or _keeper()).refresh()
    print(metric_line("Everyday/Photos", "TokenDaysLeft", report.days_left, at=wiring.now()))  # noqa: T201
    return tell("token looked after", report)
