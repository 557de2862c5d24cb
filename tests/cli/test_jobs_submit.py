"""What `everyday jobs submit` sends, what it refuses, and how it waits."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from everyday.errors import InvalidMessageError
from everyday.jobs.model import State
from everyday_cli.jobs_files import read
from tests.cli.jobs_world import Stage
from tests.cli.photos_world import Cli, Done
from tests.job_builders import a_job

A_JOB = {"id": "a", "task_definition": "everyday-work"}
Submit = Callable[..., Done]


@pytest.fixture
def submit(cli: Cli, stage: Stage, tmp_path: Path) -> Submit:
    """Writes what it is given into a file, and submits that."""

    def run(said: object, *options: str) -> Done:
        text = said if isinstance(said, str) else json.dumps(said)
        (tmp_path / "jobs").write_text(text, encoding="utf-8")
        return cli("jobs", "submit", tmp_path / "jobs", *options)

    return run


def ids(said: str, **options: Any) -> list[str]:
    return [job.id for job in read(said, **options)]


@pytest.mark.parametrize(
    "said",
    [
        '{"id": "a", "task_definition": "x"}',
        '[{"id": "a", "task_definition": "x"}]',
        '{"id": "a", "task_definition": "x"}\n',
        '\n{"id": "a",\n "task_definition": "x"}\n',
    ],
)
def test_a_file_is_one_object_or_a_list(said: str) -> None:
    assert ids(said) == ["a"]


def test_a_file_may_have_one_object_a_line() -> None:
    lines = [json.dumps({"id": name, "task_definition": "x"}) for name in "abc"]
    assert ids("\n\n".join(lines) + "\n") == ["a", "b", "c"]


def test_ids_that_are_not_given_follow_from_what_is_said() -> None:
    one, two = '{"task_definition": "x", "memory": 5}', '{"memory": 5, "task_definition": "x"}'
    assert ids(one) == ids(two) == ids(f"[{one}]")
    assert ids(one) != ids('{"task_definition": "x", "memory": 6}')
    assert ids(one, salt="once more") != ids(one)


def test_jobs_that_are_alike_get_ids_of_their_own_each_time_the_same() -> None:
    three = json.dumps([{"task_definition": "x"}] * 3)
    assert len(set(ids(three))) == 3
    assert ids(three) == ids(three)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", "there is no job in it"),
        ("[]", "there is no job in it"),
        ("nonsense", "it is not JSON"),
        ("[1]", "job 1: body: Expected `object`, got `int`"),
        ('{"id": "a"}', "the job: Object missing required field `task_definition`"),
        ('{"task_definition": "x", "memory": "5"}', "got `str` - at `$.memory`"),
        ('{"task_definition": "x", "surplus": 1}', "the job: Object contains unknown field `surplus`"),
        ('[{"task_definition": "x"}, {"task_definition": "x", "class": 1}]', "job 2: Expected `str`"),
        ('{"task_definition": "x"}\n{"task_definition"', "line 2: Input data was truncated"),
        ('{"id": "a", "task_definition": "x"}\n' * 2, "line 2: id a is that of line 1 too"),
        ('{"id": "a/b", "task_definition": "x"}', "`$.id`"),
        ('{"task_definition": "x", "retries": {"exit_codes": [0]}}', "$.retries"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place_and_field(said: str, told: str) -> None:
    with pytest.raises(InvalidMessageError) as error:
        read(said)
    assert told in str(error.value)


def test_nothing_is_sent_when_anything_is_wrong(submit: Submit, stage: Stage) -> None:
    done = submit([A_JOB, {"id": "b"}, {"id": "c", "task_definition": "x", "cpu": 0}])
    assert (done.status, done.out, stage.sent) == (1, "", [])
    assert "nothing was sent" in done.err
    assert "job 2:" in done.err
    assert "job 3:" in done.err
    assert "$.cpu" in done.err


def test_jobs_are_sent_and_named(submit: Submit, stage: Stage) -> None:
    done = submit([A_JOB, {**A_JOB, "id": "b"}], "--json")
    assert done.status == 0
    assert done.document["sent"] == 2
    assert [it["id"] for it in done.document["jobs"]] == ["a", "b"]
    assert set(stage.ledger.jobs) == {"a", "b"}


def test_stdin_is_read_for_a_dash(cli: Cli, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(A_JOB).encode())))
    assert cli("jobs", "submit", "-").status == 0
    assert list(stage.ledger.jobs) == ["a"]


def test_the_same_file_again_starts_nothing_and_says_so(submit: Submit, stage: Stage) -> None:
    nameless = {"task_definition": "everyday-work"}
    submit([A_JOB, nameless])
    stage.sent.clear()
    again = submit([A_JOB, nameless])
    assert (again.status, stage.sent) == (0, [])
    assert again.out.count("not started again") == 2
    assert "--again" in again.out
    assert submit([A_JOB, nameless], "--json").document["duplicates"] == 2


def test_again_runs_jobs_without_an_id_once_more(submit: Submit, stage: Stage) -> None:
    nameless = {"task_definition": "everyday-work"}
    submit(nameless)
    assert submit(nameless, "--again", "--json").document["sent"] == 1
    assert len(stage.ledger.jobs) == 2


def test_an_id_of_another_job_is_refused_before_anything_is_sent(submit: Submit, stage: Stage) -> None:
    submit(A_JOB)
    stage.sent.clear()
    done = submit([{**A_JOB, "id": "b"}, {**A_JOB, "memory": 64}])
    assert (done.status, stage.sent) == (1, [])
    assert "job 2: id a was used before, for another job" in done.err


def test_a_cluster_that_is_not_known_is_refused_before_anything_is_sent(submit: Submit, stage: Stage) -> None:
    done = submit({**A_JOB, "cluster": "nowhere"})
    assert (done.status, stage.sent) == (1, [])
    assert "known: main, other" in done.err


def test_the_id_of_a_rejected_job_may_be_used_again(submit: Submit, stage: Stage) -> None:
    submit({**A_JOB, "task_definition": "everyday-unknown"})
    assert stage.job("a").state is State.REJECTED
    stage.now += 1000
    assert submit(A_JOB, "--json").document["sent"] == 1
    assert stage.job("a").state is State.WAITING


def test_a_dry_run_sends_nothing_and_tells_what_is_known(submit: Submit, stage: Stage) -> None:
    stage.add(a_job("other"))
    submit(A_JOB)
    stage.sent.clear()
    done = submit([A_JOB, {**A_JOB, "id": "b"}], "--dry-run")
    assert (done.status, stage.sent) == (0, [])
    assert "1 job would be sent: b" in done.out
    assert "a is known and not started again" in done.out


def ending(stage: Stage, exit_codes: dict[str, int]) -> Callable[[], None]:
    """One more of these jobs ends at each look."""
    left = dict(exit_codes)

    def end_one() -> None:
        job_id = next(iter(left))
        stage.start(job_id)
        stage.end(job_id, left.pop(job_id))

    return end_one


def test_waiting_ends_when_all_have_ended(submit: Submit, stage: Stage) -> None:
    stage.then = ending(stage, {"a": 0, "b": 0})
    done = submit([A_JOB, {**A_JOB, "id": "b"}], "--wait", "--json")
    assert done.status == 0
    assert {it["id"]: it["state"] for it in done.document["jobs"]} == {"a": "SUCCEEDED", "b": "SUCCEEDED"}


def test_waiting_for_one_that_fails_is_a_failure_with_its_reason(submit: Submit, stage: Stage) -> None:
    stage.then = ending(stage, {"a": 0, "b": 7})
    done = submit([A_JOB, {**A_JOB, "id": "b"}], "--wait")
    assert done.status == 1
    assert "1 of 2 succeeded" in done.out
    assert "b: exit code 7" in done.out


def test_waiting_for_a_rejected_id_waits_for_the_new_job(submit: Submit, stage: Stage) -> None:
    submit({**A_JOB, "task_definition": "everyday-unknown"})
    stage.now += 1000
    stage.then = ending(stage, {"a": 0})
    assert submit(A_JOB, "--wait", "--json").document["jobs"][0]["state"] == "SUCCEEDED"


def test_waiting_for_an_array_waits_for_its_children(submit: Submit, stage: Stage) -> None:
    stage.then = ending(stage, {"a/0": 0, "a/1": 0})
    done = submit({**A_JOB, "array": 2}, "--wait", "--json")
    assert done.document["jobs"][0]["state"] == "SUCCEEDED"
