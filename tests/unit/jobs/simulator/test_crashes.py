"""A process that dies does so before an effect or after it, and never by itself."""

from everyday.jobs.simulator.conditions import Dice
from everyday.jobs.simulator.crashes import Crashed, Fuse, fused


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def add(self, more: int = 1) -> int:
        self.count += more
        return self.count


def deaths(probability: float, runs: int = 300) -> list[tuple[int, int | None]]:
    """For each run: how many effects there were, and which call died, if one did."""
    fuse, found = Fuse(Dice(1, "test"), probability), []
    for _ in range(runs):
        counter = Counter()
        died = None
        fuse.light()
        for number in range(100):
            try:
                fused(counter, fuse).add()
            except Crashed:
                died = number
                break
        fuse.put_out()
        found.append((counter.count, died))
    return found


def test_it_dies_before_an_effect_and_after_one() -> None:
    kinds = {count - died for count, died in deaths(1.0) if died is not None}
    assert kinds == {0, 1}


def test_it_dies_as_often_as_asked() -> None:
    died = [number for _, number in deaths(0.25) if number is not None]
    assert 0.15 < len(died) / 300 < 0.35
    assert len(set(died)) > 10


def test_without_a_probability_nothing_dies_and_answers_pass_through() -> None:
    assert all(died is None for _, died in deaths(0.0, runs=3))
    assert fused(Counter(), Fuse(Dice(1, "test"), 0.0)).add(more=5) == 5


def test_nobody_catches_a_death_as_an_error() -> None:
    assert not issubclass(Crashed, Exception)
