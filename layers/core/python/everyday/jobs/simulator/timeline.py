"""Simulated time: what happens when, in milliseconds."""

import heapq
from collections.abc import Callable

Act = Callable[[], None]


class Timeline:
    """A queue of acts in time. Acts of one moment happen in the order in which they were put there, except
    that the `late` ones wait until nothing else is left to happen in that moment."""

    def __init__(self, now: int) -> None:
        self.now = now
        self._acts: list[tuple[int, bool, int, Act]] = []
        self._count = 0

    def at(self, when: int, act: Act, *, late: bool = False) -> None:
        """Have `act` happen at `when`, at the earliest now."""
        self._count += 1
        heapq.heappush(self._acts, (max(when, self.now), late, self._count, act))

    def after(self, delay: int, act: Act, *, late: bool = False) -> None:
        """Have `act` happen so many milliseconds from now."""
        self.at(self.now + delay, act, late=late)

    def step(self) -> bool:
        """Let the next act happen. False when none is left."""
        if not self._acts:
            return False
        self.now, _, _, act = heapq.heappop(self._acts)
        act()
        return True
