"""One set of promises over every ClusterState."""

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest

from everyday.jobs.model import Amount, Demand
from everyday.jobs.plan import Running
from everyday.jobs.ports import ClusterState, Freed
from everyday.jobs.reservations import RESERVATION_MS
from tests.cluster_builders import Clock, Cluster, a_placement, an_instance, left, mib, on, placing

# Looking


def test_nothing_is_to_be_seen_before_a_reading(cluster: Cluster) -> None:
    assert cluster.state.view(cluster.name) is None
    cluster.state.put_instance(cluster.name, an_instance())
    cluster.state.put_task(cluster.name, on("t"))
    assert cluster.state.view(cluster.name) is None


def test_what_came_before_the_first_reading_is_in_it(cluster: Cluster) -> None:
    ticket = cluster.state.begin_rebuild(cluster.name)
    cluster.state.put_instance(cluster.name, an_instance("new"))
    cluster.state.put_task(cluster.name, on("t", "new"))
    assert cluster.publish(an_instance("old"), ticket=ticket)
    assert [(it.arn, it.free.memory) for it in cluster.view().instances] == [("new", 412), ("old", 512)]


def test_an_instance_comes_back_whole(cluster: Cluster) -> None:
    instance = an_instance(
        "arn:aws:ecs:r:1:container-instance/main/é",
        version=7,
        registered=Amount(4096, 15_000, 4),
        remaining=Amount(4000, 14_000, 3),
        running_tasks=1,
        pending_tasks=2,
        ports=frozenset({"22/tcp", "53/udp"}),
        attributes={"ecs.instance-type": "m7.large", "empty": "", "equals": "a=b"},
    )
    cluster.publish(instance, tasks=[on("t", instance.arn, demand=mib(500, cpu=9, gpu=1))])
    view = cluster.view()
    assert view.as_of == cluster.clock.now
    (it,) = view.instances
    assert it.registered == instance.registered
    assert it.free == Amount(4000, 14_000, 3)
    assert (it.arn, it.ec2_id, it.version, it.open) == (instance.arn, instance.ec2_id, 7, True)
    assert it.attributes == instance.attributes
    assert it.ports == instance.ports
    assert it.running == (Running(mib(500, cpu=9, gpu=1), None),)


@pytest.mark.parametrize("changes", [{"status": "DRAINING"}, {"agent_connected": False}])
def test_nothing_is_placed_on_an_instance_that_is_not_open(cluster: Cluster, changes: Any) -> None:
    cluster.publish(an_instance(**changes))
    assert not cluster.see().open
    assert cluster.reserve(a_placement()) == set()


def test_clusters_do_not_see_each_other(state: ClusterState, clock: Clock) -> None:
    ours, theirs = Cluster(state, clock), Cluster(state, clock)
    ours.publish(an_instance())
    assert theirs.state.view(theirs.name) is None
    theirs.publish(an_instance(), an_instance("j"))
    assert theirs.reserve(a_placement("a", memory=400)) == {"a"}
    state.put_task(theirs.name, on("t"))
    state.begin_pass(theirs.name)
    assert (ours.free(), theirs.free(), len(ours.view().instances)) == (512, 12, 1)
    assert ours.view().epoch != theirs.view().epoch


# Reserving


def test_only_what_fits_is_reserved(full: Cluster) -> None:
    given = full.reserve(*(a_placement(str(number)) for number in range(7)))
    assert given == {"0", "1", "2", "3", "4"}
    assert full.free() == 12


def test_ten_times_fifty_is_not_room_for_a_hundred(cluster: Cluster) -> None:
    cluster.publish(*(an_instance(str(number), remaining=left(50)) for number in range(10)))
    assert cluster.reserve(*(a_placement(f"j{number}", str(number)) for number in range(10))) == set()
    assert cluster.reserve(a_placement(instance="3", memory=50)) == {"a"}


def test_numbers_compare_as_numbers(cluster: Cluster) -> None:
    cluster.publish(an_instance(remaining=left(98)))
    assert cluster.reserve(a_placement(memory=100)) == set()
    assert cluster.reserve(a_placement("b", memory=9)) == {"b"}
    assert cluster.state.put_instance(cluster.name, an_instance(version=10, remaining=left(400))).applied
    assert not cluster.state.put_instance(cluster.name, an_instance(version=9, remaining=left(1))).applied


@pytest.mark.parametrize("demand", [mib(0, cpu=1025), mib(513), mib(1, gpu=1)])
def test_every_dimension_counts(full: Cluster, demand: Demand) -> None:
    assert full.reserve(a_placement(demand=demand)) == set()


def test_a_port_is_given_once(cluster: Cluster) -> None:
    cluster.publish(an_instance(ports=frozenset({"22/tcp"})))
    web = mib(1, ports=("80/tcp", "81/tcp"))
    assert cluster.reserve(a_placement(demand=mib(1, ports=("22/tcp",)))) == set()
    assert cluster.reserve(a_placement("a", demand=web), a_placement("b", demand=web)) == {"a"}
    assert cluster.see().ports == {"22/tcp", "80/tcp", "81/tcp"}
    cluster.state.release(cluster.name, [placing("a")])
    assert cluster.reserve(a_placement("c", demand=mib(1, ports=("81/tcp",)))) == {"c"}


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [("zone", True), ("zone=a", True), ("zone=b", False), ("gone", False), ("zone=", False), ("e=x=y", True)],
)
def test_attributes_are_looked_at_again(cluster: Cluster, wanted: str, fits: bool) -> None:
    cluster.publish(an_instance(attributes={"zone": "a", "e": "x=y"}))
    demand = Demand(Amount(memory=1), attributes=(wanted,))
    assert cluster.reserve(a_placement(demand=demand)) == ({"a"} if fits else set())


def test_a_group_gets_all_or_nothing(full: Cluster) -> None:
    full.publish(an_instance(), an_instance("j"))
    group = [a_placement(str(number), memory=200, group="g") for number in range(3)]
    assert full.reserve(*group, a_placement("after", memory=500)) == {"after"}
    group[0] = group[0]._replace(instance="j")
    full.state.release(full.name, [placing("after")])
    assert full.reserve(group[0], a_placement("between", "j", memory=400), *group[1:]) == {"0", "1", "2"}
    assert (full.free("i"), full.free("j")) == (112, 312)


def test_nothing_is_given_for_another_life_of_the_store(full: Cluster) -> None:
    reserve = full.state.reserve
    assert reserve(full.name, "other", [a_placement()], ends_at={}, now=full.clock()) == frozenset()
    assert reserve(full.name, "", [a_placement()], ends_at={}, now=full.clock()) == frozenset()


def test_an_unknown_instance_has_no_room(full: Cluster) -> None:
    assert full.reserve(a_placement(instance="gone"), a_placement("b")) == {"b"}


def test_an_attempt_holds_room_once(full: Cluster) -> None:
    full.publish(an_instance(), an_instance("j"))
    for _ in range(3):
        assert full.reserve(a_placement(memory=300)) == {"a"}
    assert (full.free("i"), full.free("j")) == (212, 512)
    assert full.reserve(a_placement(instance="j", memory=300)) == {"a"}, "the new place is instead of the old"
    assert (full.free("i"), full.free("j")) == (512, 212)


def test_what_is_released_is_free_once(full: Cluster) -> None:
    full.reserve(a_placement("a"), a_placement("b"))
    for _ in range(2):
        full.state.release(full.name, [placing("a"), placing("unknown"), placing("b", attempt=2)])
        assert full.free() == 412
    full.state.release(full.name, [])


def test_a_reservation_that_came_to_nothing_ends(full: Cluster) -> None:
    full.reserve(a_placement(memory=512))
    full.clock.pass_by(RESERVATION_MS - 1)
    assert full.free() == 0
    assert full.reserve(a_placement("b", memory=100)) == set()
    full.clock.pass_by(1)
    assert full.free() == 512
    assert full.see().running == ()
    assert full.reserve(a_placement("b", memory=512)) == {"b"}
    full.state.release(full.name, [placing("a")])
    assert full.free() == 0


def test_estimates_are_what_the_view_shows(full: Cluster) -> None:
    full.reserve(a_placement("a"), a_placement("b", memory=50), ends_at={"a": 123})
    assert full.see().running == (Running(mib(100), 123), Running(mib(50), None))
    full.accept(placing("a"), on("t"))
    assert full.see().running == (Running(mib(100), 123), Running(mib(50), None))
    full.state.put_task(full.name, on("t", version=2), ends_at=456)
    full.state.put_task(full.name, on("t", version=3))
    assert Running(mib(100), 456) in full.see().running


def test_many_schedulers_at_once_give_exactly_what_is_there(state: ClusterState, clock: Clock) -> None:
    cluster = Cluster(state, clock)
    room = Amount(memory=2_500)
    cluster.publish(*(an_instance(str(number), registered=room, remaining=room) for number in range(10)))

    def work(thread: int) -> int:
        jobs = [(f"{thread}-{number}", str((thread + number) % 10)) for number in range(60)]
        return sum(len(cluster.reserve(a_placement(*job))) for job in jobs)

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(work, range(16))) == 250
    assert {it.free.memory for it in cluster.view().instances} == {0}


# From a reservation to a task


def test_an_accepted_task_takes_its_reservations_place(full: Cluster) -> None:
    full.reserve(a_placement())
    for _ in range(2):
        full.accept(placing(), on("t"))
        assert full.free() == 412
        assert len(full.see().running) == 1


def test_a_task_told_before_it_is_accepted_takes_the_place_too(full: Cluster) -> None:
    full.reserve(a_placement(), ends_at={"a": 99})
    full.state.put_task(full.name, on("t", started_by="a/1"))
    assert full.free() == 412
    assert full.see().running == (Running(mib(100), 99),)
    full.accept(placing(), on("t", started_by="a/1"))
    assert full.free() == 412


def test_room_of_an_accepted_task_is_counted_until_the_instance_shows_it(full: Cluster) -> None:
    """A foreign task of 300 MiB is there that nobody told of: only `remaining` knows."""
    full.state.put_instance(full.name, an_instance(version=2, remaining=left(212)))
    full.reserve(a_placement())
    full.accept(placing(), on("t"))
    assert full.free() == 112, "212 are left, and our 100 are not in it yet"
    full.state.put_task(full.name, on("t", version=2))
    assert full.free() == 112
    full.state.put_instance(full.name, an_instance(version=3, remaining=left(112)))
    assert full.free() == 112, "now they are"


def test_room_comes_back_when_the_task_stopped_and_the_instance_shows_it(full: Cluster) -> None:
    full.reserve(a_placement())
    full.accept(placing(), on("t"))
    put_task, put_instance, name = full.state.put_task, full.state.put_instance, full.name
    put_task(name, on("t", version=2))
    put_instance(name, an_instance(version=2, remaining=left(412)))
    assert put_task(name, on("t", version=3, desired="STOPPED")) == Freed(True, False)
    assert full.free() == 412, "it is stopping, and holds its room"
    assert put_task(name, on("t", version=4, status="STOPPED")) == Freed(True, False)
    assert put_instance(name, an_instance(version=3)) == Freed(True, True)
    assert full.free() == 512


def test_the_same_record_again_says_the_same_of_freed_room(full: Cluster) -> None:
    put_task, put_instance, name = full.state.put_task, full.state.put_instance, full.name
    put_task(name, on("t"))
    put_instance(name, an_instance(version=2, remaining=left(412)))
    put_instance(name, an_instance(version=3))
    stopped = on("t", version=9, status="STOPPED")
    assert put_task(name, stopped) == Freed(True, True)
    assert put_task(name, stopped) == Freed(False, True)
    assert put_task(name, on("t", version=8)) == Freed(False, False)
    put_task(name, on("u", memory=512))
    joined = an_instance("j", version=5)
    assert [put_instance(name, joined) for _ in range(2)] == [Freed(True, True), Freed(False, True)]
    assert put_instance(name, an_instance("j", version=4)) == Freed(False, False)


def test_a_stopped_task_never_comes_back(full: Cluster) -> None:
    full.state.put_task(full.name, on("t", version=5, status="STOPPED"))
    full.state.put_task(full.name, on("t", version=9))
    full.reserve(a_placement())
    full.accept(placing(), on("t", version=10))
    full.publish(an_instance(), tasks=[on("t", version=11)])
    assert full.free() == 512


def test_a_task_that_stopped_before_it_was_accepted_frees_its_reservation(full: Cluster) -> None:
    full.reserve(a_placement())
    full.state.put_task(full.name, on("t", version=3, status="STOPPED", started_by="a/1"))
    assert full.free() == 512
    full.accept(placing(), on("t"))
    assert full.free() == 512


def test_a_task_without_an_instance_holds_no_room(full: Cluster) -> None:
    assert full.state.put_task(full.name, on("t", instance=None)) == Freed(False, False)
    assert full.state.put_task(full.name, on("t", instance=None, version=2, status="STOPPED")).applied


# Instances that change


def test_an_inactive_instance_is_gone_for_good(full: Cluster) -> None:
    full.reserve(a_placement())
    put_instance = full.state.put_instance
    assert put_instance(full.name, an_instance(version=5, status="INACTIVE")) == Freed(True, False)
    assert full.view().instances == ()
    for late in (an_instance(version=4), an_instance(version=5)):
        assert put_instance(full.name, late) == Freed(False, False)
    assert full.state.put_task(full.name, on("t")) == Freed(False, False)
    full.publish(an_instance(version=4))
    assert full.view().instances == ()
    full.state.release(full.name, [placing()])


def test_an_instance_under_suspicion_is_closed_for_a_while(full: Cluster) -> None:
    until = full.clock.now + 1000
    for arn in ("i", "unknown"):
        full.state.suspect(full.name, arn, until=until)
    full.state.suspect(full.name, "i", until=until - 500)
    assert not full.see().open
    assert full.reserve(a_placement()) == set()
    full.clock.pass_by(999)
    assert not full.see().open
    full.clock.pass_by(1)
    assert full.see().open
    assert full.reserve(a_placement()) == {"a"}


def test_a_newer_record_lifts_a_suspicion(full: Cluster) -> None:
    full.state.suspect(full.name, "i", until=full.clock.now + 1000)
    assert not full.state.put_instance(full.name, an_instance()).applied
    assert not full.see().open
    assert full.state.put_instance(full.name, an_instance(version=2)) == Freed(True, True)
    assert full.see().open


@pytest.mark.parametrize(
    ("before", "after", "freed"),
    [
        ({"status": "DRAINING"}, {}, True),
        ({"agent_connected": False}, {}, True),
        ({"remaining": left(511)}, {}, True),
        ({"remaining": left(512, cpu=0)}, {"remaining": left(100, cpu=1)}, True),
        ({"ports": frozenset({"1/tcp", "2/tcp"})}, {"ports": frozenset({"2/tcp", "3/tcp"})}, True),
        ({"attributes": {"a": "1"}}, {"attributes": {"a": "2"}}, True),
        ({}, {"remaining": left(511)}, False),
        ({}, {"ports": frozenset({"1/tcp"})}, False),
        ({}, {"status": "DRAINING"}, False),
        ({}, {}, False),
        ({"remaining": left(5)}, {"status": "DRAINING"}, False),
    ],
)
def test_room_was_freed_when_something_may_start_that_could_not(
    cluster: Cluster, before: Any, after: Any, freed: bool
) -> None:
    cluster.publish(an_instance(**before))
    assert cluster.state.put_instance(cluster.name, an_instance(version=2, **after)) == Freed(True, freed)


# Any order of events


EVENTS: list[Any] = [
    an_instance(version=2, remaining=left(412)),
    an_instance(version=3, remaining=left(312), ports=frozenset({"80/tcp"})),
    an_instance(version=5, remaining=left(412)),
    on("t", version=1, status="PENDING"),
    on("t", version=2),
    on("t", version=4, status="STOPPED"),
    on("u", version=2),
]


@pytest.mark.parametrize("twice", [0, 2, 5])
def test_any_order_of_events_comes_to_one_state(state: ClusterState, clock: Clock, twice: int) -> None:
    orders = list(permutations(range(len(EVENTS))))[:: 5040 // 60]
    ends = set()
    for order in orders:
        cluster = Cluster(state, clock)
        cluster.publish(an_instance())
        for number in (*order[: twice + 2], *order[twice:], *order[::2]):
            event = EVENTS[number]
            put = state.put_task if hasattr(event, "desired") else state.put_instance
            put(cluster.name, event)
        it = cluster.see()
        ends.add((it.version, it.free, it.ports, it.running))
    assert ends == {(5, left(412), frozenset(), (Running(mib(100), None),))}


def test_an_instance_may_be_told_after_what_is_on_it(full: Cluster) -> None:
    full.state.put_task(full.name, on("t", "j"))
    assert [it.arn for it in full.view().instances] == ["i"]
    assert full.state.put_instance(full.name, an_instance("j", remaining=left(412))).freed
    assert full.free("j") == 412
    assert full.see("j").running == (Running(mib(100), None),)


# Calls and wakes


def test_the_bucket_gives_a_hundred_at_once_and_forty_a_second(state: ClusterState, clock: Clock) -> None:
    clock.pass_by(10**9)
    state.take(0)
    clock.pass_by(10_000)
    assert state.take(60) == (60, 0.0)
    assert state.take(60) == (40, 0.025)
    clock.pass_by(10)
    assert state.take(1) == (0, 0.015)
    clock.pass_by(15)
    assert state.take(5) == (1, 0.025)
    clock.pass_by(1000)
    assert state.take(1000)[0] == 40


def test_the_wakes_id_changes_with_every_pass(full: Cluster) -> None:
    wake_id, name = full.state.wake_id, full.name
    before = wake_id(name)
    assert wake_id(name) == before
    full.state.begin_pass(name)
    assert wake_id(name) not in {before, *(wake_id("other") for _ in range(2))}
    assert wake_id("other") != wake_id("other"), "of an empty store nothing is known, so nothing is dropped"
