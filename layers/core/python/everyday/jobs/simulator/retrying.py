"""How it was done before: one queue, RunTask, and a rejected message is hidden for a while."""

from everyday.errors import EcsThrottled
from everyday.jobs.model import Amount, Job
from everyday.jobs.simulator.conditions import Dice
from everyday.jobs.simulator.ecs import Change
from everyday.jobs.simulator.workload import total
from everyday.jobs.simulator.world import Settled, World

HIDDEN = 30_000
"""Milliseconds for which a rejected message stays invisible."""

RECEIVE = (0, 1_000)
"""Milliseconds from becoming visible to being received: which of the visible messages comes next is luck."""

SUM_AGE = 60_000
"""Milliseconds between two readings of the cluster's sum."""


class Retrying(Settled):
    """Policy `seed`: whatever message is visible is tried. With `gate`, policy `seed-gate`: it is tried only
    if the sum of all that was free in the cluster, read once a minute, is enough."""

    def __init__(self, world: World, *, gate: bool = False) -> None:
        self._world, self._gate = world, gate
        self._dice = Dice(world.seed, "sqs")
        self._sum, self._read_at = Amount(), -SUM_AGE

    def submitted(self, job: Job) -> None:
        self._receive(job, self._dice.within(self._world.conditions.queue))

    def changed(self, _: Change) -> None:
        """Nobody listens."""

    def _receive(self, job: Job, delay: int) -> None:
        self._world.timeline.after(delay + self._dice.within(RECEIVE), lambda: self._try(job))

    def _try(self, job: Job) -> None:
        if not self._started(job):
            self._receive(job, HIDDEN)

    def _started(self, job: Job) -> bool:
        if self._gate and not job.demand.amount.fits(self._free()):
            return False
        try:
            return self._world.start(job) is not None
        except EcsThrottled:
            return False

    def _free(self) -> Amount:
        now = self._world.timeline.now
        if now - self._read_at >= SUM_AGE:
            self._read_at = now - now % SUM_AGE
            self._sum = total(machine.shown for machine in self._world.ecs.machines)
        return self._sum
