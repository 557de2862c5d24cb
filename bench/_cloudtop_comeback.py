"""How soon after EC2 took the machine there is a usable one, in the stand-in's time.

The real keeper and the real machine program; made up are EC2's own delays (`Pace`) and a boot of 60 to 90 s.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from _report import Row

from everyday.cloudtop.events import Ask
from everyday.cloudtop.relocating import Relocating
from everyday.ports import Silent
from tests.faults.cloudtop.simulation import Simulation

TIMES = 200
GOAL_SECONDS = 180
MOVES, MOVE_GOAL_SECONDS = 40, 600


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


def moves() -> Iterator[Row]:
    """The zone of the data is lost while the machine runs; the owner says where to go on."""
    times = []
    for seed in range(MOVES):
        with TemporaryDirectory() as folder:
            sim = Simulation(seed, Path(folder))
            _wait(sim)
            _copied(sim)
            times.append(_moved(sim))
    yield Row(
        name="zone lost to usable machine elsewhere, p95",
        value=quantiles(times, n=20)[-1],
        unit="s, simulated",
        better="lower",
        goal=MOVE_GOAL_SECONDS,
        note=f"{MOVES} moves to the newest snapshot, from the owner's command on; volumes made at once",
    )


def _copied(sim: Simulation) -> None:
    sim.sight.ec2.take_snapshot(sim.data, why="hourly")
    sim.world.advance(sim.world.now + 600)


def _moved(sim: Simulation) -> float:
    """Seconds from the loss to a machine with the data in the other zone."""
    sim.world.capacity = lambda _type, zone, _market: zone == "b"
    sim.interrupt(notice=False)
    since = sim.world.now
    sim.keeper.hear(Ask(up=False, reason="owner"))
    while sim.sight.situation().machines:
        sim.world.advance(sim.world.now + 1)
    move = Relocating(
        sight=sim.sight,
        clock=lambda: datetime.fromtimestamp(sim.world.now, UTC),
        pause=lambda seconds: sim.world.advance(sim.world.now + seconds),
        progress=Silent(),
    )
    move.move("b", fresh=False)
    sim.keeper.hear(Ask(up=True, reason="owner"))
    _wait(sim)
    return sim.world.now - since
