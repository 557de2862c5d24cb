"""What every ClusterState makes of a whole reading of a cluster."""

from everyday.jobs.plan import Running
from everyday.jobs.reservations import RESERVATION_MS, SETTLING_MS
from tests.cluster_builders import Cluster, a_placement, an_instance, left, mib, on, placing

# Whole readings


def test_an_older_reading_never_replaces_a_newer(cluster: Cluster) -> None:
    first, second = (cluster.state.begin_rebuild(cluster.name) for _ in range(2))
    assert cluster.publish(an_instance(version=2, remaining=left(2)), ticket=second)
    assert not cluster.publish(an_instance(version=3, remaining=left(1)), ticket=first)
    assert cluster.free() == 2
    assert cluster.publish(ticket=second), "the same again: its answer was lost"
    assert cluster.free() == 2


def test_newer_records_outlive_a_reading(full: Cluster) -> None:
    ticket = full.state.begin_rebuild(full.name)
    full.state.put_instance(full.name, an_instance(version=5, remaining=left(300)))
    full.state.put_task(full.name, on("t", version=5, memory=150))
    full.publish(an_instance(version=4), tasks=[on("t", version=4)], ticket=ticket)
    assert full.see().version == 5
    assert full.see().running == (Running(mib(150), None),)
    assert full.free() == 300


def test_what_a_reading_does_not_show_is_gone(full: Cluster) -> None:
    full.publish(an_instance(), an_instance("j"), tasks=[on("t"), on("u", "j")])
    full.state.put_task(full.name, on("v"))
    full.clock.pass_by(1)
    full.publish(an_instance(), tasks=[on("t")])
    assert [it.arn for it in full.view().instances] == ["i"]
    assert full.free() == 412


def test_what_a_reading_cannot_know_stays(full: Cluster) -> None:
    full.reserve(a_placement("a"), a_placement("b"))
    full.accept(placing("a"), on("t"))
    full.clock.pass_by(SETTLING_MS - 1)
    ticket = full.state.begin_rebuild(full.name)
    full.reserve(a_placement("c", memory=10))
    full.state.put_task(full.name, on("u", memory=20))
    full.state.put_instance(full.name, an_instance("new"))
    full.publish(an_instance(), ticket=ticket)
    assert full.free("i") == 512 - 100 - 100 - 10 - 20
    assert full.free("new") == 512
    full.clock.pass_by(SETTLING_MS + 1)
    full.publish(an_instance())
    assert full.free() == 512


def test_room_that_was_reserved_and_never_used_comes_back_with_a_reading(full: Cluster) -> None:
    full.reserve(a_placement("a"), a_placement("b"))
    full.clock.pass_by(SETTLING_MS + 1)
    full.publish(an_instance(), placing=[placing("b")])
    assert full.free() == 412
    full.clock.pass_by(RESERVATION_MS - 1)
    assert full.free() == 412, "the reading renewed it"


def test_reservations_are_made_again_after_a_loss(cluster: Cluster) -> None:
    jobs = [placing("a", estimate_seconds=60), placing("b", "gone"), placing("c", call="/many")]
    seen = on("t", memory=50, started_by="/many")
    cluster.publish(an_instance(), tasks=[seen], placing=jobs)
    end = cluster.clock.now + 60_000
    assert cluster.see().running == (Running(mib(50), None), Running(mib(100), end))
    cluster.accept(placing("a"), on("u"))
    assert cluster.free() == 362


def test_a_call_of_many_gives_each_task_one_reservations_place(full: Cluster) -> None:
    jobs = [placing(job_id, call="/many") for job_id in "abc"]
    full.reserve(*(a_placement(job.id) for job in jobs))
    shown = [on("1", started_by="/many"), on("2", started_by="/many")]
    full.publish(an_instance(), tasks=shown, placing=jobs)
    assert full.free() == 212
    assert len(full.see().running) == 3


def test_a_reservation_that_became_a_task_is_not_made_again(full: Cluster) -> None:
    full.reserve(a_placement())
    full.accept(placing(), on("t"))
    full.publish(an_instance(), placing=[placing()])
    assert full.free() == 412
    assert len(full.see().running) == 1


def test_a_reading_moves_a_reservation_to_where_the_ledger_says(full: Cluster) -> None:
    full.publish(an_instance(), an_instance("j"))
    full.reserve(a_placement("a", "i"))
    full.publish(an_instance(), an_instance("j"), placing=[placing("a", "j")])
    assert (full.free("i"), full.free("j")) == (512, 412)
    full.state.release(full.name, [placing("a", "j")])
    assert full.free("j") == 512


def test_a_reading_settles_what_remaining_shows(full: Cluster) -> None:
    """The instance did not change since the task was accepted, as its version had risen before."""
    full.reserve(a_placement())
    full.state.put_instance(full.name, an_instance(version=2, remaining=left(112)))
    full.accept(placing(), on("t"))
    assert full.free() == 12
    full.publish(an_instance(version=2, remaining=left(112)), tasks=[on("t")])
    assert full.free() == 112


def test_a_readings_estimates_are_shown(cluster: Cluster) -> None:
    cluster.publish(an_instance(), tasks=[on("t")], ends_at={"t": 77})
    assert cluster.see().running == (Running(mib(100), 77),)


def test_the_epoch_is_the_stores_life(full: Cluster) -> None:
    epoch = full.view().epoch
    full.publish(an_instance(version=2))
    assert full.view().epoch == epoch
