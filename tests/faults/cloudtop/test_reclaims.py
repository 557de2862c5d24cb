"""EC2 takes the machine a hundred times, half of them without a word: it always comes back with its data."""

from pathlib import Path
from statistics import quantiles

import pytest

from everyday.cloudtop.events import Ask, Look
from tests.faults.cloudtop.simulation import VOLUME, Simulation

TIMES = 100


@pytest.mark.parametrize("seed", [1, 2])
def test_a_hundred_reclaims_attach_nothing_twice_lose_no_lease_and_end_usable(
    seed: int, tmp_path: Path
) -> None:
    """The guests assert that nobody attaches without the lease, detaches what is mounted, or mounts beside
    another; the world refuses a second attachment."""
    sim = Simulation(seed, tmp_path)
    sim.crash = 0.1
    assert sim.until_usable(900)
    for number in range(TIMES):
        sim.world.advance(sim.world.now + sim.random.uniform(30, 900))
        assert sim.until_usable(900)
        sim.interrupt(notice=number % 2 == 0)
        assert sim.until_usable(1800), f"not back after reclaim {number}"
    holder = sim.book.lease()
    assert holder is not None
    assert holder.holder == sim.world.disks[VOLUME].at
    assert sim.mounts > TIMES
    assert len(sim.back) >= TIMES - 1


def test_a_machine_is_usable_again_within_three_minutes(tmp_path: Path) -> None:
    """From the notice, or from the power cut, to a mounted volume, in the stand-in's time; the guest's boot
    takes 60 to 90 s of it."""
    sim = Simulation(3, tmp_path)
    for number in range(60):
        assert sim.until_usable(900)
        sim.world.advance(sim.world.now + sim.random.uniform(60, 600))
        assert sim.until_usable(900)
        sim.interrupt(notice=number % 2 == 0)
        assert sim.until_usable(1800)
    assert quantiles(sim.back, n=20)[-1] < 180


def test_without_spot_capacity_the_machine_comes_back_on_demand(tmp_path: Path) -> None:
    sim = Simulation(4, tmp_path)
    assert sim.until_usable(900)
    sim.world.capacity = lambda _type, _zone, market: market == "on-demand"
    sim.interrupt(notice=False)
    assert sim.until_usable(900)
    (guest,) = [it for it in sim.living() if it.is_mounted]
    assert sim.world.instances[guest.instance].market == "on-demand"


def test_a_machine_that_is_not_wanted_any_more_leaves_in_order_and_nothing_runs_on(tmp_path: Path) -> None:
    sim = Simulation(5, tmp_path)
    assert sim.until_usable(900)
    sim.keeper.hear(Ask(up=False, reason="schedule"))
    sim.world.advance(sim.world.now + 600)
    sim.keeper.hear(Look("tick"))
    assert [it for it in sim.world.instances.values() if it.state in ("pending", "running")] == []
    assert sim.book.lease() is None
    assert sim.world.disks[VOLUME].at is None
