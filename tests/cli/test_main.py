"""The contract of every command: exit status, one JSON document, errors that help, a fast start."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from everyday.errors import OwnerActionNeeded
from everyday_cli import main, output
from everyday_cli.commands import Command, Group
from everyday_cli.output import Output, without_secrets

GHOST_KEY = "0123456789abcdef01234567:" + "ab" * 32


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Callable[[], None]], None]:
    """Adds a command `probe` that does what the test says."""
    monkeypatch.chdir(tmp_path)

    def add(action: Callable[[], None]) -> None:
        monkeypatch.setitem(main.everyday.commands, "probe", Command("probe", callback=action))

    return add


def test_a_command_that_succeeds_exits_0_with_one_json_document(command, capsys) -> None:
    command(lambda: output.current().result({"media": 3}, lambda console: console.print("three media")))
    assert main.run(["probe", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"media": 3}
    assert captured.err == ""


def test_without_json_the_answer_is_for_a_person(command, capsys) -> None:
    command(lambda: output.current().result({"media": 3}, lambda console: console.print("three media")))
    assert main.run(["probe"]) == 0
    assert capsys.readouterr().out == "three media\n"


def _raise(error: BaseException) -> Callable[[], None]:
    def action() -> None:
        raise error

    return action


def test_an_error_of_ours_exits_1_and_says_what_to_do(command, capsys) -> None:
    command(_raise(OwnerActionNeeded("the token ended; run: everyday photos login")))
    assert main.run(["probe"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "Error: the token ended; run: everyday photos login\n"


def test_an_error_with_json_is_the_one_document(command, capsys) -> None:
    command(_raise(OwnerActionNeeded("the token ended")))
    assert main.run(["probe", "--json"]) == 1
    error = json.loads(capsys.readouterr().out)
    assert error == {"error": {"type": "OwnerActionNeeded", "message": "the token ended"}}


@pytest.mark.parametrize("arguments", [["nonsense"], ["probe", "--nonsense"], ["local", "up", "surplus"]])
def test_wrong_usage_exits_2(command, capsys, arguments) -> None:
    command(lambda: None)
    assert main.run(arguments) == 2
    assert "--help" in capsys.readouterr().err
    assert main.run([*arguments, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["type"] == "Usage"


def test_ctrl_c_exits_1_without_a_traceback(command, capsys) -> None:
    command(_raise(KeyboardInterrupt()))
    assert main.run(["probe"]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_a_fault_of_the_program_keeps_its_traceback_in_a_log_without_the_secret(command, capsys) -> None:
    command(_raise(RuntimeError(f"GET https://x/?access_token=IGsecret {GHOST_KEY}")))
    assert main.run(["probe"]) == 1
    told = capsys.readouterr().err
    log = output.LOG.read_text()
    assert str(output.LOG) in told
    assert "RuntimeError" in log
    assert "raise error" in log
    for text in (told, log):
        assert "IGsecret" not in text
        assert GHOST_KEY not in text
    assert output.LOG.stat().st_mode & 0o077 == 0


def test_debug_shows_the_traceback(command, capsys) -> None:
    command(_raise(RuntimeError("broken")))
    assert main.run(["probe", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert not output.LOG.exists()


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("https://g/me?access_token=abc.def&x=1", "abc.def"),
        ("Authorization: Bearer IGAAsecret", "IGAAsecret"),
        ("{'access_token': 'abcdef'}", "abcdef"),
        (f"key {GHOST_KEY}.", GHOST_KEY),
        ("Ghost eyJhbGciOi.eyJpYXQi.c2ln", "eyJpYXQi"),
        ("AKIAABCDEFGHIJKLMNOP", "AKIAABCDEFGHIJKLMNOP"),
        ("https://s3/x?X-Amz-Signature=beef01&y", "beef01"),
    ],
)
def test_secrets_are_taken_out_of_texts(text: str, hidden: str) -> None:
    assert hidden not in without_secrets(text)


@pytest.mark.parametrize(
    "text",
    [
        "62 media archived; see https://blog.example.com/ig-17900000000000001/?page=2",
        "the secret Instagram holds no access_token; run `everyday photos login`",
    ],
)
def test_plain_text_is_left_as_it_is(text: str) -> None:
    assert without_secrets(text) == text


def test_progress_on_a_pipe_writes_nothing(capsys) -> None:
    with Output().progress() as progress:
        progress.begin("Backing up", 2)
        progress.step("one", size=10)
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


def test_progress_on_a_terminal_shows_what_is_done(capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with Output().progress() as progress:
        progress.begin("Backing up", 2)
        progress.step("one", size=1_000_000)
        progress.step("two")
    assert "2/2" in capsys.readouterr().err


def test_work_that_is_done_side_by_side_has_a_bar_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with Output().progresses(2) as (one, beside):
        one.begin("Backing up", 1)
        beside.begin("Running jobs", 2)
        for each in (one, beside, beside):
            each.step("a")
    last = capsys.readouterr().err.splitlines()[-3:]
    assert any("Backing up" in line and "1/1" in line for line in last)
    assert any("Running jobs" in line and "2/2" in line for line in last)


def test_a_bar_of_unknown_length_ends_full_when_the_next_begins() -> None:
    from rich.progress import Progress

    rich = Progress(disable=True)
    bars = output.Bars(rich)
    bars.begin("Starting", None)
    bars.step("one")
    bars.begin("Deploying", 3)
    assert [task.finished for task in rich.tasks] == [True, False]
    bars.done()
    assert [task.finished for task in rich.tasks] == [True, True]


def test_every_command_takes_json() -> None:
    context = click.Context(main.everyday)
    for name in ("local", "photos", "jobs"):
        group = main.everyday.get_command(context, name)
        assert isinstance(group, Group)
        for each in group.list_commands(context):
            command = group.get_command(context, each)
            assert command
            assert "--json" in {option for parameter in command.params for option in parameter.opts}


def test_help_starts_without_boto3_and_names_every_capability() -> None:
    script = (
        "import sys; from everyday_cli.main import run; status = run(['--help']);"
        "heavy = {'boto3', 'rich', 'requests', 'msgspec', 'pydantic'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env=dict(os.environ)
    )
    assert (done.returncode, done.stderr) == (0, "")
    for name in main.CAPABILITIES:
        assert f"  {name} " in done.stdout
    assert "Examples:" in done.stdout


def test_a_reader_that_leaves_hears_no_complaint() -> None:
    script = "from everyday_cli.main import main; import sys; sys.argv[1:] = ['--help']; main()"
    done = subprocess.run(
        f'{sys.executable} -c "{script}" | true', shell=True, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
