"""Functions that die anywhere."""

from typing import Any, TypeVar, cast

from everyday.jobs.simulator.conditions import Dice

T = TypeVar("T")

LONGEST = 40
"""A crash comes within so many calls to the outside, if there are as many."""


class Crashed(BaseException):
    """The process is gone: nobody catches this but whoever started it."""


class Fuse:
    """Decides, when a function starts, whether it dies and at which of its calls to the outside."""

    def __init__(self, dice: Dice, probability: float) -> None:
        self._dice, self._probability = dice, probability
        self._left: int | None = None

    def light(self) -> None:
        """A function starts. Each call burns twice: before its effect and after it."""
        self._left = self._dice.choice(2 * LONGEST) if self._dice.chance(self._probability) else None

    def put_out(self) -> None:
        """The function has ended."""
        self._left = None

    def burn(self) -> None:
        """Raises Crashed when it is time."""
        if self._left is None:
            return
        if self._left == 0:
            raise Crashed
        self._left -= 1


def fused(target: T, fuse: Fuse) -> T:
    """The same object, during each of whose calls the process may die."""
    return cast("T", _Fused(target, fuse))


class _Fused:
    def __init__(self, target: object, fuse: Fuse) -> None:
        self._target, self._fuse = target, fuse

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)

        def call(*arguments: Any, **named: Any) -> Any:
            self._fuse.burn()
            answer = method(*arguments, **named)
            self._fuse.burn()
            return answer

        return call
