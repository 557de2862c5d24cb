"""What an instance will have free, and when: the ends of its tasks and the reservations of blocked jobs."""

from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple

from everyday.jobs.fit import FOREVER, UNKNOWN, Need

_LEAST_LEFT = 1_000
"""A task that is past its expected end is believed to need as long again, and at least so long (ms)."""


class Claim(NamedTuple):
    """Host ports that are held from one time until another."""

    start: int
    end: int
    ports: frozenset[str]


class Timeline:
    """Room over time: `cpu[k]`, `memory[k]` and `gpu[k]` are free from `times[k]` until `times[k + 1]`."""

    __slots__ = ("claims", "cpu", "gpu", "memory", "times")

    def __init__(self, now: int, free: tuple[int, int, int]) -> None:
        self.times = [now]
        self.cpu, self.memory, self.gpu = ([each] for each in free)
        self.claims: list[Claim] = []

    def copy(self) -> "Timeline":
        twin = Timeline(self.times[0], (0, 0, 0))
        twin.times, twin.claims = self.times[:], self.claims[:]
        twin.cpu, twin.memory, twin.gpu = self.cpu[:], self.memory[:], self.gpu[:]
        return twin

    def give_back(self, ends: Iterable[tuple[int, int, int, int]]) -> None:
        """What comes free, as (time, cpu, memory, gpu) in order of time. Only before anything is taken."""
        times, cpus, memories, gpus = self.times, self.cpu, self.memory, self.gpu
        cpu, memory, gpu = cpus[-1], memories[-1], gpus[-1]
        for time, more_cpu, more_memory, more_gpu in ends:
            cpu, memory, gpu = cpu + more_cpu, memory + more_memory, gpu + more_gpu
            if time == times[-1]:
                cpus[-1], memories[-1], gpus[-1] = cpu, memory, gpu
            else:
                times.append(time)
                cpus.append(cpu)
                memories.append(memory)
                gpus.append(gpu)

    def admits(self, need: Need, until: int) -> bool:
        """Whether the need fits from now until then, beside all that is reserved."""
        cpu, memory, gpu = need.cpu, need.memory, need.gpu
        for k, time in enumerate(self.times):
            if time >= until:
                break
            if self.cpu[k] < cpu or self.memory[k] < memory or self.gpu[k] < gpu:
                return False
        return not need.ports or self._ports_free(need.ports, self.times[0], until)

    def earliest(self, need: Need, lasting: int, latest: int = FOREVER) -> int | None:
        """The first time from which the need fits for so long; UNKNOWN when it waits for an unknown end.

        None: it does not fit until `latest`, or never beside what is held for ever.
        """
        cpu, memory, gpu, ports = need.cpu, need.memory, need.gpu, need.ports
        start: int | None = None
        for k, time in enumerate(self.times):
            if time >= FOREVER or (time > latest if start is None else time >= start + lasting):
                break
            lacks = self.cpu[k] < cpu or self.memory[k] < memory or self.gpu[k] < gpu
            if lacks or (ports and not self._ports_free(ports, time, time + lasting)):
                start = None
            elif start is None:
                start = time
        return start

    def take(self, need: Need, start: int, end: int) -> None:
        """Hold so much from one time until another."""
        first, last = self._step(start), self._step(end)
        for k in range(first, last):
            self.cpu[k] -= need.cpu
            self.memory[k] -= need.memory
            self.gpu[k] -= need.gpu
        if need.ports:
            self.claims.append(Claim(start, end, frozenset(need.ports)))

    def drain(self, until: int) -> None:
        """Let only what will still be free then be used before: nobody's end is trusted until then."""
        until_step = self._step(until)
        for each in (self.cpu, self.memory, self.gpu):
            for k in range(until_step):
                each[k] = min(each[k], each[until_step])

    def _ports_free(self, ports: Iterable[str], start: int, end: int) -> bool:
        return all(
            each.end <= start or each.start >= end or each.ports.isdisjoint(ports) for each in self.claims
        )

    def _step(self, time: int) -> int:
        """The index of the step that begins then; made if there is none."""
        k = bisect_left(self.times, time)
        if k == len(self.times) or self.times[k] != time:
            self.times.insert(k, time)
            for each in (self.cpu, self.memory, self.gpu):
                each.insert(k, each[k - 1])
        return k


def expected_end(ends_at: int | None, now: int) -> int:
    """When a task should be gone: later than now, and UNKNOWN when nobody knows."""
    if ends_at is None:
        return UNKNOWN
    return ends_at if ends_at > now else now + max(_LEAST_LEFT, now - ends_at)
