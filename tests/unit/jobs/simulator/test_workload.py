"""Workloads: bounds, loads, and the files they are read from."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.errors import InvalidMessageError
from everyday.jobs.model import Amount, JobClass
from everyday.jobs.simulator.document import read_document
from everyday.jobs.simulator.generated import blog, flood, lublin
from everyday.jobs.simulator.traces import Cut, read_openb, read_swf
from everyday.jobs.simulator.workload import busiest, compressed, lower_bound, volumes
from tests.unit.jobs.simulator.cases import a_job, a_workload

EXAMPLES = Path(__file__).parents[4] / "examples" / "workloads"
SWF = (EXAMPLES / "nodes.swf").read_text().splitlines()
PODS = (EXAMPLES / "gpu" / "small_pod_list.csv").read_text().splitlines()
NODES = (EXAMPLES / "gpu" / "small_node_list.csv").read_text().splitlines()


def test_the_bound_is_the_volume_when_the_cluster_is_what_lacks() -> None:
    assert lower_bound(a_workload(*(a_job(f"j{n}", 500) for n in range(4)))) == 120_000


def test_the_bound_is_the_last_end_when_jobs_come_late() -> None:
    assert lower_bound(a_workload(a_job("a"), a_job("b", submitted=500_000))) == 560_000


def test_the_bound_counts_what_comes_from_any_moment_on() -> None:
    late = [a_job(f"j{n}", 1000, submitted=100_000) for n in range(3)]
    assert lower_bound(a_workload(a_job("a", 1, run=1), *late)) == 280_000


@given(st.floats(0.1, 2.0))
def test_compressing_reaches_the_load(load: float) -> None:
    jobs = flood(1, jobs=50).jobs
    capacity = Amount(4096, 4096)
    made = list(compressed(jobs, capacity, load))
    span = made[-1].submitted - made[0].submitted
    assert busiest(volumes(made), capacity) / span == pytest.approx(load, rel=1e-3)


@pytest.mark.parametrize("make", [blog, flood, lublin])
def test_a_workload_is_a_function_of_its_seed(make) -> None:
    assert make(1) == make(1)
    assert make(1) != make(2)


@pytest.mark.parametrize("make", [blog, flood, lublin])
def test_jobs_come_in_order_have_their_own_ids_and_fit_an_instance(make) -> None:
    workload = make(3)
    times = [job.submitted for job in workload.jobs]
    assert times == sorted(times)
    assert len({job.id for job in workload.jobs}) == len(times)
    assert all(job.amount.fits(workload.instances[0]) for job in workload.jobs)


def test_the_blogs_workload_is_as_it_was_met() -> None:
    workload = blog(0)
    classes = [job.job_class for job in workload.jobs]
    assert [classes.count(each) for each in JobClass] == [20, 30, 50]
    assert {job.amount.memory for job in workload.jobs} == {100}
    assert workload.instances == (Amount(cpu=1024, memory=512),)


def test_four_in_a_hundred_of_the_flood_are_high_and_only_these_are_large() -> None:
    jobs = flood(0).jobs
    high = [job for job in jobs if job.job_class is JobClass.HIGH]
    assert len(high) / len(jobs) == pytest.approx(0.04, abs=0.01)
    assert min(job.amount.cpu for job in high) >= 640
    assert max(job.amount.cpu for job in jobs if job not in high) <= 320


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.name)
def test_every_example_document_is_one(path: Path) -> None:
    assert read_document(path.read_bytes(), seed=1).jobs


def test_a_document_draws_run_times_from_its_range_and_spaces_submissions() -> None:
    entry = b'{"count": 3, "class": "high", "memory": 5, "every_seconds": 2, "run_seconds": [10, 20]}'
    found = read_document(b'{"name": "n", "instances": [{"memory": 9}], "jobs": [%s]}' % entry, seed=1)
    assert [job.submitted for job in found.jobs] == [0, 2000, 4000]
    assert all(10_000 <= job.run <= 20_000 and job.job_class is JobClass.HIGH for job in found.jobs)
    assert len({job.run for job in found.jobs}) == 3


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "not a workload"),
        ('{"name": "n", "instances": [{}], "jobs": [{}]}', "jobs[0]"),
        ('{"name": "n", "instances": [{}], "jobs": [{"run_seconds": 1, "cpus": 1}]}', "cpus"),
        ('{"name": "n", "instances": [{}], "jobs": [{"run_seconds": [1, 2, 3]}]}', "run_seconds"),
        ('{"name": "n", "instances": [{"memory": -1}], "jobs": [{"run_seconds": 1}]}', "instances[0].memory"),
    ],
)
def test_a_wrong_document_is_refused_with_the_field(text: str, named: str) -> None:
    with pytest.raises(InvalidMessageError) as raised:
        read_document(text.encode(), seed=0)
    assert named in str(raised.value)


def test_swf_nodes_ranks_memory_and_jobs_without_a_run_time() -> None:
    found = read_swf("nodes", SWF, Cut())
    assert found.instances == (Amount(4096, 4096),) * 8
    assert "17" not in {job.id for job in found.jobs}
    assert {job.job_class for job in found.jobs} == set(JobClass)
    assert found.jobs[0].submitted == 0


def test_an_swf_job_larger_than_a_node_becomes_a_group() -> None:
    groups = [job for job in read_swf("nodes", SWF, Cut()).jobs if job.group]
    assert groups
    assert all(job.amount.cpu == 4096 for job in groups)
    names = [job.group for job in groups]
    assert all(names.count(name) == 2 for name in names)


def test_queue_numbers_are_ranked_as_asked() -> None:
    one, other = (read_swf("nodes", SWF, Cut(), ranks) for ranks in ((3, 2, 1), (1, 2, 3)))
    highs = [sum(job.job_class is JobClass.HIGH for job in each.jobs) for each in (one, other)]
    lows = [sum(job.job_class is JobClass.LOW for job in each.jobs) for each in (one, other)]
    assert highs == lows[::-1]
    assert highs[0] != highs[1]


def test_a_broken_swf_line_is_named() -> None:
    with pytest.raises(InvalidMessageError, match="line 2"):
        read_swf("x", ["; MaxProcs: 4", "1 2 three"], Cut())


def test_openb_maps_classes_gives_whole_gpus_and_takes_the_commonest_node() -> None:
    found = read_openb(PODS, NODES, Cut(instances=2))
    assert found.instances == (Amount(98_304, 393_216, 8),) * 2
    assert "pod-033" not in {job.id for job in found.jobs}
    shared = next(row.split(",") for row in PODS if ",250," in row or ",500," in row)
    job = next(job for job in found.jobs if job.id == shared[0])
    assert job.amount.gpu == 1
    expected = {"LS": JobClass.HIGH, "BE": JobClass.LOW, "Burstable": JobClass.NORMAL}
    assert job.job_class is expected.get(shared[6], JobClass.HIGH)


def test_openb_is_cut_to_parts_and_run_times() -> None:
    last, before = (read_openb(PODS, NODES, Cut(jobs=20, skip=skip)) for skip in (0, 20))
    assert len(last.jobs) == len(before.jobs) == 20
    assert not {job.id for job in last.jobs} & {job.id for job in before.jobs}
    assert max(job.run for job in last.jobs) <= 3_600_000
    with pytest.raises(InvalidMessageError, match="no job is left"):
        read_openb(PODS, NODES, Cut(jobs=20, skip=200))


@pytest.mark.parametrize("line", ["p,1,x,1,1,,LS,Running,1,2,1", "p,1,1,1,1,,??,Running,1,2,1", "p,1"])
def test_a_broken_openb_line_is_named(line: str) -> None:
    with pytest.raises(InvalidMessageError, match="line 2"):
        read_openb([PODS[0], line], NODES, Cut())
