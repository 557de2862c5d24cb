"""A real Valkey in trouble.

Every call ends soon with StateUnavailable, nothing is half written, and when it is back the rules hold.
"""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis

from everyday import jobs_wiring
from everyday.adapters.valkey.scripts import Script
from everyday.adapters.valkey.server import TIMEOUT_SECONDS, Server, connect
from everyday.adapters.valkey.state import ValkeyState
from everyday.errors import SecretsUnavailable, StateUnavailable
from everyday.settings import ClusterSettings
from tests.cluster_builders import Clock, Cluster, a_placement, an_instance, on, placing
from tests.valkeys import Valkey, a_valkey, audit

pytestmark = pytest.mark.xdist_group("valkey-faults")


class Waits:
    """A state that counts how often, and how long, it pauses before it asks again."""

    def __init__(self, url: str) -> None:
        self.pauses: list[float] = []
        self.url = url
        self.state = ValkeyState(Server(lambda: connect(self.url), sleep=self.pauses.append))


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with a_valkey(tmp_path) as server:
        yield server


@pytest.fixture
def waits(valkey: Valkey) -> Waits:
    return Waits(valkey.url)


@pytest.fixture
def cluster(waits: Waits) -> Cluster:
    """Two instances, a task, a reservation."""
    made = Cluster(waits.state, Clock())
    made.publish(an_instance(), an_instance("j"), tasks=[on("t")])
    assert made.reserve(a_placement("a", "j")) == {"a"}
    return made


WRITES: dict[str, Callable[[Cluster, str], object]] = {
    "begin_rebuild": lambda it, epoch: it.state.begin_rebuild(it.name),
    "replace": lambda it, epoch: it.publish(an_instance(version=9), ticket=10**14),
    "put_instance": lambda it, epoch: it.state.put_instance(it.name, an_instance(version=9)),
    "put_task": lambda it, epoch: it.state.put_task(it.name, on("new")),
    "reserve": lambda it, epoch: it.state.reserve(it.name, epoch, [a_placement("b")], ends_at={}, now=1),
    "accept": lambda it, epoch: it.state.accept(it.name, placing("a", "j"), on("u", "j")),
    "release": lambda it, epoch: it.state.release(it.name, [placing("a", "j")]),
    "suspect": lambda it, epoch: it.state.suspect(it.name, "i", until=10**14),
    "take": lambda it, epoch: it.state.take(1),
    "begin_pass": lambda it, epoch: it.state.begin_pass(it.name),
}
CALLS = {"view": lambda it, epoch: it.view(), **WRITES}


def _each_fails(cluster: Cluster, waits: Waits, calls: dict[str, Any], *, again: int) -> None:
    """Every call raises, having asked so many times more: within one wait for an answer and the pauses."""
    for name, call in calls.items():
        waits.pauses.clear()
        with pytest.raises(StateUnavailable):
            call(cluster, "any")
        assert len(waits.pauses) == (0 if name == "take" else again), name
        assert sum(waits.pauses) + TIMEOUT_SECONDS < 1, name
    assert cluster.state.wake_id(cluster.name) != cluster.state.wake_id(cluster.name)


def _dump(server: Valkey) -> dict[bytes, bytes]:
    return {key: server.admin.dump(key) for key in server.admin.scan_iter(count=1000)}


def test_a_killed_server_is_unavailable(valkey: Valkey, waits: Waits, cluster: Cluster) -> None:
    valkey.kill()
    _each_fails(cluster, waits, CALLS, again=2)


def test_a_hung_server_is_waited_for_once_and_not_asked_again(
    valkey: Valkey, waits: Waits, cluster: Cluster
) -> None:
    before = cluster.view()
    valkey.hang()
    reads = {name: CALLS[name] for name in ("view", "take", "begin_rebuild")}
    _each_fails(cluster, waits, reads, again=0)
    valkey.go_on()
    assert cluster.view() == before
    audit(valkey, cluster.name)


def test_a_server_that_never_answers_a_connection_is_given_up(waits: Waits) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        waits.url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        _each_fails(Cluster(waits.state, Clock()), waits, {"view": CALLS["view"]}, again=0)


@pytest.mark.parametrize("trouble", ["read-only", "full"])
def test_a_server_that_takes_no_writes_is_left_as_it_was(
    valkey: Valkey, waits: Waits, cluster: Cluster, trouble: str
) -> None:
    epoch, before = cluster.view().epoch, _dump(valkey)
    if trouble == "full":
        valkey.admin.config_set("maxmemory", 1)
    else:
        valkey.admin.replicaof("127.0.0.1", 1)
    for name, call in WRITES.items():
        with pytest.raises(StateUnavailable, match=r"replica now|maxmemory"):
            call(cluster, epoch)
        assert _dump(valkey) == before, name
    assert cluster.view().epoch == epoch, "it can still be read"
    valkey.admin.config_set("maxmemory", 0)
    valkey.admin.replicaof("NO", "ONE")
    assert cluster.reserve(a_placement("b")) == {"b"}
    audit(valkey, cluster.name)


def test_a_server_that_gets_full_in_the_middle_has_half_of_nothing(valkey: Valkey, cluster: Cluster) -> None:
    """A reading is larger than what is left: it is there whole, or not at all."""
    used = int(valkey.admin.info("memory")["used_memory"])
    results = set()
    for spare in range(0, 3_000_000, 300_000):
        valkey.admin.config_set("maxmemory", used + spare)
        before = cluster.view()
        many = [an_instance(f"{number}", version=spare + 1) for number in range(600)]
        try:
            cluster.publish(*many)
        except StateUnavailable:
            assert cluster.view() == before
            results.add("refused")
        else:
            assert {it.version for it in cluster.view().instances} == {spare + 1}
            results.add("published")
    assert results == {"refused", "published"}


def test_a_loading_server_is_unavailable(tmp_path: Path) -> None:
    with a_valkey(
        tmp_path, "--key-load-delay", "3000", "--loading-process-events-interval-bytes", "1024"
    ) as it:
        waits = Waits(it.url)
        cluster = Cluster(waits.state, Clock())
        cluster.publish(*(an_instance(str(number)) for number in range(2000)))
        it.admin.save()
        it.kill()
        it.start()
        _each_fails(cluster, waits, CALLS, again=0)


@pytest.mark.parametrize("loss", ["FLUSHALL", "empty restart"])
def test_a_wiped_server_gives_nothing_until_it_is_made_again(
    valkey: Valkey, cluster: Cluster, loss: str
) -> None:
    epoch, wake = cluster.view().epoch, cluster.state.wake_id(cluster.name)
    if loss == "FLUSHALL":
        valkey.admin.flushall()
    else:
        valkey.kill()
        valkey.start()
    assert cluster.state.view(cluster.name) is None
    reserve = cluster.state.reserve
    assert reserve(cluster.name, epoch, [a_placement("b")], ends_at={}, now=1) == frozenset()
    cluster.state.accept(cluster.name, placing("c"), on("u"))
    cluster.publish(an_instance(), an_instance("j"), tasks=[on("t")], placing=[placing("a", "j")])
    assert (cluster.free("i"), cluster.free("j")) == (312, 412)
    assert cluster.view().epoch != epoch
    assert cluster.state.wake_id(cluster.name) != wake
    assert reserve(cluster.name, epoch, [a_placement("b")], ends_at={}, now=1) == frozenset()
    audit(valkey, cluster.name)


def test_an_old_state_that_comes_back_from_a_disk_is_not_believed(valkey: Valkey, cluster: Cluster) -> None:
    valkey.admin.save()
    epoch, wake = cluster.view().epoch, cluster.state.wake_id(cluster.name)
    cluster.state.put_instance(cluster.name, an_instance(version=7))
    valkey.kill()
    valkey.start()
    assert valkey.admin.exists(f"{cluster.name}:epoch"), "it did come back"
    assert cluster.state.view(cluster.name) is None
    given = cluster.state.reserve(cluster.name, epoch, [a_placement("b")], ends_at={}, now=1)
    assert given == frozenset()
    assert cluster.state.wake_id(cluster.name) != wake
    cluster.publish(an_instance(version=8), an_instance("j"), placing=[placing("a", "j")])
    assert cluster.view().epoch != epoch
    assert (cluster.see("i").version, cluster.free("j")) == (8, 412)
    audit(valkey, cluster.name)


def test_a_lost_connection_is_made_again(valkey: Valkey, cluster: Cluster) -> None:
    for call in (cluster.view, lambda: cluster.state.put_task(cluster.name, on("u"))):
        valkey.admin.client_kill_filter(_type="normal", skipme=True)
        assert call() is not None


def test_calls_are_not_taken_twice(valkey: Valkey, cluster: Cluster) -> None:
    cluster.state.take(0)
    before = valkey.admin.hgetall("run-task-calls")
    valkey.admin.client_kill_filter(_type="normal", skipme=True)
    with suppress(StateUnavailable):
        cluster.state.take(10)
    tokens = int(valkey.admin.hget("run-task-calls", "tokens") or 0)
    assert tokens >= int(before[b"tokens"]) - 10_000


def test_scripts_are_known_again_after_a_restart(valkey: Valkey, cluster: Cluster) -> None:
    valkey.admin.script_flush()
    assert cluster.view().instances
    assert cluster.reserve(a_placement("b")) == {"b"}


def test_a_changed_password_is_read_again(valkey: Valkey) -> None:
    passwords = iter(["old", "new"])
    valkey.admin.config_set("requirepass", "new")
    state = ValkeyState(Server(lambda: connect(valkey.url, next(passwords))))
    with pytest.raises(StateUnavailable, match="refused the password"):
        state.begin_rebuild("c")
    assert state.begin_rebuild("c") > 0
    valkey.admin.execute_command("AUTH", "new")
    valkey.admin.config_set("requirepass", "")


def test_a_password_that_cannot_be_read_is_no_other_error() -> None:
    def connecting() -> Any:
        raise SecretsUnavailable("reading the secret: ThrottlingException")

    with pytest.raises(StateUnavailable, match="ThrottlingException"):
        Server(connecting).run(Script.WAKE, "c", "")


def test_the_wired_state_reads_its_password_when_it_is_needed(valkey: Valkey) -> None:
    valkey.admin.config_set("requirepass", "from the secret")
    asked: list[str] = []

    def get_secret_value(SecretId: str) -> dict[str, str]:
        asked.append(SecretId)
        return {"SecretString": '{"password": "from the secret"}'}

    session: Any = SimpleNamespace(client=lambda *_, **__: SimpleNamespace(get_secret_value=get_secret_value))
    settings = ClusterSettings(
        jobs_table="",
        wake_queue_url="",
        events_queue_url="",
        clusters=("main",),
        state_url=valkey.url,
        state_secret="its-arn",
    )
    state = jobs_wiring.state(settings, session)
    assert asked == []
    assert [state.begin_rebuild("main") > 0 for _ in range(2)] == [True, True]
    assert asked == ["its-arn"]


def test_over_tls_the_servers_certificate_is_checked() -> None:
    pool = connect("rediss://valkey.internal:6380", "secret").connection_pool
    made: Any = pool.make_connection()
    assert isinstance(made, redis.SSLConnection)
    assert (made.cert_reqs, made.check_hostname) == (ssl.CERT_REQUIRED, True)
