"""Follow the machine on its way up or down, for so long."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from everyday.errors import CloudtopLate
from everyday_cli.cloudtop_stores import Target
from everyday_cli.output import current

if TYPE_CHECKING:
    from everyday.cloudtop.following import Step
    from everyday.cloudtop.model import Situation

SECONDS, LOOK_SECONDS = 1500.0, 3.0
"""Longer than the 20 minutes for which a machine waits for another to let go of the volume."""


def follow(target: Target, told: "Callable[[Situation], Step]", *, wait: bool, done: str) -> int:
    """Show what happens until it ends: exit status 0 as it was wanted, 1 otherwise. Raises CloudtopLate."""
    step = _end(target, told) if wait else told(target.sight.situation())
    failed = step.end == "failed"
    text = f"{step.text}\n{done}" if step.end == "reached" else step.text
    current().result({"ended": step.end or None, "text": step.text}, lambda console: console.print(text))
    return 1 if failed else 0


def _end(target: Target, told: "Callable[[Situation], Step]") -> "Step":
    shown = ""
    with current().progress() as progress:
        for _ in range(int(SECONDS / LOOK_SECONDS)):
            step = told(target.sight.situation())
            if step.end:
                return step
            if step.text != shown:
                shown = step.text
                progress.begin(shown, None)
            target.pause(LOOK_SECONDS)
    raise CloudtopLate(f"still: {shown}. It goes on by itself; look again with: everyday cloudtop status")
