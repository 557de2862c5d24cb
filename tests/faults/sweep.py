"""Cuts a run at each of its calls in every way, and says what is wrong afterwards."""

from collections.abc import Callable

from tests.faults.cuts import Call, Cuts, Mode
from tests.faults.ports import World


def calls_of(scene: Callable[[], World]) -> list[Call]:
    """Every call of a clean run."""
    cuts = Cuts()
    scene().run(cuts)
    return cuts.calls


def cut_everywhere(scene: Callable[[], World], calls: int) -> list[str]:
    """What is wrong after any call is cut in any way; ends with the first run that leaves anything wrong."""
    for number in range(1, calls + 1):
        for mode in Mode:
            world, cuts = scene(), Cuts({number: mode})
            world.run(cuts)
            wrong = [*world.wrong_now(), *settled(world)]
            if wrong:
                return [f"{cuts.struck} {mode}: {it}" for it in wrong]
    return []


def settled(world: World) -> list[str]:
    """What is wrong after at most two clean runs."""
    last: list[str] = []
    for _ in range(2):
        world.later(hours=8)
        world.cut_listing = False
        raised = world.run()
        last = [*map(repr, raised), *world.wrong_at_last()]
        if not last:
            break
    return last
