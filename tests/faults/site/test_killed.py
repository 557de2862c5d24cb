"""A publisher that is killed at each of its requests, while somebody looks at the site."""

import os
import signal
from contextlib import suppress
from pathlib import Path

from tests.faults.site.far_end import FarEnd, Visitor, a_site
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


def test_a_kill_at_any_request_leaves_a_whole_site_and_the_next_run_finishes(
    end: FarEnd, crew: list[Publisher], tmp_path: Path
) -> None:
    victim, number, killed = crew[0], 0, 0
    assert victim.run(Order(a_site(tmp_path, 0))).error == ""
    with Visitor(end, ordered=True) as visitor:
        while killed == number:
            number += 1
            assert number < 60, "it never came to an end"
            order = Order(a_site(tmp_path, number))
            end.hook = Deadly(victim, number, unheard=number % 2 == 0)
            victim.begin(order)
            with suppress(Killed):
                victim.wait()
                killed -= 1
            killed += 1
            visitor.look()
            end.hook = lambda kind, key: None
            assert victim.run(order).error == ""
            visitor.look()
            assert visitor.versions[-1] == number
            assert end.wrong() == []
    assert visitor.wrong == []
    assert killed > 15
