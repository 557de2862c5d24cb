"""The contract of every photos command, over stores in memory."""

from datetime import timedelta
from io import StringIO

import click
import pytest
from msgspec.structs import replace
from rich.console import Console

from everyday.errors import OwnerActionNeeded, SourceThrottled, Unavailable
from everyday.photos.archive import file_key
from everyday.photos.catalog import State
from everyday_cli import main, photos_login_commands
from everyday_cli.photos_views import show_entries
from tests.builders import NOW
from tests.cli.photos_world import TOKEN, Cli, Stores
from tests.unit.photos.filled import replaced


def a_token(days_left: float) -> dict[str, str]:
    expires = NOW + timedelta(days=days_left)
    return {
        "access_token": TOKEN,
        "obtained_at": (expires - timedelta(days=60)).isoformat(),
        "expires_at": expires.isoformat(),
    }


@pytest.fixture
def filled(cli: Cli, stores: Stores) -> Stores:
    """Two posts and a carousel, backed up; the newest is on the blog. A token that lives long."""
    stores.account.post("First light")
    stores.account.post("Three of a kind", items=3)
    newest = stores.account.post("مساء الخير 🌅\nand more")
    stores.secrets.put("instagram", a_token(50))
    assert cli("photos", "backup").status == 0
    assert cli("photos", "post", newest).status == 0
    return stores


EVERY_COMMAND = {
    "backup": ["backup"],
    "backup plan": ["backup", "--dry-run", "--complete"],
    "post": ["post"],
    "post plan": ["post", "--dry-run"],
    "post one": ["post", "17900000000000001"],
    "list": ["list"],
    "list some": ["list", "--state", "posted", "--limit", "1"],
    "show": ["show", "17900000000000002"],
    "verify": ["verify"],
    "restore": ["restore", "out"],
    "restore plan": ["restore", "out", "--dry-run"],
    "rebuild": ["rebuild"],
    "token": ["token"],
}


@pytest.mark.parametrize("arguments", EVERY_COMMAND.values(), ids=list(EVERY_COMMAND))
def test_json_is_one_document_on_stdout_and_nothing_else(
    cli: Cli, filled: Stores, arguments: list[str]
) -> None:
    done = cli("photos", *arguments, "--json")
    assert (done.status, done.err) == (0, "")
    assert isinstance(done.document, dict | list)
    assert TOKEN not in done.out


@pytest.mark.parametrize("arguments", EVERY_COMMAND.values(), ids=list(EVERY_COMMAND))
def test_a_person_on_a_pipe_gets_text_without_colours_or_trailing_spaces(
    cli: Cli, filled: Stores, arguments: list[str]
) -> None:
    done = cli("photos", *arguments)
    assert (done.status, done.err) == (0, "")
    assert done.out.strip()
    assert "\x1b" not in done.out
    assert all(line == line.rstrip() for line in done.out.splitlines())
    assert TOKEN not in done.out


@pytest.mark.parametrize(
    "arguments",
    [["backup", "--dry-run"], ["backup", "--complete", "--dry-run"], ["post", "--dry-run"],
     ["post", "17900000000000001", "--dry-run"], ["rebuild", "--dry-run"], ["restore", "out", "--dry-run"],
     ["list"], ["show", "17900000000000001"], ["verify"], ["token"]],
)  # fmt: skip
def test_a_dry_run_and_a_look_change_nothing(
    cli: Cli, filled: Stores, tmp_path, arguments: list[str]
) -> None:
    filled.account.post("Not yet backed up")
    filled.catalog.entries.pop("17900000000000002")
    before = filled.state()
    assert cli("photos", *arguments).status == 0
    assert filled.state() == before
    assert not (tmp_path / "out").exists()


def test_a_plan_names_what_the_run_then_does(cli: Cli, filled: Stores) -> None:
    new = filled.account.post("Fresh")
    filled.account.edit("17900000000000003", caption="Other words")
    plan = cli("photos", "backup", "--dry-run", "--json").document
    assert (plan["new"], plan["edited"]) == ([new], ["17900000000000003"])
    report = cli("photos", "backup", "--json").document
    assert (report["new"], report["edited"]) == (1, 1)
    told = cli("photos", "backup", "--dry-run").out
    assert "A run would change nothing." in told


def test_post_one_posts_that_one_and_says_where(cli: Cli, filled: Stores) -> None:
    planned = cli("photos", "post", "17900000000000001", "--dry-run", "--json").document
    assert [it["id"] for it in planned] == ["17900000000000001"]
    outcome = cli("photos", "post", "17900000000000001", "--json").document
    assert (outcome["done"], outcome["url"]) == ("created", "https://blog.example/ig-17900000000000001/")
    assert filled.catalog.entries["17900000000000001"].state is State.POSTED
    assert filled.catalog.entries["17900000000000002"].state is State.STORED


def test_a_medium_that_was_not_posted_is_a_failure_with_its_reason(cli: Cli, filled: Stores) -> None:
    parked = replace(
        filled.catalog.entries["17900000000000001"], state=State.PARKED, reason="no picture fits"
    )
    filled.catalog.put(parked)
    for medium_id, reason in (("17900000000000001", "no picture fits"), ("123", "no such medium")):
        done = cli("photos", "post", medium_id)
        assert done.status == 1
        assert reason in done.out


def test_list_says_why_something_waits(cli: Cli, filled: Stores) -> None:
    entry = filled.catalog.entries["17900000000000001"]
    filled.catalog.put(replace(entry, state=State.PARKED, reason="looks like 17900000000000002"))
    told = cli("photos", "list", "--state", "parked").out
    assert "looks like 17900000000000002" in told
    assert "Nothing is kept." in cli("photos", "list", "--state", "kept").out


def test_list_is_newest_first_with_every_field_for_a_program(cli: Cli, filled: Stores) -> None:
    listed = cli("photos", "list", "--json").document
    assert [it["id"][-1] for it in listed] == ["3", "2", "1"]
    assert {"id", "title", "state", "files", "size", "reason", "permalink", "post"} <= set(listed[0])
    assert "the newest 2; --limit 0 shows all" in cli("photos", "list", "--limit", "2").out


def test_list_keeps_its_columns_on_a_narrow_terminal(cli: Cli, filled: Stores) -> None:
    out = StringIO()
    entries = list(filled.catalog.timeline())
    show_entries(Console(file=out, width=80), entries, only=None, limit=50)
    lines = out.getvalue().splitlines()
    assert all(medium.id in out.getvalue() for medium in entries)
    assert len(lines) == len(entries) + 1
    at = lines[0].index("state")
    assert [line[at:].split()[0] for line in lines[1:]] == ["posted", "stored", "stored"]


def test_what_a_caption_says_cannot_steer_the_terminal(cli: Cli, filled: Stores) -> None:
    id_ = filled.account.post("[red]loud[/] \x1b[2J\u202eevil\x07")
    filled.account.edit("17900000000000001", caption="\x1b]0;title\x07 new")
    cli("photos", "backup", "--complete")
    for told in (cli("photos", "list").out, cli("photos", "show", id_).out, cli("photos", "backup").out):
        assert not {"\x1b", "\x07", "\u202e"} & set(told)
    assert "[red]loud[/] [2Jevil" in cli("photos", "list").out
    assert "\x1b" not in cli("photos", "show", "17900000000000001").out


def test_show_tells_history_files_and_where_it_is(cli: Cli, filled: Stores) -> None:
    filled.account.edit("17900000000000003", caption="Other words")
    cli("photos", "backup", "--complete")
    told = cli("photos", "show", "17900000000000003").out
    for text in ("Other words", "until 2026-05-01:", "مساء الخير 🌅", "1.png", "https://blog.example/ig-"):
        assert text in told
    document = cli("photos", "show", "17900000000000003", "--json").document
    assert len(document["sidecar"]["revisions"]) == 1
    assert document["entry"]["state"] == "edited"


def test_show_of_an_unknown_medium_says_where_ids_are(cli: Cli, filled: Stores) -> None:
    done = cli("photos", "show", "9")
    assert (done.status, done.out) == (1, "")
    assert "everyday photos list" in done.err


def test_verify_names_a_damaged_file_and_exits_1(cli: Cli, filled: Stores) -> None:
    key = file_key("17900000000000001", "1.png")
    replaced(filled.archive, key, filled.archive.objects[key].data[:-1] + b"?")
    done = cli("photos", "verify")
    assert done.status == 1
    assert f"corrupt {key}" in done.out
    assert "earlier version" in done.out
    assert cli("photos", "verify", "--json").document["findings"][0]["problem"] == "corrupt"


def test_restore_writes_the_folder_and_says_where_to_look(cli: Cli, filled: Stores, tmp_path) -> None:
    told = cli("photos", "restore", "out").out
    assert "5 files written" in told
    assert "out/index.html" in told
    assert (tmp_path / "out" / "index.html").is_file()
    assert "5 files were there already" in cli("photos", "restore", "out").out


def test_a_lost_catalog_is_made_again_and_posts_nothing_twice(cli: Cli, filled: Stores) -> None:
    before = dict(filled.catalog.entries)
    filled.catalog.entries.clear()
    plan = cli("photos", "rebuild", "--dry-run", "--json").document
    assert (plan["written"], filled.catalog.entries) == (3, {})
    assert cli("photos", "rebuild", "--json").document["written"] == 3
    assert {id_: it.state for id_, it in filled.catalog.entries.items()} == {
        id_: it.state for id_, it in before.items()
    }
    cli("photos", "post")
    assert len(filled.blog.posts) == 3


def test_one_bad_medium_fails_the_command_and_not_the_others(cli: Cli, stores: Stores) -> None:
    stores.account.post("Good")
    bad = stores.account.post("Bad")
    stores.account.unreadable.add(bad)
    done = cli("photos", "backup", "--json")
    assert done.status == 1
    assert (done.document["new"], done.document["failed"][0]["id"]) == (1, bad)
    assert f"{bad}: " in cli("photos", "backup").out


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OwnerActionNeeded("the token is dead; run `everyday photos login`"), "everyday photos login"),
        (Unavailable(f"no answer from https://x/?access_token={TOKEN}"), "no answer"),
    ],
)
def test_an_error_is_told_on_stderr_or_as_the_one_document_without_secrets(
    cli: Cli, stores: Stores, error: Exception, said: str
) -> None:
    stores.account.fault = lambda operation, argument: error
    plain, document = cli("photos", "backup"), cli("photos", "backup", "--json")
    assert (plain.status, plain.out, document.status, document.err) == (1, "", 1, "")
    assert said in plain.err
    assert document.document["error"]["type"] == type(error).__name__
    assert TOKEN not in plain.err + document.out


def test_a_rate_limit_says_when_it_goes_on(cli: Cli, stores: Stores) -> None:
    until = NOW + timedelta(hours=1)
    stores.account.post()
    stores.account.fault = lambda operation, argument: SourceThrottled("slow down", retry_at=until)
    assert "goes on after 13:00 UTC" in cli("photos", "backup").out


@pytest.mark.parametrize(
    ("days", "status", "said"), [(50, 0, "50 days"), (5, 1, "photos login"), (-2, 1, "expired")]
)
def test_token_tells_how_long_it_lives(cli: Cli, stores: Stores, days: float, status: int, said: str) -> None:
    stores.secrets.put("instagram", a_token(days))
    done = cli("photos", "token")
    assert (done.status, said in done.out) == (status, True)
    assert TOKEN not in done.out


def test_a_token_that_was_never_stored_says_what_to_run(cli: Cli, stores: Stores) -> None:
    done = cli("photos", "token")
    assert done.status == 1
    assert "instagram was never filled" in done.err


@pytest.mark.parametrize(
    "arguments",
    [["backup", "--archive", "x"], ["backup", "--export", "nope.zip"], ["post", "--force"], ["show"],
     ["list", "--state", "odd"], ["list", "--limit", "-1"], ["restore"], ["list", "--archive", "nowhere"],
     ["list", "--archive", "x", "--stage", "aws"], ["post", "--archive", "x"], ["login", "--archive", "x"],
     ["token", "--archive", "x"], ["nonsense"]],
)  # fmt: skip
def test_bad_usage_exits_2_and_points_to_help(
    cli: Cli, stores: Stores, monkeypatch, arguments: list[str]
) -> None:
    monkeypatch.setattr(photos_login_commands, "_ask", lambda what, *, from_stdin: TOKEN)
    done, document = cli("photos", *arguments), cli("photos", *arguments, "--json")
    assert (done.status, done.out, document.status, document.err) == (2, "", 2, "")
    assert "--help" in done.err
    assert document.document["error"]["type"] == "Usage"


@pytest.mark.parametrize(
    "name", ["backup", "post", "list", "show", "verify", "restore", "rebuild", "login", "token"]
)
def test_help_has_examples_that_are_commands_that_exist(cli: Cli, name: str) -> None:
    done = cli("photos", name, "--help")
    assert done.status == 0
    assert "--json" in done.out
    examples = done.out.partition("Examples:")[2].strip().splitlines()
    assert examples
    assert all(f"everyday photos {name}" in line for line in examples)


def test_ctrl_c_says_it_is_safe_to_run_again_and_the_next_run_goes_on(cli: Cli, stores: Stores) -> None:
    for _ in range(12):
        stores.account.post()

    def interrupt(operation: str, argument: str) -> None:
        if operation == "page" and argument:
            raise KeyboardInterrupt

    stores.account.fault = interrupt
    done = cli("photos", "backup")
    assert (done.status, done.out) == (1, "")
    assert "safe to run the command again" in done.err
    stores.account.fault = lambda operation, argument: None
    assert cli("photos", "backup").status == 0
    assert {it.state for it in stores.catalog.entries.values()} == {State.STORED}
    assert len(stores.catalog.entries) == 12


def test_every_photos_command_is_tested_here() -> None:
    tested = {arguments[0] for arguments in EVERY_COMMAND.values()} | {"login"}
    context = click.Context(main.everyday)
    group = main.everyday.get_command(context, "photos")
    assert isinstance(group, click.Group)
    assert set(group.list_commands(context)) == tested
