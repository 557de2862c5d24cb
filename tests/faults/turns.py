"""Overlapping runs that take turns by a seed, so that every schedule can be had again."""

import random
from collections.abc import Callable
from threading import Condition, Thread, current_thread


class Turns:
    """Lets threads run one at a time; at every call to a port the seed decides who goes on."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._changed = Condition()
        self._waiting: list[str] = []
        self._turn = ""

    def run(self, *jobs: Callable[[], None]) -> None:
        if len(jobs) == 1:
            return jobs[0]()
        threads = [Thread(target=self._job, args=(job,), name=f"run {n}") for n, job in enumerate(jobs)]
        with self._changed:
            self._waiting = [thread.name for thread in threads]
            self._next()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return None

    def change(self) -> None:
        """Somebody else may go on here."""
        me = current_thread().name
        with self._changed:
            if me in self._waiting:
                self._next()
                self._changed.wait_for(lambda: self._turn == me)

    def _job(self, job: Callable[[], None]) -> None:
        me = current_thread().name
        with self._changed:
            self._changed.wait_for(lambda: self._turn == me)
        try:
            job()
        finally:
            with self._changed:
                self._waiting.remove(me)
                self._next()

    def _next(self) -> None:
        if self._waiting:
            self._turn = self._chance.choice(self._waiting)
        self._changed.notify_all()
