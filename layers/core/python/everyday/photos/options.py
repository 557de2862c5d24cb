"""How a backup is to be run."""

from dataclasses import dataclass
from datetime import datetime

from everyday.photos.model import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupOptions:
    """`concurrency`: downloads side by side. `walk_days`: days between complete walks; `complete`: one now.

    `post_since`: media taken earlier are kept and never posted. `margin_seconds` before the end of its time
    a run stops. `give_up_after`: so many media in a row that met a service which did not answer.
    """

    max_file_bytes: int
    origin: Origin = Origin.API
    concurrency: int = 16
    walk_days: int = 7
    complete: bool = False
    post_since: datetime | None = None
    margin_seconds: float = 60.0
    give_up_after: int = 20
