"""The state in memory and the state in Valkey are one and the same, whatever happens in whichever order.

The memory counts what is held anew each time; the scripts keep sums by difference. So each checks the other.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everyday.adapters.memory_state import MemoryState
from everyday.adapters.valkey.server import Server, connect
from everyday.adapters.valkey.state import ValkeyState
from everyday.jobs.model import Amount, ContainerInstance, Demand, Task
from everyday.jobs.plan import Placement
from everyday.jobs.reservations import RESERVATION_MS, SETTLING_MS
from tests.cluster_builders import Clock, Cluster, an_instance, mib, on, placing
from tests.valkeys import Valkey, a_valkey, audit

ARNS = ("i", "j", "k")
NAMES = ("a", "b", "c", "d")
PORTS = st.sampled_from([(), (), (), ("80/tcp",), ("80/tcp", "90/udp")])
ATTRIBUTES = st.sampled_from([{}, {"zone": "a"}, {"zone": "b", "gpu": ""}])
demands = st.builds(mib, st.integers(0, 300), cpu=st.integers(0, 600), ports=PORTS)
wanted = st.builds(
    lambda demand, attributes: Demand(demand.amount, demand.ports, attributes),
    demands,
    st.sampled_from([(), (), ("zone",), ("zone=a",)]),
)
instances = st.builds(
    an_instance,
    st.sampled_from(ARNS),
    version=st.integers(1, 6),
    remaining=st.builds(Amount, st.integers(0, 1024), st.integers(0, 512)),
    status=st.sampled_from(["ACTIVE", "ACTIVE", "ACTIVE", "DRAINING", "INACTIVE"]),
    agent_connected=st.sampled_from([True, True, False]),
    ports=st.frozensets(st.sampled_from(["22/tcp", "80/tcp"])),
    attributes=ATTRIBUTES,
)
tasks = st.builds(
    on,
    st.sampled_from(["t1", "t2", "t3"]),
    st.sampled_from([*ARNS, None]),
    version=st.integers(1, 5),
    demand=demands,
    status=st.sampled_from(["PENDING", "RUNNING", "RUNNING", "STOPPED"]),
    started_by=st.sampled_from([None, "/many", *(f"{name}/1" for name in NAMES)]),
)
placements = st.builds(
    Placement,
    st.sampled_from(NAMES),
    st.integers(1, 2),
    st.sampled_from([*ARNS, "unknown"]),
    wanted,
    st.sampled_from([None, None, "g"]),
)
jobs = st.builds(
    placing,
    st.sampled_from(NAMES),
    st.sampled_from([*ARNS, None]),
    attempt=st.integers(1, 2),
    demand=demands,
    call=st.sampled_from([None, "/many"]),
    estimate_seconds=st.sampled_from([None, 60]),
)
estimates = st.one_of(st.none(), st.integers(1, 9))
steps = st.one_of(
    st.tuples(st.just("put_instance"), instances),
    st.tuples(st.just("put_task"), tasks, estimates),
    st.tuples(
        st.just("reserve"),
        st.lists(placements, max_size=5, unique_by=lambda it: (it.job_id, it.attempt)),
        st.dictionaries(st.sampled_from(NAMES), st.integers(1, 9)),
    ),
    st.tuples(st.just("accept"), jobs, tasks),
    st.tuples(st.just("release"), st.lists(jobs, max_size=3)),
    st.tuples(st.just("suspect"), st.sampled_from([*ARNS, "unknown"]), st.integers(0, 2000)),
    st.tuples(st.just("ticket")),
    st.tuples(
        st.just("publish"),
        st.integers(0, 2),
        st.lists(instances, max_size=3, unique_by=lambda it: it.arn),
        st.lists(tasks, max_size=3, unique_by=lambda it: it.arn),
        st.lists(jobs, max_size=3, unique_by=lambda it: (it.id, it.attempt)),
        st.dictionaries(st.sampled_from(["t1", "t2"]), st.integers(1, 9)),
    ),
    st.tuples(st.just("pass_by"), st.sampled_from([1, 1000, SETTLING_MS, RESERVATION_MS])),
)


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with a_valkey(tmp_path_factory.mktemp("twin")) as server:
        yield server


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
        audit(self.valkey, self.pair[1].name)

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


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(script=st.lists(steps, min_size=5, max_size=25))
def test_both_states_say_the_same_after_every_step(valkey: Valkey, script: list[Any]) -> None:
    twins = Twins(valkey)
    twins.step("ticket")
    twins.step("publish", 0, [an_instance(arn) for arn in ARNS], [], [], {})
    for step in script:
        twins.step(*step)
