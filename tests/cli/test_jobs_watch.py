"""What `everyday jobs watch` shows on a pipe and on a terminal, and when it ends."""

from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from everyday.jobs.model import JobClass
from everyday_cli import jobs_live
from everyday_cli.jobs_text import bar
from everyday_cli.jobs_watching import Watching
from tests.cli.jobs_world import INSTANCE, Stage
from tests.cli.photos_world import Cli
from tests.job_builders import ENQUEUED, a_job


def steps(*works: Callable[[], None]) -> Callable[[], None]:
    """Do one after the other, one at each call, and then nothing."""
    left = list(works)
    return lambda: left.pop(0)() if left else None


def test_changes_are_lines_on_a_pipe(cli: Cli, stage: Stage) -> None:
    stage.add(a_job("a"), a_job("b", job_class=JobClass.LOW, rank=ENQUEUED + 1))
    stage.then = steps(
        lambda: stage.start("a"),
        lambda: stage.end("a"),
        lambda: stage.start("b"),
        lambda: stage.end("b", 2),
    )
    done = cli("jobs", "watch")
    told = [line.partition(" UTC ")[2] for line in done.out.splitlines()]
    assert done.status == 0
    assert told[:5] == [
        "a waiting",
        "b waiting",
        f"a running on {INSTANCE}",
        "a succeeded",
        f"b running on {INSTANCE}",
    ]
    assert told[5] == "b failed: exit code 2"
    assert done.out.splitlines()[-1] == "1 failed, 1 succeeded; nothing left"


def test_what_ended_between_two_looks_is_told_too(cli: Cli, stage: Stage) -> None:
    stage.add(a_job("a"))

    def at_once() -> None:
        stage.start("a")
        stage.end("a")

    stage.then = steps(at_once)
    assert "a succeeded" in cli("jobs", "watch").out


def test_it_waits_a_little_for_what_was_just_sent(cli: Cli, stage: Stage) -> None:
    def arrive() -> None:
        stage.add(a_job("late"))
        stage.start("late")

    stage.then = steps(lambda: None, arrive, lambda: stage.end("late"))
    assert cli("jobs", "watch", "--json").document["ended"] == {"SUCCEEDED": 1}


def test_it_ends_at_once_when_there_is_nothing(cli: Cli, stage: Stage) -> None:
    before = stage.now
    done = cli("jobs", "watch")
    assert (done.status, done.out) == (0, "nothing ended; nothing left\n")
    assert stage.now - before <= 3_000


def test_ctrl_c_ends_the_look_and_no_job(cli: Cli, stage: Stage) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    stage.add(a_job("a"))
    stage.then = interrupt
    done = cli("jobs", "watch", "--json")
    assert (done.status, done.document["waiting"]) == (0, 1)
    assert "The jobs go on." in done.err


def test_jobs_that_ended_before_are_not_counted(cli: Cli, stage: Stage) -> None:
    stage.add(a_job("old"))
    stage.start("old")
    stage.end("old")
    stage.now += 60_000
    assert cli("jobs", "watch", "--json").document["ended"] == {}


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("height", [24, 50])
def test_the_picture_fits_on_the_terminal(stage: Stage, width: int, height: int) -> None:
    waiting = [a_job(f"waits-{number:02}", rank=ENQUEUED + number) for number in range(60)]
    running = [a_job(f"runs-{number}", job_class=JobClass.HIGH) for number in range(5)]
    stage.add(*waiting, *running)
    for job in running:
        stage.start(job.id)
    stage.board(waits_of={job.id: 0 for job in waiting})
    look = Watching(stage.ledger, "main", stage.now).look(stage.now)
    told = drawn(jobs_live.view(look, height), width, height)
    assert len(told) < height
    assert all(len(line) <= width for line in told)
    assert "5 running, 60 waiting" in told[0]
    assert sum("waits-" in line for line in told) >= min(height, 60) - 18
    assert any("the largest free" in line for line in told) is (width == 120)


def drawn(view: object, width: int, height: int) -> list[str]:
    console = Console(file=StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    console.print(view)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(
    ("used", "whole", "full"),
    [(0, 512, 0), (1, 512, 1), (256, 512, 12), (511, 512, 23), (512, 512, 24), (0, 0, 0)],
)
def test_a_bar_shows_whatever_is_used_and_whatever_is_left(used: int, whole: int, full: int) -> None:
    drawn_bar = bar(used, whole, kept=False).plain
    assert (drawn_bar.count("█"), len(drawn_bar)) == (full, 24)
