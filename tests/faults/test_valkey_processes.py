"""Many processes at one Valkey, some of them killed: never over capacity, never under, nothing torn."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from everyday.adapters.valkey.server import Server, connect
from everyday.adapters.valkey.state import ValkeyState
from everyday.errors import StateUnavailable
from everyday.jobs.model import Amount
from everyday.jobs.reservations import RESERVATION_MS
from everyday_local.folder import PROJECT
from tests.cluster_builders import Clock, Cluster, a_placement, an_instance
from tests.faults.valkey_workers import CAPACITY, INSTANCES
from tests.valkeys import Valkey, a_valkey, audit

CHANGES = 100  # that the readers must have seen: else nothing was tried
pytestmark = pytest.mark.xdist_group("valkey-faults")


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with a_valkey(tmp_path) as server:
        yield server


@pytest.fixture
def cluster(valkey: Valkey) -> Cluster:
    """Ten instances, each with room for twenty-five."""
    clock = Clock()
    made = Cluster(ValkeyState(Server(lambda: connect(valkey.url)), clock=clock), clock)
    room = Amount(memory=CAPACITY)
    made.publish(*(an_instance(str(it), registered=room, remaining=room) for it in range(INSTANCES)))
    return made


@contextmanager
def workers(scenario: str, valkey: Valkey, cluster: str) -> Iterator["subprocess.Popen[str]"]:
    """The program with its workers; it and they end with the block."""
    paths = [PROJECT, *(PROJECT / it for it in ("layers/core/python", "cli", "local"))]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.valkey_workers", scenario, valkey.url, cluster],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
        cwd=PROJECT,
        start_new_session=True,
    )
    try:
        yield process
        process.communicate(timeout=120)
        assert process.returncode == 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its own group: it and its workers
        process.wait()


def test_many_processes_get_exactly_what_is_there(valkey: Valkey, cluster: Cluster) -> None:
    with workers("reserve_all", valkey, cluster.name) as process:
        assert process.stdout
        assert process.stdout.read().strip() == "250"
    assert {it.free.memory for it in cluster.view().instances} == {0}
    assert sum(len(it.running) for it in cluster.view().instances) == 250
    audit(valkey, cluster.name)


def test_killed_reservers_leave_nothing_over_and_nothing_lost(valkey: Valkey, cluster: Cluster) -> None:
    with workers("reserve_and_die", valkey, cluster.name) as process:
        while process.poll() is None:
            for it in cluster.view().instances:
                assert sum(each.demand.amount.memory for each in it.running) + it.free.memory == CAPACITY
    audit(valkey, cluster.name)
    cluster.clock.pass_by(RESERVATION_MS)
    room = Amount(memory=CAPACITY)
    cluster.publish(*(an_instance(str(it), registered=room, remaining=room) for it in range(INSTANCES)))
    assert {it.free.memory for it in cluster.view().instances} == {CAPACITY}
    every = [a_placement(f"{it}-{number}", str(it)) for it in range(INSTANCES) for number in range(25)]
    assert len(cluster.reserve(*every)) == 250
    audit(valkey, cluster.name)


@pytest.mark.parametrize(("at_once", "reads"), [(250, 8_000), (4, 2_000)])
def test_readers_see_whole_readings_and_never_an_older_after_a_newer(
    valkey: Valkey, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, at_once: int, reads: int
) -> None:
    """Takes about ten seconds: ten thousand looks while readings are published and publishers killed.

    What does not fit one look is looked at in parts, and may have to be given up when readings never end.
    """
    monkeypatch.setattr("everyday.adapters.valkey.looks._AT_ONCE", at_once)
    last = torn = older = changes = done = 0
    with workers("publish_and_die", valkey, cluster.name) as process:
        while done < reads or changes < CHANGES:
            with suppress(StateUnavailable):
                versions = {it.version for it in cluster.view().instances}
                torn += len(versions) != 1
                older += min(versions) < last
                changes += max(versions) > last
                last = max(versions)
                done += 1
            assert process.poll() is None
        assert process.stdout
        assert process.stdout.readline().strip() == "killed"
    assert (torn, older) == (0, 0)
    audit(valkey, cluster.name)
