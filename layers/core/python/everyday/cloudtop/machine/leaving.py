"""What a machine does before it has to go, and in which order. Pure.

A step that does not succeed does not stop the others, but for two: nothing is detached while it is mounted,
and no lease is given back while the volume is at the machine.
"""

from collections.abc import Set
from typing import Literal

Step = Literal[
    "tell",  # the keeper: the notice is there
    "warn",  # every terminal
    "hook",  # the owner's program
    "stop",  # docker, and all that is ordered after the mount
    "sync",
    "unmount",
    "detach",
    "snapshot",
    "release",  # the lease
    "say",  # that it has left
    "warn of rebalance",
    "sync for rebalance",
    "snapshot for rebalance",
]

_LEAVE: tuple[Step, ...] = (
    "tell",
    "warn",
    "hook",
    "stop",
    "sync",
    "unmount",
    "detach",
    "snapshot",
    "release",
    "say",
)
_REBALANCE: tuple[Step, ...] = ("warn of rebalance", "sync for rebalance", "snapshot for rebalance")

_NEEDS: dict[Step, Step] = {"detach": "unmount", "release": "detach", "say": "release"}

HOOK_SECONDS = 60.0
LAST_SECONDS = 40.0
"""What the steps after the hook need of the two minutes."""


def next_step(*, notice: bool, rebalance: bool, done: Set[str], tried: Set[str]) -> Step | None:
    """The next one; None: nothing (more) in this round. `tried` in this round, successfully or not; `done`
    in any. A rebalance recommendation only warns and saves: the machine may stay for hours."""
    steps = _LEAVE if notice else _REBALANCE if rebalance else ()
    for step in steps:
        if step not in done and step not in tried and _NEEDS.get(step, step) in (*done, step):
            return step
    return None


def hook_seconds(until_end: float | None) -> float:
    """How long the owner's program may take; `until_end` None: the two minutes have just begun."""
    left = 120.0 if until_end is None else until_end
    return max(0.0, min(HOOK_SECONDS, left - LAST_SECONDS))
