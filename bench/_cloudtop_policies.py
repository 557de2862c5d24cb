"""Policies side by side on harsh made-up months (`_cloudtop_history`), each kept by the real keeper.

Not measured: moving to another zone, which only the owner may say.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from _cloudtop_history import DAY, TYPES, Change, history
from _report import Row

from everyday.cloudtop.model import Rules
from tests.faults.cloudtop.simulation import Simulation

SEEDS = (1, 2, 3)
DAYS = 30
STEP = 60.0
MONTHS = "us-east-1a"
OURS = "on demand after 5 min"
KINDS: dict[str, tuple[tuple[str, ...], Rules]] = {
    OURS: (tuple(TYPES), Rules()),
    "one zone's fleet, spot only": (tuple(TYPES), Rules(fallback=False)),
    "one type, spot only": (("m6i.xlarge",), Rules(fallback=False)),
}


@dataclass
class Lived:
    """Minutes of one policy's months. `gap`: the longest without a usable machine, in hours."""

    all: int = 0
    usable: int = 0
    on_demand: int = 0
    gap: float = 0.0


def policies() -> Iterator[Row]:
    lived = {name: _lived(types, rules) for name, (types, rules) in KINDS.items()}
    ours = lived.pop(OURS)
    note = f"{len(SEEDS)} harsh made-up months of {DAYS} days; it ranks policies and forecasts nothing"
    yield Row(
        name=f"usable: {OURS}",
        value=100 * ours.usable / ours.all,
        unit="% of the time",
        better="higher",
        goal=96,
        peers={name: 100 * it.usable / it.all for name, it in lived.items()},
        note=note,
    )
    yield Row(
        name="of that on demand",
        value=100 * ours.on_demand / ours.usable,
        unit="% of the time",
        better="lower",
        goal=50,
        note=f"{note}; nobody stops the machine, so a run that fell back stays on demand until the next day",
    )
    yield Row(
        name=f"longest gap: {OURS}",
        value=ours.gap,
        unit="h",
        better="lower",
        peers={name: it.gap for name, it in lived.items()},
        note=note,
    )


def _lived(types: tuple[str, ...], rules: Rules) -> Lived:
    lived = Lived()
    for seed in SEEDS:
        with TemporaryDirectory() as folder:
            sim = Simulation(seed, Path(folder), types=types, rules=rules)
            sim.watch_seconds = 30.0
            _live(sim, [it for it in history(seed, DAYS) if it.zone == MONTHS], lived)
    return lived


def _live(sim: Simulation, changes: list[Change], lived: Lived) -> None:
    pools: dict[str, Change] = {}
    sim.world.capacity = lambda kind, _zone, market: (
        (pools[kind].spot if market == "spot" else pools[kind].on_demand) > 0
    )
    for change in changes:
        sim.world.after(change.at, partial(_change, sim, pools, change))
    start = since = sim.world.now
    while sim.world.now < start + DAYS * DAY:
        sim.world.advance(sim.world.now + STEP)
        guest = sim.at_work()
        lived.all += 1
        if guest:
            lived.usable += 1
            lived.on_demand += sim.world.instances[guest.instance].market == "on-demand"
            since = sim.world.now
        lived.gap = max(lived.gap, (sim.world.now - since) / 3600)
        _rest(sim, start)


def _rest(sim: Simulation, start: float) -> None:
    """Once a day an idle stop ends a run, and with it the fallback; then it is wanted again."""
    second = (sim.world.now - start) % DAY
    if second < STEP and sim.world.now - start >= STEP:
        sim.rest()


def _change(sim: Simulation, pools: dict[str, Change], change: Change) -> None:
    """A pool that has run dry takes its spot machines back, half of them without a word."""
    pools[change.type] = change
    if change.spot:
        return
    for instance in list(sim.world.instances.values()):
        if (instance.type, instance.market) == (change.type, "spot"):
            end = sim.world.give_notice if sim.random.random() < 0.5 else sim.world.cut_power
            end(instance.id)
