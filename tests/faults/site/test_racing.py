"""Publishers, each a process of its own, that publish and roll back one site at once."""

import os
import random
import signal
from collections.abc import Callable
from contextlib import suppress
from threading import Event

import pytest

from everyday.site.edge import LIVE
from everyday.site.manifest import live_release
from tests.contract.edge_clients import ARN
from tests.faults.site.far_end import FarEnd, Visitor, a_site, nothing
from tests.faults.site.publisher import Order, Publisher, Report
from tests.s3_stub.serving import Fault


class Pauses:
    """Stops one of them at a request, and lets it go on some requests later, or when the others end."""

    def __init__(self, chance: random.Random, crew: list[Publisher]) -> None:
        self._pid = chance.choice(crew).pid
        self._first = chance.randrange(1, 30)
        self._last = self._first + chance.randrange(1, 25)
        self._seen = 0

    def __call__(self, kind: str, key: str) -> Fault | None:
        self._seen += 1
        if self._seen == self._first:
            self._tell(signal.SIGSTOP)
        if self._seen == self._last:
            self._tell(signal.SIGCONT)
        return None

    def _tell(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # it has ended already
            os.kill(self._pid, number)

    def race(self, end: FarEnd, crew: list[Publisher], orders: list[Order]) -> list[Report]:
        """The reports, in the order of the orders."""
        end.hook = self
        for each, order in zip(crew, orders, strict=True):
            each.begin(order)
        others = [it for it in crew if it.pid != self._pid]
        found = {id(it): it.wait() for it in others}
        end.hook = nothing
        self._tell(signal.SIGCONT)
        found |= {id(it): it.wait() for it in crew if id(it) not in found}
        return [found[id(it)] for it in crew]


class Standstill:
    """Stops a publisher when it begins to delete. What it asked for until `passed` it has to ask again."""

    def __init__(self, victim: Publisher) -> None:
        self.pid = victim.pid
        self.reached, self.passed = Event(), Event()

    def __call__(self, kind: str, key: str) -> Fault | None:
        if kind != "ListObjectVersions" or self.passed.is_set():
            return None
        os.kill(self.pid, signal.SIGSTOP)
        self.reached.set()
        return "slow"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    root = tmp_path_factory.mktemp("sites")
    return [a_site(root, number) for number in range(4)]


@pytest.fixture(scope="module")
def begun(far: FarEnd, crew: list[Publisher], folders: list[str]) -> Callable[[], None]:
    """The way back to a site with two releases."""
    far.clear()
    for folder in folders[:2]:
        assert crew[0].run(Order(folder)).error == ""
    return far.saved()


@pytest.fixture(scope="module")
def due(far: FarEnd, crew: list[Publisher], folders: list[str]) -> Callable[[], None]:
    """The way back to a site whose second release is retired: after six hours its files are deleted."""
    far.clear()
    for number, folder in enumerate(folders[:3]):
        far.hours = 2.0 * number
        assert crew[0].run(Order(folder, hours=2 * number, keep_releases=1)).error == ""
    assert far.manifest.retired
    return far.saved()


@pytest.mark.parametrize("seed", range(20))
def test_of_many_that_publish_at_once_all_are_releases_and_the_last_is_live(
    far: FarEnd, begun: Callable[[], None], crew: list[Publisher], folders: list[str], seed: int
) -> None:
    begun()
    chance = random.Random(seed)
    crew = crew[: chance.choice([2, 3])]
    with Visitor(far, ordered=False) as visitor:
        # The first folder was published before, and is not live now: it is a release once more.
        orders = [Order(folders[it], keep_releases=9) for it in (2, 3, 0)[: len(crew)]]
        reports = Pauses(chance, crew).race(far, crew, orders)
        visitor.look()
    assert visitor.wrong == []
    assert [it.error for it in reports] == [""] * len(crew)
    releases = far.manifest.releases
    assert {it.id for it in releases} >= {it.release for it in reports}
    assert [it.number for it in releases] == list(range(1, len(crew) + 3))
    assert far.manifest.live == len(crew) + 2
    assert far.wrong() == []


@pytest.mark.parametrize("seed", range(6))
def test_a_rollback_and_a_publish_at_once_end_with_one_of_them_live(
    far: FarEnd, begun: Callable[[], None], crew: list[Publisher], folders: list[str], seed: int
) -> None:
    begun()
    first = far.manifest.releases[0].id
    with Visitor(far, ordered=False) as visitor:
        orders = [Order(release=first, keep_releases=9), Order(folders[2], keep_releases=9)]
        reports = Pauses(random.Random(seed), crew[:2]).race(far, crew[:2], orders)
        visitor.look()
    assert visitor.wrong == []
    assert [it.error for it in reports] == ["", ""]
    live = live_release(far.manifest)
    assert live is not None
    assert live.id in {it.release for it in reports}
    assert str(far.stores.get(ARN, LIVE)).split(" ")[1] == live.id
    assert far.wrong() == []


@pytest.mark.parametrize("seed", range(6))
def test_what_is_deleted_and_needed_again_at_once_is_there_in_the_end(
    far: FarEnd, due: Callable[[], None], crew: list[Publisher], folders: list[str], seed: int
) -> None:
    due()
    far.hours = 6.0
    far.stub.counts.clear()
    orders = [Order(folders[it], hours=6, keep_releases=1) for it in (3, 1)]
    with Visitor(far, ordered=False) as visitor:
        reports = Pauses(random.Random(seed), crew[:2]).race(far, crew[:2], orders)
        visitor.look()
    assert visitor.wrong == []
    assert [it.error for it in reports] == ["", ""]
    assert far.wrong() == []


def test_what_was_stored_again_since_it_was_retired_is_not_deleted(
    far: FarEnd, due: Callable[[], None], crew: list[Publisher], folders: list[str]
) -> None:
    due()
    far.hours = 6.0
    far.stub.counts.clear()
    far.hook = stop = Standstill(crew[0])
    crew[0].begin(Order(folders[3], hours=6, keep_releases=1))
    assert stop.reached.wait(30)
    stop.passed.set()
    assert crew[1].run(Order(folders[1], hours=6, keep_releases=1)).error == ""
    os.kill(stop.pid, signal.SIGCONT)
    assert crew[0].wait().error == ""
    assert far.stub.counts["DeleteObjects"] > 0
    assert far.wrong() == []
