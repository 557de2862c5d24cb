"""What holds for every plan, whatever waits and wherever."""

from hypothesis import given, settings
from hypothesis import strategies as st

from everyday.jobs.model import Group, JobClass
from everyday.jobs.plan import ClassPolicy, Rules
from everyday.jobs.planner import plan
from tests.unit.jobs.planning import (
    GREEDY,
    a_job,
    a_situation,
    a_task,
    after,
    an_instance,
    faults,
    placed,
)
from tests.unit.jobs.slow_planner import slow_plan

PORTS = ("80/tcp", "81/tcp")
seconds = st.none() | st.integers(1, 50)
small = st.integers(0, 4)
ports = st.sampled_from([(), PORTS[:1], PORTS])
attributes = st.sampled_from([(), (), (), ("ssd",), ("zone=a",), ("ssd", "zone=a")])
policies = st.fixed_dictionaries(dict.fromkeys(JobClass, st.sampled_from(ClassPolicy)))
rules = st.builds(
    Rules,
    policies=policies,
    fairness=st.sampled_from([0, 2, 1000]),
    reservations=st.none() | st.integers(0, 3),
    starve_after=st.sampled_from([0, 1, 10**9]),
)
tasks = st.builds(
    a_task, st.integers(0, 3), st.none() | st.integers(-5, 50), cpu=st.integers(0, 3), ports=ports
)


@st.composite
def clusters(draw, *, most=5):
    """Up to so many instances, of few sizes so that many are alike."""
    return a_situation(*(draw(instances(f"i-{n}")) for n in range(draw(st.integers(0, most)))))


def instances(name):
    return st.builds(
        an_instance,
        st.just(name),
        memory=st.sampled_from([8, 12]),
        cpu=st.sampled_from([8, 12]),
        running=st.lists(tasks, max_size=3),
        ports=st.sampled_from([(), PORTS[1:]]),
        attributes=st.sampled_from([{}, {"ssd": ""}, {"ssd": "", "zone": "a"}]),
        is_open=st.booleans() | st.just(True),
    )


@st.composite
def waiting(draw, *, groups=True, most=14):
    """Jobs with ids of their own; some of them in groups, not all complete."""
    count = draw(st.integers(0, most))
    jobs = [
        a_job(
            f"job-{n:02}",
            memory=draw(st.integers(0, 9)),
            cpu=draw(st.integers(0, 9)),
            rank=draw(st.integers(0, 5)),
            job_class=draw(st.sampled_from(JobClass)),
            queue=draw(st.sampled_from(["a", "b"])),
            seconds=draw(seconds),
            ports=draw(ports),
            attributes=draw(attributes),
            enqueued_at=10**9 - draw(st.integers(0, 3)),
            group=Group(draw(st.sampled_from("xy")), draw(st.integers(2, 3)))
            if groups and n % 3 == 0
            else None,
        )
        for n in range(count)
    ]
    sizes = {job.group.id: job.group.size for job in reversed(jobs) if job.group}
    return [_sized(job, sizes) for job in jobs]


def _sized(job, sizes):
    if job.group is None:
        return job
    return a_job(
        job.id,
        memory=job.demand.amount.memory,
        cpu=job.demand.amount.cpu,
        rank=job.rank,
        job_class=job.job_class,
        queue=job.queue,
        seconds=job.estimate_seconds,
        group=Group(job.group.id, sizes[job.group.id]),
    )


@given(waiting(), clusters(), rules)
def test_a_plan_is_never_wrong(jobs, cluster, the_rules):
    """Never over capacity, never two starts of a job, no foreign job, groups whole, everything explained."""
    assert faults(plan(jobs, cluster, the_rules), jobs, cluster) == []


@given(waiting(), clusters(), rules, st.randoms(use_true_random=False))
def test_the_order_of_jobs_and_instances_does_not_matter(jobs, cluster, the_rules, random):
    shuffled = cluster._replace(instances=tuple(random.sample(cluster.instances, len(cluster.instances))))
    assert plan(jobs, cluster, the_rules) == plan(random.sample(jobs, len(jobs)), shuffled, the_rules)


@given(waiting(groups=False), clusters(most=9), rules)
@settings(max_examples=300)
def test_what_is_left_out_to_be_quick_changes_nothing(jobs, cluster, the_rules):
    the_rules = Rules(
        policies=the_rules.policies,
        fairness=0,
        reservations=the_rules.reservations,
        starve_after=the_rules.starve_after,
    )
    made = plan(jobs, cluster, the_rules)
    assert {each.job_id: each.instance for each in made.placements} == slow_plan(jobs, cluster, the_rules)


@given(waiting(groups=False), clusters(), rules)
def test_a_job_is_passed_only_where_somebody_before_it_has_reserved(jobs, cluster, the_rules):
    """No job starts, or could start, while one before it would fit what nobody has reserved."""
    policies = {
        each: policy if policy is not ClassPolicy.STRICT else ClassPolicy.RESERVE
        for each, policy in the_rules.policies.items()
    }
    made = plan(jobs, cluster, Rules(policies=policies, fairness=0, reservations=the_rules.reservations))
    by_id = {job.id: job for job in jobs}
    holders = {}
    for each in made.reserved:
        holders.setdefault(each.instance, by_id[each.job_id])
    for job in (by_id[job_id] for job_id in made.waits):
        for view in after(cluster, made, jobs).instances:
            could = a_situation(view._replace(running=()))
            if plan([job], could, GREEDY).placements:
                holder = holders.get(view.arn)
                assert holder is not None
                assert (holder.rank, holder.id) < (job.rank, job.id)


@given(waiting(), clusters(), rules)
def test_a_plan_carried_out_leaves_nothing_to_start(jobs, cluster, the_rules):
    made = plan(jobs, cluster, the_rules)
    left = [job for job in jobs if job.id in made.waits]
    assert placed(plan(left, after(cluster, made, jobs), the_rules)) == {}


@given(waiting(), clusters(), rules)
def test_what_a_job_is_given_does_not_depend_on_those_behind_it(jobs, cluster, the_rules):
    the_rules = Rules(policies=the_rules.policies, fairness=0)
    alone = [job for job in jobs if job.group is None]
    starts = placed(plan(alone, cluster, the_rules))
    half = sorted(alone, key=lambda job: (job.rank, job.id))[: len(alone) // 2]
    ids = {job.id for job in half}
    assert placed(plan(half, cluster, the_rules)) == {key: arn for key, arn in starts.items() if key in ids}


@given(waiting(), clusters(), rules)
def test_impossible_is_what_no_empty_instance_would_hold(jobs, cluster, the_rules):
    made = plan(jobs, cluster, the_rules)
    empty = [an_empty(view) for view in cluster.instances]
    for job in (job for job in jobs if job.group is None):
        fits = any(plan([job], a_situation(view), GREEDY).placements for view in empty)
        assert (job.id in made.impossible) is (bool(empty) and not fits)


def an_empty(view):
    return view._replace(free=view.registered, ports=frozenset(), running=(), open=True)
