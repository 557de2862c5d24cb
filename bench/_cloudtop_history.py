"""Harsh months of spot capacity and prices, made up: what may be had where and when, from a seed.

No trace of EC2's capacity is public, and prices have said little of it since they are smoothed (2017). So
this is a model, harsher than what AWS reports of its pools, and all it can do is to rank policies:

- each pool (a type in a zone) goes from calm to tight to dry and back, a Markov chain in continuous time;
- each zone, by a chain of its own, is normal, short or out, and takes all its pools along: while it is
  short no type has spot capacity and three types in ten have no on-demand capacity either; while it is out
  nothing starts, and what runs on spot is taken back;
- the price of a pool follows a random walk in logarithms that is drawn back to its mean, and rises by a
  third while the pool is tight.

The times in a state are exponential with the means below, in hours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import merge
from math import exp
from random import Random

HOUR = 3600.0
DAY = 24 * HOUR

TYPES: Mapping[str, float] = {
    "m5.xlarge": 0.192,
    "m5a.xlarge": 0.172,
    "m6i.xlarge": 0.192,
    "m6a.xlarge": 0.1728,
    "m7i.xlarge": 0.2016,
    "m7a.xlarge": 0.2318,
    "c5.xlarge": 0.17,
    "c6i.xlarge": 0.17,
    "c6a.xlarge": 0.153,
    "c7i.xlarge": 0.1785,
}
"""Four processors each, and USD an hour on demand in us-east-1: recalled, not looked up."""

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")

Chain = Mapping[str, Mapping[str, float]]

POOL: Chain = {"calm": {"tight": 6.0}, "tight": {"calm": 3.0, "dry": 2.0}, "dry": {"tight": 4.0}}
ZONE: Chain = {"normal": {"short": 20.0, "out": 480.0}, "short": {"normal": 2.5}, "out": {"normal": 0.75}}
"""Of each state: where it may go, and after how many hours on average if it went nowhere else."""

MACHINES = {"calm": 10, "tight": 3, "dry": 0}
MISSING_ON_DEMAND = 0.3
STEP_HOURS = 6.0
SPREAD, BACK = 0.12, 0.2


@dataclass(frozen=True, slots=True)
class Change:
    """From `at` seconds on: how many machines the pool has, and its spot price in USD an hour."""

    at: float
    zone: str
    type: str
    spot: int
    on_demand: int
    price: float


@dataclass(frozen=True, slots=True)
class _Turn:
    at: float
    what: str
    state: str = ""


def history(seed: int, days: float) -> list[Change]:
    """All changes in order; at 0 there is one for each pool."""
    changes: dict[tuple[float, str, str], Change] = {}
    for zone in ZONES:
        turns = list(_turns(Random(f"{seed} {zone}"), ZONE, "zone", days * DAY))
        for each in TYPES:
            pool = _pool(Random(f"{seed} {zone} {each}"), zone, each, turns, days * DAY)
            changes |= {(it.at, zone, each): it for it in pool}
    return [changes[key] for key in sorted(changes)]


def _turns(random: Random, chain: Chain, what: str, until: float) -> Iterator[_Turn]:
    at, state = 0.0, next(iter(chain))
    while at < until:
        yield _Turn(at, what, state)
        after = {each: random.expovariate(1 / (mean * HOUR)) for each, mean in chain[state].items()}
        state, held = min(after.items(), key=lambda it: it[1])
        at += held


def _pool(random: Random, zone: str, type_: str, zone_turns: list[_Turn], until: float) -> Iterator[Change]:
    mean = TYPES[type_] * random.uniform(0.35, 0.6)
    steps = (_Turn(at * STEP_HOURS * HOUR, "step") for at in range(int(until / STEP_HOURS / HOUR)))
    own = list(_turns(random, POOL, "pool", until))
    at_zone, at_pool, off, on_demand = "normal", "calm", 0.0, MACHINES["calm"]
    for turn in merge(zone_turns, own, steps, key=lambda it: it.at):
        match turn.what:
            case "zone":
                at_zone = turn.state
                missing = {"normal": 0.0, "short": MISSING_ON_DEMAND, "out": 1.0}[at_zone]
                on_demand = MACHINES["calm"] if random.random() >= missing else 0
            case "pool":
                at_pool = turn.state
            case _:
                off = (1 - BACK) * off + random.gauss(0, SPREAD)
        price = min(mean * exp(off) * (4 / 3 if at_pool == "tight" else 1), TYPES[type_])
        spot = MACHINES[at_pool] if at_zone == "normal" else 0
        yield Change(turn.at, zone, type_, spot, on_demand, price)
