"""Every ClusterState, for the contract suites: in memory, and in a real Valkey."""

from collections.abc import Iterator

import pytest

from everyday.adapters.memory_state import MemoryState
from everyday.adapters.valkey.server import Server, connect
from everyday.adapters.valkey.state import ValkeyState
from everyday.jobs.ports import ClusterState
from tests.cluster_builders import Clock, Cluster, an_instance
from tests.valkeys import Valkey, a_valkey


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with a_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "valkey"])
def state(request: pytest.FixtureRequest, clock: Clock) -> ClusterState:
    if request.param == "memory":
        return MemoryState(clock)
    server: Valkey = request.getfixturevalue("valkey")
    return ValkeyState(Server(lambda: connect(server.url)), clock=clock)


@pytest.fixture
def cluster(state: ClusterState, clock: Clock) -> Cluster:
    return Cluster(state, clock)


@pytest.fixture
def full(cluster: Cluster) -> Cluster:
    """One instance of 512 MiB in the view."""
    cluster.publish(an_instance())
    return cluster
