"""What the planner promises, rule by rule."""

import pytest

from everyday.jobs.model import Amount, Group, JobClass
from everyday.jobs.plan import ClassPolicy, Rules, Shape, Waits, Why
from everyday.jobs.planner import plan
from tests.unit.jobs.planning import (
    GREEDY,
    NOW,
    STRICT,
    a_job,
    a_situation,
    a_task,
    an_instance,
    placed,
    reserved,
)


def test_room_is_looked_for_on_one_instance_and_not_in_their_sum():
    cluster = a_situation(*(an_instance(f"i-{n}", free=Amount(10, 50)) for n in range(10)))
    made = plan([a_job(memory=100)], cluster, Rules())
    assert made.placements == ()
    assert made.waits["job"] == Waits(Why.NO_ROOM, ("memory",), Amount(10, 50))


def test_amounts_compare_as_numbers():
    cluster = a_situation(an_instance(free=Amount(1024, 98)))
    assert placed(plan([a_job(memory=100)], cluster, Rules())) == {}
    cluster = a_situation(an_instance(free=Amount(1024, 100)))
    assert placed(plan([a_job(memory=98)], cluster, Rules())) == {"job": "i-1"}


def test_five_of_a_hundred_jobs_start_on_an_instance_that_holds_five():
    jobs = [a_job(f"job-{n:03}", rank=n) for n in range(100)]
    made = plan(jobs, a_situation(an_instance(memory=512)), Rules())
    assert list(placed(made)) == ["job-000", "job-001", "job-002", "job-003", "job-004"]
    assert len(made.waits) == 95


@pytest.mark.parametrize(
    ("job", "instance", "fits"),
    [
        (a_job(cpu=1024), an_instance(free=Amount(1023, 512)), False),
        (a_job(cpu=1024), an_instance(free=Amount(1024, 512)), True),
        (a_job(gpu=1), an_instance(gpu=2, free=Amount(1024, 512, 0)), False),
        (a_job(gpu=1), an_instance(gpu=2, free=Amount(1024, 512, 1)), True),
        (a_job(ports=("80/tcp",)), an_instance(ports=["80/tcp"]), False),
        (a_job(ports=("80/tcp",)), an_instance(ports=["80/udp", "8080/tcp"]), True),
        (a_job(attributes=("ssd",)), an_instance(attributes={"ssd": "no"}), True),
        (a_job(attributes=("zone=a",)), an_instance(attributes={"zone": "b"}), False),
        (a_job(attributes=("zone=a", "ssd")), an_instance(attributes={"zone": "a", "ssd": ""}), True),
        (a_job(), an_instance(is_open=False), False),
        (a_job(), an_instance(free=Amount(-5, 512)), False),
        (a_job(memory=0), an_instance(free=Amount(0, 0)), True),
    ],
)
def test_every_dimension_must_fit(job, instance, fits):
    assert bool(plan([job], a_situation(instance), Rules()).placements) is fits


def test_the_lowest_rank_goes_first_and_ids_break_ties():
    jobs = [a_job("b", memory=500, rank=5), a_job("c", memory=500, rank=4), a_job("a", memory=500, rank=5)]
    cluster = a_situation(an_instance("i-1"), an_instance("i-2"))
    assert list(placed(plan(jobs, cluster, Rules()))) == ["c", "a"]


def test_a_job_listed_twice_starts_once():
    jobs = [a_job(), a_job()]
    assert len(plan(jobs, a_situation(an_instance()), Rules()).placements) == 1


def test_the_fullest_instance_that_holds_a_job_gets_it():
    cluster = a_situation(
        an_instance("i-empty"),
        an_instance("i-tight", running=[a_task(380)]),
        an_instance("i-full", running=[a_task(500)]),
    )
    assert placed(plan([a_job()], cluster, Rules())) == {"job": "i-tight"}


def test_a_job_goes_where_others_end_no_sooner_than_it_does():
    """So that instances become empty as a whole, for the large ones."""
    cluster = a_situation(
        an_instance("i-ends", running=[a_task(300, 10, cpu=300)]),
        an_instance("i-stays", running=[a_task(300, 700, cpu=300)]),
    )
    assert placed(plan([a_job(seconds=600)], cluster, Rules())) == {"job": "i-stays"}


def test_what_starts_in_this_plan_counts_as_what_runs():
    cluster = a_situation(
        an_instance("i-fuller", running=[a_task(412, 20)]), an_instance("i-long", running=[a_task(112, 20)])
    )
    jobs = [a_job("long", memory=200, rank=1, seconds=600), a_job("next", memory=5, rank=2, seconds=600)]
    assert placed(plan(jobs, cluster, Rules())) == {"long": "i-long", "next": "i-long"}


def test_instances_that_are_all_alike_are_filled_in_the_order_of_their_names():
    alike = [an_instance(f"i-{n:02}") for n in range(20)]
    jobs = [a_job(f"job-{n}", memory=500, rank=n) for n in range(12)]
    expected = {f"job-{n}": f"i-{n:02}" for n in range(12)}
    assert placed(plan(jobs, a_situation(*alike), Rules())) == expected
    assert placed(plan(jobs, a_situation(*reversed(alike)), Rules())) == expected


def test_one_host_port_on_an_instance_is_for_one_job():
    web = [a_job(f"web-{n}", rank=n, ports=("80/tcp",)) for n in range(3)]
    cluster = a_situation(an_instance("i-1"), an_instance("i-2"))
    assert placed(plan(web, cluster, Rules())) == {"web-0": "i-1", "web-1": "i-2"}


@pytest.mark.parametrize(
    ("rules", "starts"),
    [(STRICT, []), (GREEDY, ["long", "short", "small"]), (Rules(), ["short", "small"])],
    ids=["strict", "greedy", "reserve"],
)
def test_the_policy_says_who_passes_a_blocked_job(rules, starts):
    """400 of 512 MiB are free again in 60 s; then the large job leaves 12 beside it."""
    jobs = [
        a_job("large", memory=500, rank=1, seconds=10),
        a_job("long", memory=40, rank=2, seconds=61),
        a_job("short", memory=40, rank=3, seconds=60),
        a_job("small", memory=12, rank=4),
    ]
    made = plan(jobs, a_situation(an_instance(running=[a_task(400, 60)])), rules)
    assert list(placed(made)) == starts


def test_policies_are_each_classs_own():
    policies = {**Rules().policies, JobClass.HIGH: ClassPolicy.STRICT}
    jobs = [a_job("large", memory=500, rank=1, job_class=JobClass.HIGH), a_job("small", rank=2, memory=10)]
    cluster = a_situation(an_instance(running=[a_task(400, 60)]))
    made = plan(jobs, cluster, Rules(policies=policies))
    assert placed(made) == {}
    assert made.waits["small"].why is Why.BEHIND


def test_a_blocked_job_is_reserved_the_instance_that_has_room_first():
    cluster = a_situation(
        an_instance("i-late", running=[a_task(400, 900)]),
        an_instance("i-soon", running=[a_task(200, 30), a_task(200, 60)]),
    )
    made = plan([a_job("large", memory=400)], cluster, Rules())
    assert reserved(made) == {"large": ("i-soon", 60)}


def test_only_the_reserved_instance_waits():
    cluster = a_situation(
        an_instance("i-soon", running=[a_task(400, 60)]), an_instance("i-late", running=[a_task(400, 900)])
    )
    jobs = [a_job("large", memory=500, rank=1), a_job("long", memory=100, rank=2, seconds=800)]
    assert placed(plan(jobs, cluster, Rules())) == {"long": "i-late"}


def test_of_two_blocked_jobs_the_second_is_reserved_what_the_first_leaves():
    cluster = a_situation(
        an_instance("i-1", running=[a_task(400, 60)]), an_instance("i-2", running=[a_task(400, 90)])
    )
    jobs = [a_job("one", memory=500, rank=1), a_job("two", memory=500, rank=2)]
    assert reserved(plan(jobs, cluster, Rules())) == {"one": ("i-1", 60), "two": ("i-2", 90)}


def test_reservations_share_an_instance_when_they_fit_side_by_side():
    cluster = a_situation(
        an_instance("i-1", running=[a_task(500, 60)]), an_instance("i-2", running=[a_task(500, 90)])
    )
    jobs = [a_job("one", memory=250, rank=1), a_job("two", memory=250, rank=2)]
    assert reserved(plan(jobs, cluster, Rules())) == {"one": ("i-1", 60), "two": ("i-1", 60)}


def test_no_more_jobs_have_a_reservation_than_the_rules_say():
    cluster = a_situation(*(an_instance(f"i-{n}", running=[a_task(400, 60 + n)]) for n in range(4)))
    jobs = [a_job(f"large-{n}", memory=500, rank=n) for n in range(4)]
    jobs.append(a_job("small", rank=9))
    made = plan(jobs, cluster, Rules(reservations=3))
    assert (len(made.reserved), placed(made)) == (3, {"small": "i-3"})
    assert placed(plan(jobs, cluster, Rules())) == {}


def blocked_of(classes, enqueued_at=NOW):
    return [
        a_job(f"{job_class}-{n}", memory=500, rank=n, job_class=job_class, enqueued_at=enqueued_at)
        for n, job_class in enumerate(classes)
    ]


@pytest.mark.parametrize(
    ("classes", "held"),
    [
        ([JobClass.HIGH] * 3, ["high-0", "high-1", "high-2"]),
        ([JobClass.HIGH, JobClass.LOW, JobClass.LOW, JobClass.HIGH], ["high-0", "low-1", "high-3"]),
        ([JobClass.HIGH, JobClass.NORMAL, JobClass.LOW], ["high-0", "normal-1"]),
        ([JobClass.LOW, JobClass.HIGH, JobClass.NORMAL], ["low-0", "high-1", "normal-2"]),
    ],
)
def test_all_of_the_first_blocked_class_have_a_reservation_and_one_of_those_behind(classes, held):
    cluster = a_situation(*(an_instance(f"i-{n}", running=[a_task(400, 60 + n)]) for n in range(5)))
    jobs = [*blocked_of(classes), a_job("small", memory=10, rank=9)]
    assert list(reserved(plan(jobs, cluster, Rules()))) == held


def test_those_that_starved_have_a_reservation_too_whatever_their_class():
    cluster = a_situation(*(an_instance(f"i-{n}", running=[a_task(400, 60 + n)]) for n in range(9)))
    classes = [JobClass.HIGH, *[JobClass.LOW] * 7]
    jobs = [*blocked_of(classes, NOW - Rules().starve_after), a_job("small", memory=10, rank=9)]
    assert len(reserved(plan(jobs, cluster, Rules()))) == 6


def test_without_known_ends_an_instance_is_drained():
    """Nobody may take room there that the large job will need, however short it runs."""
    cluster = a_situation(an_instance(running=[a_task(400)]))
    jobs = [
        a_job("large", memory=500, rank=1),
        a_job("tiny", memory=13, rank=2, seconds=1),
        a_job("beside", memory=12, rank=3),
    ]
    made = plan(jobs, cluster, Rules())
    assert placed(made) == {"beside": "i-1"}
    assert reserved(made) == {"large": ("i-1", None)}


def test_of_instances_without_known_ends_the_one_that_lacks_least_is_drained():
    cluster = a_situation(
        an_instance("i-1", running=[a_task(400)]), an_instance("i-2", running=[a_task(100)])
    )
    assert reserved(plan([a_job(memory=500)], cluster, Rules())) == {"job": ("i-2", None)}


def test_a_job_that_starved_is_not_passed_by_promises():
    """Estimates may be wrong: a job that waited too long has its instance drained."""
    cluster = a_situation(an_instance(running=[a_task(400, 60)]))
    waited = NOW - Rules().starve_after
    jobs = [a_job("large", memory=500, enqueued_at=waited), a_job("short", memory=40, rank=1, seconds=5)]
    assert placed(plan(jobs, cluster, Rules())) == {}
    jobs[0] = a_job("large", memory=500, enqueued_at=waited + 1)
    assert placed(plan(jobs, cluster, Rules())) == {"short": "i-1"}


def test_a_task_past_its_expected_end_is_given_as_long_again():
    cluster = a_situation(an_instance(running=[a_task(400, -30)]))
    made = plan([a_job(memory=500)], cluster, Rules())
    assert reserved(made) == {"job": ("i-1", 30)}


def test_a_port_that_the_host_uses_is_never_reserved():
    cluster = a_situation(
        an_instance(ports=["22/tcp"]), an_instance("i-2", running=[a_task(10, 60, ports=("22/tcp",))])
    )
    made = plan([a_job(ports=("22/tcp",))], cluster, Rules())
    assert reserved(made) == {"job": ("i-2", 60)}
    assert made.waits["job"].lacks == ("host port 22/tcp",)


def group_of(size, *, rank=0, **more):
    return [a_job(f"member-{n}", rank=rank + n, group=Group("gang", size), **more) for n in range(size)]


def test_a_group_starts_whole():
    cluster = a_situation(an_instance("i-1"), an_instance("i-2"))
    made = plan(group_of(2, memory=300), cluster, Rules())
    assert placed(made) == {"member-0": "i-1", "member-1": "i-2"}
    assert {each.group for each in made.placements} == {"gang"}


def test_a_group_that_does_not_fit_as_a_whole_leaves_no_trace():
    cluster = a_situation(an_instance("i-1"), an_instance("i-2", running=[a_task(400, 60)]))
    made = plan([*group_of(2, memory=300), a_job("other", rank=9, memory=512)], cluster, GREEDY)
    assert placed(made) == {"other": "i-1"}
    assert made.waits["member-0"].why is Why.NO_ROOM


def test_a_job_that_needs_what_a_blocked_group_needs_still_starts():
    jobs = [*group_of(2, memory=300), a_job("other", rank=9, memory=300)]
    assert placed(plan(jobs, a_situation(an_instance()), GREEDY)) == {"other": "i-1"}


def test_room_for_a_blocked_group_is_reserved_for_one_time():
    cluster = a_situation(an_instance("i-1"), an_instance("i-2", running=[a_task(400, 60)]))
    jobs = [
        *group_of(2, memory=300, seconds=10),
        a_job("short", rank=8, memory=400, seconds=60),
        a_job("long", rank=9, memory=300, seconds=61),
    ]
    made = plan(jobs, cluster, Rules())
    assert reserved(made)["member-0"] == ("i-1", 60)
    assert reserved(made)["member-1"] == ("i-2", 60)
    assert placed(made) == {"short": "i-1"}


def test_a_group_larger_than_the_cluster_keeps_nobody():
    made = plan([*group_of(2, memory=300), a_job("other", rank=9)], a_situation(an_instance()), Rules())
    assert placed(made) == {"other": "i-1"}
    assert made.reserved == ()


def test_a_group_waits_until_all_members_are_there():
    made = plan(group_of(3)[:2], a_situation(an_instance()), Rules())
    assert [each.why for each in made.waits.values()] == [Why.GROUP, Why.GROUP]


def test_what_no_registered_instance_holds_is_impossible_and_in_nobodys_way():
    jobs = [a_job("huge", memory=513, rank=1), a_job("small", rank=2)]
    made = plan(jobs, a_situation(an_instance()), STRICT)
    assert made.impossible == ("huge",)
    assert made.waits["huge"] == Waits(Why.IMPOSSIBLE, ("memory",), Amount(1024, 412))
    assert placed(made) == {"small": "i-1"}


def test_what_an_instance_that_could_be_launched_holds_needs_scale():
    shapes = (Shape("large", Amount(1024, 1024), {}, 3), Shape("gone", Amount(9999, 9999), {}, 0))
    made = plan(
        [a_job("huge", memory=513), a_job("giant", memory=9000)],
        a_situation(an_instance(), shapes=shapes),
        Rules(),
    )
    assert (made.needs_scale, made.impossible) == (("huge",), ("giant",))
    assert made.desired == {"large": 1}


def test_an_instance_that_takes_nothing_now_still_makes_a_job_possible():
    made = plan([a_job()], a_situation(an_instance(is_open=False)), Rules())
    assert (made.impossible, made.waits["job"].why) == ((), Why.NO_ROOM)


def test_a_cluster_without_instances_makes_nothing_impossible():
    made = plan([a_job()], a_situation(), Rules())
    assert made.waits == {"job": Waits(Why.NO_ROOM, ("memory",), Amount())}


def test_a_group_with_a_member_that_never_fits_is_impossible_as_a_whole():
    jobs = [a_job("huge", memory=600, group=Group("gang", 2)), a_job("small", group=Group("gang", 2))]
    made = plan(jobs, a_situation(an_instance()), Rules())
    assert made.impossible == ("huge", "small")


def test_a_job_kept_out_by_a_reservation_says_by_whose():
    cluster = a_situation(an_instance(running=[a_task(400, 60)]))
    made = plan([a_job("large", memory=500, rank=1), a_job("long", rank=2, seconds=900)], cluster, Rules())
    assert made.waits["long"] == Waits(Why.RESERVED, (), Amount(1024, 112), "large", "arn/i-1")


def test_a_full_cluster_still_says_what_its_first_jobs_wait_for():
    cluster = a_situation(an_instance(running=[a_task(512, 60)]))
    made = plan([a_job(f"job-{n}", rank=n, memory=500, seconds=10) for n in range(9)], cluster, Rules())
    assert reserved(made) == {"job-0": ("i-1", 60), "job-1": ("i-1", 70), "job-2": ("i-1", 80)}


def test_jobs_of_one_demand_share_what_is_said():
    made = plan([a_job("a"), a_job("b")], a_situation(an_instance(free=Amount(0, 0))), Rules())
    assert made.waits["a"] is made.waits["b"]


def test_nothing_waiting_is_an_empty_plan():
    assert plan([], a_situation(an_instance()), Rules()) == ((), (), {}, (), (), {})
