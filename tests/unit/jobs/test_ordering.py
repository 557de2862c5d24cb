"""Whose turn it is: rank, and shares between queues."""

import pytest

from everyday.jobs.fit import Need
from everyday.jobs.model import Amount, JobClass
from everyday.jobs.ordering import Shares, ranked, turns
from everyday.jobs.plan import Rules
from everyday.jobs.planner import plan
from everyday.jobs.rank import rank_of
from tests.unit.jobs.planning import NOW, a_job, a_situation, an_instance, placed

STEP = 21_600_000
CLUSTER = [an_instance(memory=600), an_instance("i-2", memory=400)]


def order(jobs, shares=None, rules=None):
    """The ids in the order of their turns, when nothing is ever placed."""
    shares = shares or Shares(CLUSTER, {}, {})
    return [
        job.id
        for job, _ in turns([(job, Need(job.demand)) for job in ranked(jobs)], shares, rules or Rules())
    ]


def test_jobs_are_ranked_with_ties_by_id_and_each_once():
    b, a, first = a_job("b", rank=2), a_job("a", rank=2), a_job("z", rank=1)
    assert ranked([b, a, first, a]) == [first, a, b]
    assert ranked([first, a]) == [first, a]


def test_one_queue_is_plain_rank_order():
    jobs = [a_job("c", rank=3), a_job("a", rank=2), a_job("b", rank=2)]
    assert order(jobs) == ["a", "b", "c"]


def test_within_the_window_the_queue_with_the_least_share_goes_first():
    jobs = [a_job("rich", rank=0, queue="rich"), a_job("poor", rank=3_600_000, queue="poor")]
    shares = Shares(CLUSTER, {"rich": Amount(0, 500)}, {})
    assert order(jobs, shares) == ["poor", "rich"]
    assert order(jobs, shares, Rules(fairness=3_599_999)) == ["rich", "poor"]
    assert order(jobs, shares, Rules(fairness=0)) == ["rich", "poor"]


def test_a_share_is_of_the_dimension_held_most_and_divided_by_weight():
    shares = Shares(
        [an_instance(cpu=100, memory=1000, gpu=10)], {"a": Amount(50, 100, 1), "b": Amount(0, 0, 6)}, {"b": 2}
    )
    assert (shares.of("a"), shares.of("b"), shares.of("c")) == (0.5, 0.3, 0.0)
    shares.took("c", a_job(cpu=20, memory=10).demand)
    assert shares.of("c") == 0.2


@pytest.mark.parametrize("share", [0, 500, 1000])
def test_a_class_worth_more_than_the_window_never_waits_for_fairness(share):
    jobs = [
        a_job("low", rank=rank_of(NOW, JobClass.LOW, STEP), job_class=JobClass.LOW, queue="poor"),
        a_job("high", rank=rank_of(NOW, JobClass.HIGH, STEP), job_class=JobClass.HIGH, queue="rich"),
    ]
    shares = Shares(CLUSTER, {"rich": Amount(0, share)}, {})
    assert order(jobs, shares) == ["high", "low"]


@pytest.mark.parametrize(
    "weights", [{}, {"a": 2}, {"a": 3, "c": 2}], ids=["equal", "two to one", "three queues"]
)
def test_shares_even_out_within_ten_minutes_of_contention(weights):
    """40 places, 15 seconds a task, more jobs than places, and all places one queue's in the beginning."""
    queues = sorted({"a", "b", *weights})
    numbers = dict.fromkeys(queues, 0)
    running = [(NOW + 375 * n, queues[0]) for n in range(40)]
    held = dict.fromkeys(queues, 0)
    for now in range(NOW, NOW + 600_000, 1_000):
        running = [(end, queue) for end, queue in running if end > now]
        usage = {queue: Amount(0, 10 * sum(each == queue for _, each in running)) for queue in queues}
        instance = an_instance(memory=400, free=Amount(1024, 400 - 10 * len(running)))
        waiting = [
            a_job(f"{queue}-{n:05}", memory=10, rank=n, queue=queue)
            for queue in queues
            for n in range(numbers[queue], numbers[queue] + 20)
        ]
        for job_id in placed(plan(waiting, a_situation(instance, usage=usage), Rules(weights=weights))):
            running.append((now + 15_000, job_id[0]))
            numbers[job_id[0]] += 1
        for _, queue in running:
            held[queue] += 1
    total = sum(weights.get(queue, 1) for queue in queues)
    for queue in queues:
        due = weights.get(queue, 1) / total
        assert held[queue] / sum(held.values()) == pytest.approx(due, rel=0.05)


def test_what_others_took_in_this_plan_counts_too():
    jobs = [a_job(f"{queue}-{n}", rank=n, queue=queue) for queue in "ab" for n in range(5)]
    made = plan(jobs, a_situation(an_instance(memory=600)), Rules())
    assert sorted(each[0] for each in placed(made)) == ["a"] * 3 + ["b"] * 3
