"""Schedule, `backup.continue` or the owner -> archive and catalog. One run of the backup."""

import os
from functools import cache
from typing import Any

from everyday import wiring
from everyday.lambdas import Context, tell, time_left
from everyday.photos.backup import Backup
from everyday.photos.messages import parse_backup
from everyday.settings import BackupSettings


@cache
def _backup(*, complete: bool) -> Backup:
    return wiring.backup(BackupSettings.from_env(os.environ), complete=complete)


def handle(event: dict[str, Any], context: Context, *, backup: Backup | None = None) -> Any:
    """The run's report. What stops a run is raised, so that Lambda tries again and the owner is told."""
    request = parse_backup(event)
    backup = backup or _backup(complete=request.complete)
    return tell("backup ended", backup.run(time_left=time_left(context), walk=request.walk))
