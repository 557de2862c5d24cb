"""How soon after EC2 took the machine there is a usable one, in the stand-in's time.

The real keeper and the real machine program; made up are EC2's own delays (`Pace`) and a boot of 60 to 90 s.
"""

from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from _report import Row

from tests.faults.cloudtop.simulation import Simulation

TIMES = 200
GOAL_SECONDS = 180


def comebacks() -> Iterator[Row]:
    with TemporaryDirectory() as folder:
        sim = Simulation(1, Path(folder))
        for number in range(TIMES):
            _wait(sim)
            sim.world.advance(sim.world.now + sim.random.uniform(60, 600))
            _wait(sim)
            sim.interrupt(notice=number % 2 == 0)
        _wait(sim)
    note = f"{TIMES} reclaims, half without notice; same zone, other types; a boot of 60-90 s assumed"
    yield Row(
        name="reclaim to usable machine, p95",
        value=quantiles(sim.back, n=20)[-1],
        unit="s, simulated",
        better="lower",
        goal=GOAL_SECONDS,
        note=note,
    )
    yield Row(
        name="reclaim to usable machine, p50",
        value=median(sim.back),
        unit="s, simulated",
        better="lower",
        note=note,
    )


def _wait(sim: Simulation) -> None:
    if not sim.until_usable(3600):
        raise SystemExit("the machine did not come back within an hour")
