"""The state in memory and the state in Valkey are one and the same, whatever happens in whichever order.

The memory counts what is held anew each time; the scripts keep sums by difference. So each checks the other.
"""

from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from everyday.adapters.memory_state import MemoryState
from everyday.adapters.valkey.server import Server, connect
from everyday.adapters.valkey.state import ValkeyState
from everyday.jobs.model import Amount, ContainerInstance, Demand, Job, Task
from everyday.jobs.plan import Placement
from everyday.jobs.reservations import RESERVATION_MS, SETTLING_MS
from tests.cluster_builders import Clock, Cluster, an_instance, mib, on, placing
from tests.valkeys import Valkey, audit

ARNS = ("i", "j")
NAMES = ("a", "b", "c", "d")
STEPS = 60


class Chance:
    """Makes up what happens next. What a choice names several times comes that much more often."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.of = self.random.choice
        self.versions: Counter[str] = Counter()

    def step(self) -> tuple[Any, ...]:
        """The name of what is done, and the words for it."""
        kind = self.of(
            ["put_instance"] * 3 + ["put_task"] * 4 + ["reserve"] * 4 + ["accept"] * 2
            + ["release", "suspect", "ticket", "publish", "pass_by"]
        )  # fmt: skip
        return kind, *getattr(self, f"_{kind}")()

    def _put_instance(self) -> tuple[Any, ...]:
        return (self._instance(),)

    def _put_task(self) -> tuple[Any, ...]:
        return self._task(), self.of([None, None, 5])

    def _reserve(self) -> tuple[Any, ...]:
        names = self.random.sample(NAMES, self.of([1, 1, 2, 3]))
        return [self._placement(name) for name in names], self.of([{}, {"a": 7}])

    def _accept(self) -> tuple[Any, ...]:
        name = self.of(NAMES)
        return self._job(name), self._task(self.of([name, name, self.of(NAMES)]))

    def _release(self) -> tuple[Any, ...]:
        return ([self._job(name) for name in self.random.sample(NAMES, self.of([1, 2]))],)

    def _suspect(self) -> tuple[Any, ...]:
        return self.of([*ARNS, "unknown"]), self.of([0, 500, 1000, 2000])

    def _ticket(self) -> tuple[Any, ...]:
        return ()

    def _publish(self) -> tuple[Any, ...]:
        arns = self.of([ARNS, ARNS, ARNS, ARNS[:1], ()])
        tasks = [self._task(name) for name in self.random.sample(NAMES, self.of([0, 1, 2, 3]))]
        jobs = [self._job(name) for name in self.random.sample(NAMES, self.of([0, 1, 2]))]
        return (
            self.of([0, 0, 0, 1]),
            [self._instance(arn) for arn in arns],
            tasks,
            jobs,
            self.of([{}, {"t-a": 9}]),
        )

    def _pass_by(self) -> tuple[Any, ...]:
        return (self.of([1, 1000, 1000, SETTLING_MS, RESERVATION_MS]),)

    def _version(self, name: str) -> int:
        """Mostly the next, now and then the same or an older one."""
        version = max(1, self.versions[name] + self.of([1, 1, 1, 1, 2, 0, -1]))
        self.versions[name] = max(version, self.versions[name])
        return version

    def _instance(self, arn: str | None = None) -> ContainerInstance:
        arn = arn or self.of(ARNS)
        return an_instance(
            arn,
            version=self._version(arn),
            remaining=Amount(self.of([1024, 1024, 950, 90]), self.of([512, 400, 300, 150])),
            status=self.of(["ACTIVE"] * 14 + ["DRAINING", "INACTIVE"]),
            agent_connected=self.of([True] * 9 + [False]),
            ports=frozenset(self.of([[], [], ["22/tcp"], ["80/tcp"]])),
            attributes=self.of([{"zone": "a"}, {"zone": "a"}, {"zone": "b", "gpu": ""}, {}]),
        )

    def _task(self, name: str | None = None) -> Task:
        """A task stays where it is."""
        name = name or self.of(NAMES)
        return on(
            f"t-{name}{self.of(['', '', '2'])}",
            ARNS[ord(name) % 2],
            version=self._version(f"t-{name}"),
            demand=self._demand(),
            status=self.of(["PENDING", "RUNNING", "RUNNING", "RUNNING", "STOPPED"]),
            started_by=self.of([f"{name}/1", f"{name}/1", "/many", None]),
        )

    def _placement(self, name: str) -> Placement:
        demand = self._demand()
        demand = Demand(demand.amount, demand.ports, self.of([(), (), (), ("zone",), ("zone=a",)]))
        arn = self.of([*ARNS, *ARNS, *ARNS, "unknown"])
        return Placement(name, self.of([1, 1, 1, 2]), arn, demand, self.of([None, None, "g"]))

    def _job(self, name: str) -> Job:
        return placing(
            name,
            self.of([*ARNS, *ARNS, None]),
            attempt=self.of([1, 1, 1, 2]),
            demand=self._demand(),
            call=self.of([None, None, "/many"]),
            estimate_seconds=self.of([None, 60]),
        )

    def _demand(self) -> Demand:
        ports = self.of([(), (), (), ("80/tcp",), ("80/tcp", "90/udp")])
        return mib(self.of([50, 100, 200]), cpu=self.of([0, 100]), gpu=0, ports=ports)


class Twins:
    """Both states under one clock; whatever is done is done to both, and must come to the same."""

    def __init__(self, valkey: Valkey) -> None:
        self.clock = Clock()
        self.valkey = valkey
        self.pair = [
            Cluster(MemoryState(self.clock), self.clock),
            Cluster(ValkeyState(Server(lambda: connect(valkey.url)), clock=self.clock), self.clock),
        ]
        self.tickets = [0]

    def step(self, name: str, *words: Any) -> None:
        if name == "pass_by":
            self.clock.pass_by(*words)
        elif name == "ticket":
            self.tickets.append(self.both(lambda it: it.state.begin_rebuild(it.name)))
        else:
            self.both(lambda it: getattr(self, name)(it, *words))
        self.both(_shown)

    def both(self, act: Any) -> Any:
        first, second = (act(it) for it in self.pair)
        assert first == second
        return first

    def put_instance(self, it: Cluster, instance: ContainerInstance) -> Any:
        return it.state.put_instance(it.name, instance)

    def put_task(self, it: Cluster, task: Task, ends_at: int | None) -> Any:
        return it.state.put_task(it.name, task, ends_at=ends_at)

    def reserve(self, it: Cluster, wanted: Any, ends_at: Any) -> Any:
        view = it.state.view(it.name)
        epoch = view.epoch if view else "none"
        return it.state.reserve(it.name, epoch, wanted, ends_at=ends_at, now=self.clock.now - 500)

    def accept(self, it: Cluster, job: Any, task: Task) -> None:
        it.state.accept(it.name, job, task)

    def release(self, it: Cluster, jobs: Any) -> None:
        it.state.release(it.name, jobs)

    def suspect(self, it: Cluster, arn: str, wait: int) -> None:
        it.state.suspect(it.name, arn, until=self.clock.now + wait)

    def publish(self, it: Cluster, back: int, shown: Any, tasks: Any, jobs: Any, ends_at: Any) -> bool:
        ticket = self.tickets[max(0, len(self.tickets) - 1 - back)]
        return it.publish(*shown, tasks=tasks, placing=jobs, ticket=ticket, ends_at=ends_at)


def _shown(it: Cluster) -> Any:
    view = it.state.view(it.name)
    return view and (view.as_of, view.instances)


@pytest.fixture(params=[250, 1], ids=["in one look", "in parts"])
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many instances Valkey is asked for at once: a large cluster is read in parts, or not at all."""
    monkeypatch.setattr("everyday.adapters.valkey.looks._AT_ONCE", request.param)


@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # it is the same for all examples
)
@given(seed=st.integers(0, 2**32))
def test_both_states_say_the_same_after_every_step(valkey: Valkey, at_once: None, seed: int) -> None:
    twins, chance = Twins(valkey), Chance(seed)
    twins.step("ticket")
    twins.step("publish", 0, [an_instance(arn) for arn in ARNS], [], [], {})
    for _ in range(STEPS):
        step = chance.step()
        note(repr(step))
        twins.step(*step)
    audit(valkey, twins.pair[1].name)
