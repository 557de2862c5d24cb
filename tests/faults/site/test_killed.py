"""A publisher that is killed at each of its requests, while somebody looks at the site."""

import os
import signal
from pathlib import Path

from tests.faults.site.far_end import FarEnd, Visitor, a_site, nothing
from tests.faults.site.publisher import Killed, Order, Publisher
from tests.s3_stub.serving import Fault


class Deadly:
    """Kills at the request of that number; what was asked for is done, or (`unheard`) not."""

    def __init__(self, victim: Publisher, number: int, *, unheard: bool) -> None:
        self._pid, self._number, self._unheard = victim.pid, number, unheard
        self.seen = 0

    def __call__(self, kind: str, key: str) -> Fault | None:
        self.seen += 1
        if self.seen != self._number:
            return None
        os.kill(self._pid, signal.SIGKILL)
        return "reset" if self._unheard else None


def died(victim: Publisher, order: Order) -> bool:
    try:
        victim.run(order)
    except Killed:
        return True
    return False


def test_a_kill_at_any_request_leaves_a_whole_site_and_the_next_run_finishes(
    end: FarEnd, crew: list[Publisher], tmp_path: Path
) -> None:
    victim = crew[0]
    assert victim.run(Order(a_site(tmp_path, 0))).error == ""
    with Visitor(end, ordered=True) as visitor:
        for number in range(1, 60):
            order = Order(a_site(tmp_path, number))
            end.hook = Deadly(victim, number, unheard=number % 2 == 0)
            dead = died(victim, order)
            end.hook = nothing
            visitor.look()
            assert victim.run(order).error == ""
            visitor.look()
            assert visitor.versions[-1] == number
            assert end.wrong() == []
            if not dead:
                break
    assert visitor.wrong == []
    assert 15 < number < 59
