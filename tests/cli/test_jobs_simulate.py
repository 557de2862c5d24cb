"""`everyday jobs simulate`: its documents, its table, its picture, its errors."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from everyday_cli.jobs_simulate_command import simulate
from everyday_cli.output import Output

EXAMPLES = Path(__file__).parents[2] / "examples" / "workloads"


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(simulate, [str(it) for it in arguments], obj=Output())


def test_one_policy_is_one_document_of_the_promised_shape() -> None:
    found = json.loads(call("--workload", "blog", "--seed", "1", "--json").stdout)
    assert {key: found[key] for key in ("workload", "policy", "seed", "jobs", "placed")} == {
        "workload": "blog",
        "policy": "everyday",
        "seed": 1,
        "jobs": 100,
        "placed": 100,
    }
    assert found["run_task_calls"] == 100
    assert set(found["wait_seconds"]["high"]) == {"mean", "p50", "p99", "max"}
    assert {"cpu", "memory"} <= set(found["utilisation"])
    assert found["planner_ms"]["p99"] >= found["planner_ms"]["p50"] > 0
    for key in ("calls_per_job", "rejects", "inversions", "starved", "makespan_seconds", "makespan_ratio"):
        assert isinstance(found[key], int | float)


def test_several_policies_are_a_list_and_a_table() -> None:
    policies = ("--policy", "seed", "--policy", "everyday")
    documents = json.loads(call("--workload", "blog", *policies, "--json").stdout)
    assert [each["policy"] for each in documents] == ["seed", "everyday"]
    lines = call("--workload", "blog", *policies).stdout.splitlines()
    assert lines[1].split() == ["seed", "everyday"]
    rejects = next(line.split() for line in lines if line.startswith("rejects"))
    assert rejects == ["rejects", f"{documents[0]['rejects']:,}", "0"]


@pytest.mark.parametrize(
    ("workload", "options"),
    [("blog.json", ()), ("night.json", ()), ("nodes.swf", ("--load", "1.1")), ("gpu", ("--instances", "2"))],
)
def test_every_kind_of_file_is_read(workload: str, options: tuple[str, ...]) -> None:
    found = json.loads(call("--workload", EXAMPLES / workload, *options, "--json").stdout)
    assert found["placed"] == found["jobs"] > 50
    assert (found["inversions"], found["rejects"], found["broken"]) == (0, 0, [])


def test_the_drain_is_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "drain.svg"
    assert call("--workload", "blog", "--plot", picture).exit_code == 0
    assert picture.read_text().startswith("<svg ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--workload", "blog", "--load", "1"), "takes no --load"),
        (("--workload", "flood", "--skip", "1"), "takes no --skip"),
        (("--workload", "blog", "--policy", "best"), "'best' is not one of"),
        (("--workload", EXAMPLES / "nodes.swf", "--queue-rank", "3,x,1"), "3 to 3 whole numbers"),
        (("--workload", EXAMPLES / "nodes.swf", "--instance", "1024"), "2 to 3 whole numbers"),
    ],
)
def test_wrong_use_is_told(arguments: tuple[str | Path, ...], said: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_a_file_that_is_not_there_is_told_with_what_there_is() -> None:
    result = call("--workload", "nowhere.json")
    assert result.exit_code == 1
    assert "built in are blog, flood, lublin" in str(result.exception)


def test_it_needs_no_aws_library() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from everyday_cli.jobs_simulate_command import simulate;"
        "simulate(['--workload', 'blog', '--json'], standalone_mode=False);"
        "assert not {'boto3', 'botocore', 'redis'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)
