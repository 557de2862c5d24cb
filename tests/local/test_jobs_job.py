"""What the sample jobs of local mode are, and what local mode counts of them."""

from collections import Counter

import pytest

from everyday.jobs.messages import parse_jobs
from everyday.jobs.model import JobClass
from everyday_local.jobs_job import COUNTS, INSTANCE, inversions, workload
from tests.job_builders import a_job


def test_the_sample_is_what_a_user_had_a_hundred_jobs_in_three_classes() -> None:
    records = [{"messageId": each["id"], "body": _json(each)} for each in workload()]
    found = parse_jobs({"Records": records})
    assert found.refused == []
    assert Counter(it.job.job_class for it in found.jobs) == {"high": 20, "normal": 30, "low": 50}
    assert len({it.id for it in found.jobs}) == 100


def test_the_sample_is_the_same_every_time_so_that_nothing_runs_twice() -> None:
    assert workload() == workload()


def test_the_sample_is_sent_in_no_order_of_classes() -> None:
    first = [each["class"] for each in workload()][: COUNTS[JobClass.HIGH]]
    assert set(first) == {"high", "normal", "low"}


def test_the_samples_keep_the_instance_busy_for_a_minute() -> None:
    seconds = [
        float(each["overrides"]["containerOverrides"][0]["environment"][0]["value"]) for each in workload()
    ]
    at_once = int(INSTANCE["memory"]) // 100
    assert 55 <= sum(seconds) / at_once <= 65


@pytest.mark.parametrize(
    ("classes", "found"),
    [
        ("", 0),
        ("hhnnll", 0),
        ("hnhl", 1),
        ("lh", 1),
        ("lnh", 2),
        ("lhlhl", 2),
        ("llll", 0),
    ],
)
def test_a_start_counts_when_a_higher_class_still_waits(classes: str, found: int) -> None:
    named = {"h": JobClass.HIGH, "n": JobClass.NORMAL, "l": JobClass.LOW}
    jobs = [
        a_job(f"{at}", job_class=named[each], placed_at=1 + 2_000 * at) for at, each in enumerate(classes)
    ]
    assert inversions(jobs[::-1]) == found


def test_starts_of_one_pass_are_in_no_order() -> None:
    together = [
        a_job("a", job_class=JobClass.LOW, placed_at=1),
        a_job("b", job_class=JobClass.HIGH, placed_at=200),
    ]
    assert inversions(together) == 0


def test_what_never_started_does_not_count() -> None:
    assert (
        inversions([a_job("a", job_class=JobClass.LOW, placed_at=1), a_job("b", job_class=JobClass.HIGH)])
        == 0
    )


def _json(message: object) -> str:
    import msgspec

    return msgspec.json.encode(message).decode()
