"""Real publishers in storms of refusals, breaks, lost replies, silence and damaged bodies."""

import random
from collections.abc import Callable

import pytest

from tests.faults.site.far_end import FarEnd, Visitor, a_site, nothing
from tests.faults.site.publisher import Order, Publisher
from tests.s3_stub.serving import Fault


class Storm:
    """Gives a share of all requests a fault. Silence and damage only befall uploads: they are told by waiting
    and by a digest."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._share = self._chance.choice([0.1, 0.3, 0.5, 0.8])
        self._damage = self._chance.choice([0.0, 0.0, 0.03])

    def __call__(self, kind: str, key: str) -> Fault | None:
        upload = kind == "PutObject" and not key.startswith("deploy/")
        if upload and self._chance.random() < self._damage:
            return "digest"
        if self._chance.random() >= self._share:
            return None
        faults: list[Fault] = ["slow", "slow", "error", "reset", "lost"]
        return "silent" if upload and self._chance.random() < 0.02 else self._chance.choice(faults)


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> list[Order]:
    root = tmp_path_factory.mktemp("sites")
    return [Order(a_site(root, number)) for number in range(2)]


@pytest.fixture(scope="module")
def begun(far: FarEnd, crew: list[Publisher], orders: list[Order]) -> Callable[[], None]:
    """The way back to a site with one release."""
    far.clear()
    assert crew[0].run(orders[0]).error == ""
    return far.saved()


@pytest.mark.parametrize("seed", range(20))
def test_a_publish_in_a_storm_ends_well_or_says_why_and_can_be_run_again(
    far: FarEnd, begun: Callable[[], None], crew: list[Publisher], orders: list[Order], seed: int
) -> None:
    begun()
    with Visitor(far, ordered=True) as visitor:
        far.hook = Storm(seed)
        report = crew[0].run(orders[1])
        far.hook = nothing
        visitor.look()
        shown = visitor.versions[-1]
        # Who failed after the manifest was written may have lost the edge's reply only.
        assert shown == 1 or report.error in {"BucketUnavailable", "EdgeUnavailable"}
        assert shown == 0 or far.manifest.live == 2
        assert len(report.text) > 10 or not report.error
        assert crew[0].run(orders[1]).error == ""
        visitor.look()
        assert visitor.versions[-1] == 1
    assert visitor.wrong == []
    assert far.wrong() == []


def test_a_body_damaged_under_way_is_refused_and_nobody_sees_it(
    far: FarEnd, begun: Callable[[], None], crew: list[Publisher], orders: list[Order]
) -> None:
    begun()
    far.hook = lambda kind, key: "digest" if key.startswith("assets/img/a.") else None
    report = crew[0].run(orders[1])
    far.hook = nothing
    assert (report.error, "assets/img/a." in report.text) == ("BucketUnavailable", True)
    assert "publish again" in report.text
    stored = far.stub.bodies()
    assert not [key for key in stored if key.startswith("pages/") and b"version-1" in stored[key]]
    assert far.manifest.live == 1
    assert crew[0].run(orders[1]).error == ""
    assert far.wrong() == []
