"""How the world around the scheduler behaves in a simulation."""

from random import Random

from everyday.record import Record

Range = tuple[int, int]
"""Milliseconds, from and to: each time one in between is drawn."""


class Conditions(Record, frozen=True, kw_only=True):
    """Delays in milliseconds, faults as probabilities. Everything is drawn from the simulation's seed.

    `queue`: from sending a message to its receipt. `call`: one RunTask call. `start`: from RunTask's answer
    to the running task. `stop`: from the end of a task's process to STOPPED, in which ECS shows the room as
    free already and the agent holds the next task PENDING. `event`: from a change to the event's delivery;
    delays are drawn for each event alone, so a wide range reorders them. `event_loss`, `event_twice`: of each
    event. `decide`: what one pass takes. `cold`: more for a pass that comes after `idle` without one.
    `crash`: of each pass, to die at a random step; its wake comes back after `visibility`. `tick`: how often
    a pass is asked for anyway. `reconcile`: how often the whole cluster is read.
    """

    queue: Range = (0, 0)
    call: Range = (0, 0)
    start: Range = (0, 0)
    stop: Range = (0, 0)
    event: Range = (0, 0)
    event_loss: float = 0.0
    event_twice: float = 0.0
    decide: Range = (0, 0)
    cold: Range = (0, 0)
    idle: int = 600_000
    crash: float = 0.0
    visibility: int = 70_000
    tick: int = 60_000
    reconcile: int = 300_000

    @property
    def faulty(self) -> bool:
        """Whether anything can be lost, so that ticks and complete readings are needed."""
        return self.event_loss > 0 or self.crash > 0

    @property
    def notice_of_job(self) -> int:
        """The longest time after which a submitted job is known to a scheduler that listens."""
        return self.queue[1] + self.decide[1]

    @property
    def notice_of_room(self) -> int:
        """The longest time after which it is known that a task has stopped."""
        return self.event[1] + self.decide[1] + (self.reconcile if self.event_loss else 0)


CONDITIONS = {
    "calm": Conditions(),
    "usual": Conditions(
        queue=(10, 60),
        call=(60, 200),
        start=(500, 2_000),
        stop=(200, 1_500),
        event=(100, 500),
        decide=(20, 80),
        cold=(800, 1_600),
    ),
    "rough": Conditions(
        queue=(10, 3_000),
        call=(60, 2_000),
        start=(500, 20_000),
        stop=(200, 30_000),
        event=(100, 20_000),
        event_loss=0.05,
        event_twice=0.1,
        decide=(20, 2_000),
        cold=(800, 4_000),
        crash=0.02,
    ),
}
"""`calm`: nothing takes time and nothing fails. `usual`: a good day on AWS. `rough`: a bad one."""


class Dice:
    """Random draws for one of the models: what another model draws does not change them."""

    def __init__(self, seed: int, model: str) -> None:
        self._random = Random(f"{seed} {model}")  # noqa: S311 - a simulation must be repeatable

    def within(self, bounds: Range) -> int:
        return self._random.randint(*bounds) if bounds[1] > bounds[0] else bounds[0]

    def chance(self, probability: float) -> bool:
        return probability > 0 and self._random.random() < probability

    def choice(self, count: int) -> int:
        """An index below `count`."""
        return self._random.randrange(count)
