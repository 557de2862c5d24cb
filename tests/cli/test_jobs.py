"""The contract of every jobs command, over a stage in memory."""

import pytest

from everyday.errors import EventsUnavailable
from everyday.jobs.model import Group, State
from tests.cli import jobs_world
from tests.cli.jobs_world import INSTANCE, MemoryTarget, Stage
from tests.cli.photos_world import Cli
from tests.job_builders import a_job


@pytest.fixture
def filled(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The commands work on a stage with jobs in every state."""
    made = jobs_world.filled()
    monkeypatch.setattr(MemoryTarget, "world", made)
    return made


EVERY_LOOK = {
    "list": ["list"],
    "list some": ["list", "--state", "running", "--class", "high", "--limit", "1"],
    "list children": ["list", "--children", "--queue", "default"],
    "show running": ["show", "runs"],
    "show waiting": ["show", "big"],
    "show array": ["show", "many"],
    "show held": ["show", "later"],
    "cancel plan": ["cancel", "big", "many", "--dry-run"],
    "queue": ["queue", "--limit", "1"],
    "cluster": ["cluster"],
    "empty list": ["list", "--cluster", "other"],
    "empty queue": ["queue", "--cluster", "other"],
    "empty cluster": ["cluster", "--cluster", "other"],
}


@pytest.mark.parametrize("arguments", EVERY_LOOK.values(), ids=list(EVERY_LOOK))
def test_json_is_one_document_on_stdout_and_nothing_else(
    cli: Cli, filled: Stage, arguments: list[str]
) -> None:
    done = cli("jobs", *arguments, "--json")
    assert (done.status, done.err) == (0, "")
    assert isinstance(done.document, dict | list)


@pytest.mark.parametrize("arguments", EVERY_LOOK.values(), ids=list(EVERY_LOOK))
def test_a_person_on_a_pipe_gets_text_without_colours_or_trailing_spaces(
    cli: Cli, filled: Stage, arguments: list[str]
) -> None:
    done = cli("jobs", *arguments)
    assert (done.status, done.err) == (0, "")
    assert done.out.strip()
    assert "\x1b" not in done.out
    assert all(line == line.rstrip() for line in done.out.splitlines())


@pytest.mark.parametrize("arguments", EVERY_LOOK.values(), ids=list(EVERY_LOOK))
def test_a_look_changes_nothing(cli: Cli, filled: Stage, arguments: list[str]) -> None:
    before = dict(filled.ledger.jobs)
    cli("jobs", *arguments)
    assert (filled.ledger.jobs, filled.woken, filled.sent) == (before, [], [])


def test_the_list_shows_what_runs_then_what_waits_then_what_ended(cli: Cli, filled: Stage) -> None:
    found = cli("jobs", "list", "--json").document
    assert [it["id"] for it in found] == ["runs", "many", "big", "small", "later", "done", "broken"]
    assert found[0]["instance"] == INSTANCE
    assert found[1]["array"] == {"size": 2, "succeeded": 1, "failed": 0}
    assert found[6]["exit_code"] == 3
    assert found[6]["submitted_at"] == "2026-02-02T02:40:00Z"


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (["--state", "failed", "--state", "running"], ["runs", "broken"]),
        (["--class", "low"], ["small"]),
        (["--queue", "media"], ["small"]),
        (["--limit", "2"], ["runs", "many"]),
        (["--children", "--state", "SUCCEEDED"], ["many/0", "done"]),
        (["--cluster", "other"], []),
    ],
)
def test_the_list_can_be_narrowed(cli: Cli, filled: Stage, arguments: list[str], ids: list[str]) -> None:
    assert [it["id"] for it in cli("jobs", "list", *arguments, "--json").document] == ids


def test_an_empty_list_says_what_to_do(cli: Cli, stage: Stage) -> None:
    assert "everyday jobs submit" in cli("jobs", "list").out
    assert "No such job" in cli("jobs", "list", "--state", "failed").out


def test_a_waiting_job_tells_why_and_its_place(cli: Cli, filled: Stage) -> None:
    sight = cli("jobs", "show", "small", "--json").document
    assert sight["waits"] == "needs 200 MiB on one instance; the largest free is 112 MiB"
    assert sight["place"] == 3
    told = cli("jobs", "show", "small").out
    assert "3 in the queue" in told
    assert "the largest free is 112 MiB" in told


def test_a_held_job_tells_what_it_depends_on(cli: Cli, filled: Stage) -> None:
    sight = cli("jobs", "show", "later", "--json").document
    assert sight["waits_for"] == {"runs": "RUNNING", "nobody": None}
    told = cli("jobs", "show", "later").out
    assert "depends on runs  running" in told
    assert "depends on nobody  not sent yet" in told


def test_an_array_tells_how_its_children_are(cli: Cli, filled: Stage) -> None:
    assert cli("jobs", "show", "many", "--json").document["children"] == {"SUCCEEDED": 1, "WAITING": 1}
    assert "1 of 2 succeeded" in cli("jobs", "show", "many").out


def test_a_failed_job_tells_its_exit_code_and_what_ecs_said(cli: Cli, filled: Stage) -> None:
    told = cli("jobs", "show", "broken").out
    assert "exit code 3: Essential container in task exited" in told


def test_a_job_that_is_not_there_is_a_failure_that_says_where_to_look(cli: Cli, filled: Stage) -> None:
    done = cli("jobs", "show", "nothing")
    assert (done.status, done.out) == (1, "")
    assert "everyday jobs list" in done.err


def test_cancelling_ends_what_waits_at_once_and_what_runs_with_its_task(cli: Cli, filled: Stage) -> None:
    done = cli("jobs", "cancel", "big", "runs")
    assert done.status == 0
    assert "big cancelled" in done.out
    assert "runs ends as soon as its task has stopped" in done.out
    assert filled.job("big").state is State.CANCELLED
    assert filled.job("runs").ending is State.CANCELLED
    assert filled.woken == ["main", "main"]


def test_cancelling_some_that_cannot_be_is_a_failure_that_names_each(cli: Cli, filled: Stage) -> None:
    done = cli("jobs", "cancel", "done", "small", "nothing", "--json")
    assert done.status == 1
    assert [it["id"] for it in done.document["cancelled"]] == ["small"]
    assert {it["id"]: "SUCCEEDED" in it["reason"] for it in done.document["failed"]} == {
        "done": True,
        "nothing": False,
    }


def test_the_queue_is_in_order_with_places_reasons_and_depth(cli: Cli, filled: Stage) -> None:
    found = cli("jobs", "queue", "--json").document
    assert [(it["place"], it["id"]) for it in found["jobs"]] == [(1, "big"), (2, "many/1"), (3, "small")]
    assert found["jobs"][0]["reason"].startswith("needs 200 MiB")
    assert found["depth"][0] == {
        "queue": "default",
        "class": "high",
        "waiting": 1,
        "held": 0,
        "oldest_seconds": 65,
    }
    told = cli("jobs", "queue", "--limit", "1").out
    assert "and 2 behind them" in told
    assert "1 held until" in told


def test_a_cluster_is_drawn_with_what_is_used_and_for_whom_the_rest_is_kept(cli: Cli, filled: Stage) -> None:
    document = cli("jobs", "cluster", "--json").document
    assert document["instances"][0]["reserved_for"] == "big"
    assert document["instances"][0]["expected_at"] == "2026-02-02T02:50:00Z"
    told = cli("jobs", "cluster").out
    assert "400 of 512 MiB" in told
    assert "100 of 1024 units" in told
    assert "4 tasks; the rest is kept for big from about 02:50 UTC" in told
    assert told.count("█" * 19 + "▒" * 5) == 1


def test_trouble_is_told_wherever_people_look(cli: Cli, filled: Stage) -> None:
    filled.board(trouble="the state of the cluster was lost", at=filled.now)
    assert "the state of the cluster was lost" in cli("jobs", "queue").out
    assert "the state of the cluster was lost" in cli("jobs", "cluster").out


def test_a_cluster_that_is_not_known_is_bad_usage(cli: Cli, filled: Stage) -> None:
    done = cli("jobs", "queue", "--cluster", "nowhere")
    assert done.status == 2
    assert "known: main, other" in done.err


def test_markup_in_texts_of_others_is_text(cli: Cli, stage: Stage) -> None:
    stage.add(a_job("a", group=Group("g", 2)))
    stage.start("a")
    stage.end("a", 1, stopped_reason="[red]\x1b[2J\u202eboo[/]")
    for arguments in (["list"], ["show", "a"]):
        told = cli("jobs", *arguments).out
        assert "[red][2Jboo[/]" in told
        assert "\x1b" not in told


@pytest.mark.parametrize("arguments", [["cancel"], ["list", "--state", "sleeping"], ["show"], ["submit"]])
def test_wrong_usage_exits_2(cli: Cli, stage: Stage, arguments: list[str]) -> None:
    assert cli("jobs", *arguments).status == 2


def test_a_queue_that_cannot_be_reached_is_a_failure(
    cli: Cli, stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    def fail(_: object) -> None:
        raise EventsUnavailable("SQS is away; try again")

    monkeypatch.setattr(stage, "submit", fail)
    (tmp_path / "job.json").write_text('{"task_definition": "everyday-work"}')
    done = cli("jobs", "submit", tmp_path / "job.json")
    assert (done.status, done.out) == (1, "")
    assert "try again" in done.err


@pytest.mark.parametrize("command", ["submit", "list", "show", "cancel", "watch", "queue", "cluster"])
def test_every_command_has_examples_in_its_help(cli: Cli, command: str) -> None:
    done = cli("jobs", command, "--help")
    assert done.status == 0
    assert "Examples:" in done.out
    assert f"everyday jobs {command}" in done.out
