"""Does anybody or anything work on this machine? Pure."""

from dataclasses import dataclass
from typing import Literal

RECENT_SECONDS = 60.0
PROBE_SECONDS = 60.0
"""Sessions shorter than that are checks and port scans, and no work."""

LOAD = 0.5
"""Of one processor, as the kernel's one-minute average: a build or a training run is far above, an idle
machine with its agents far below."""

NETWORK_BYTES = 5_000_000
"""In a minute, both ways: a download that nobody watches is work."""

COUNTDOWN_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """`typed`: seconds since the last input in any terminal, tmux ones too; None: there is none. `sessions`:
    how long each ssh session has lasted. `network`: bytes in the last minute."""

    typed: float | None = None
    sessions: tuple[float, ...] = ()
    load: float = 0.0
    network: float = 0.0
    held: bool = False


def work(signs: Signs) -> str:
    """What goes on; empty: nothing."""
    if signs.held:
        return "held"
    if signs.typed is not None and signs.typed < RECENT_SECONDS:
        return "somebody types"
    if any(seconds >= PROBE_SECONDS for seconds in signs.sessions):
        return "an ssh session is open"
    if signs.load >= LOAD:
        return f"the load is {signs.load:.1f}"
    return "the network is busy" if signs.network >= NETWORK_BYTES else ""


Verdict = Literal["work", "quiet", "countdown", "stop"]


def judge(quiet_seconds: float, limit_seconds: float) -> Verdict:
    """What so long a quiet means; `limit_seconds` 0: the machine is never stopped for it."""
    if quiet_seconds <= 0:
        return "work"
    if limit_seconds == 0 or quiet_seconds < limit_seconds - COUNTDOWN_SECONDS:
        return "quiet"
    return "stop" if quiet_seconds >= limit_seconds else "countdown"
