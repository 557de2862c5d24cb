"""Processes that use one state at once and are killed at random points. Run by tests as a program.

It imports once and forks: a worker reports each thing it did by a byte, and is killed somewhere in the next.
"""

import os
import random
import select
import signal
import sys
from collections.abc import Callable, Iterator
from itertools import count
from threading import Thread

from everyday.adapters.valkey.server import Server, connect
from everyday.adapters.valkey.state import ValkeyState
from tests.cluster_builders import T0, a_placement, an_instance, left, on, placing

INSTANCES = 10
CAPACITY = 2_500


class Workers:
    """Forked workers; each is told its own number, which is never used again."""

    def __init__(self, work: Callable[[int], Iterator[object]]) -> None:
        self._work = work
        self._numbers = count(1)
        self._living: dict[int, int] = {}

    def fork(self) -> int:
        """A new worker; the end of the pipe that it reports to."""
        number = next(self._numbers)
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            for _ in self._work(number):
                os.write(writer, b".")
            os._exit(0)
        os.close(writer)
        self._living[reader] = pid
        return reader

    def kill(self, reader: int) -> None:
        """Kill a worker, wherever it is."""
        pid = self._living.pop(reader)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reader)

    def wait(self) -> None:
        """Wait until all are done."""
        for reader, pid in self._living.items():
            while os.read(reader, 4096):
                pass
            os.waitpid(pid, 0)

    def kill_at_random(self, kills: int, *, at_once: int, chance: random.Random) -> None:
        """So many workers at once, of which one after the other is killed after a few things it did."""
        readers = [self.fork() for _ in range(at_once)]
        for _ in range(kills):
            victim = chance.randrange(at_once)
            for _ in range(chance.randrange(1, 12)):
                os.read(readers[victim], 1)
            select.select([], [], [], chance.random() / 200)  # into the middle of the next
            self.kill(readers[victim])
            readers[victim] = self.fork()

    def kill_all(self) -> None:
        for reader in list(self._living):
            self.kill(reader)


def state_at(url: str, now: int | None = None) -> ValkeyState:
    return ValkeyState(Server(lambda: connect(url)), clock=None if now is None else lambda: now)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def reserve_all(url: str, cluster: str) -> None:
    """Four processes of four threads want 960 places of the 250 there are. Prints how many were given."""
    reader, writer = os.pipe()

    def work(number: int) -> Iterator[object]:
        state = state_at(url, T0)
        epoch = (state.view(cluster) or sys.exit("nothing to see")).epoch

        def reserve(thread: int) -> None:
            for turn in range(60):
                job, instance = f"{number}-{thread}-{turn}", str((number + thread + turn) % INSTANCES)
                if state.reserve(cluster, epoch, [a_placement(job, instance)], ends_at={}, now=T0):
                    os.write(writer, b".")

        threads = [Thread(target=reserve, args=(thread,)) for thread in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        yield

    workers = Workers(work)
    for _ in range(4):
        workers.fork()
    workers.wait()
    os.close(writer)
    say(str(len(os.read(reader, 65_536))))


def reserve_and_die(url: str, cluster: str) -> None:
    """Workers that reserve, accept and release, until each is killed."""

    def work(number: int) -> Iterator[object]:
        state, chance = state_at(url, T0), random.Random(number)
        epoch = (state.view(cluster) or sys.exit("nothing to see")).epoch
        for turn in count():
            wanted = [
                a_placement(f"{number}-{turn}-{it}", str(chance.randrange(INSTANCES)), group="all")
                for it in range(3)
            ]
            given = state.reserve(cluster, epoch, wanted, ends_at={}, now=T0)
            yield
            for it in wanted:
                if it.job_id in given:
                    job = placing(it.job_id, it.instance)
                    if chance.random() < 0.3:
                        state.accept(cluster, job, on(f"t-{it.job_id}", it.instance))
                        state.put_task(
                            cluster, on(f"t-{it.job_id}", it.instance, version=2, status="STOPPED")
                        )
                    else:
                        state.release(cluster, [job])
                    yield

    workers = Workers(work)
    workers.kill_at_random(20, at_once=3, chance=random.Random(1))
    workers.kill_all()


def publish_and_die(url: str, cluster: str) -> None:
    """Workers that publish readings whose records are all of one version, the ticket's."""

    def work(number: int) -> Iterator[object]:
        state = state_at(url)
        while True:
            ticket = state.begin_rebuild(cluster)
            version = ticket - T0
            room = left(version % 1000)
            instances = [an_instance(str(it), version=version, remaining=room) for it in range(INSTANCES)]
            state.replace(cluster, ticket, instances, [], [], now=ticket)
            yield

    workers = Workers(work)
    workers.kill_at_random(20, at_once=2, chance=random.Random(2))
    say("killed")
    sys.stdin.read()
    workers.kill_all()


if __name__ == "__main__":
    {it.__name__: it for it in (reserve_all, reserve_and_die, publish_and_die)}[sys.argv[1]](*sys.argv[2:])
