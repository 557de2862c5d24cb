"""`everyday init` writes what is allowed, asks what it must, and overwrites nothing of the owner's."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from everyday_cli.main import everyday
from everyday_cli.output import Output
from stacks.config import Config, load
from stacks.config_text import as_toml


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _init(*words: str, answers: str = "") -> Result:
    return CliRunner().invoke(everyday, ["init", *words], input=answers, obj=Output(json="--json" in words))


def test_yes_asks_nothing_and_writes_the_defaults(folder: Path) -> None:
    assert _init("--yes").exit_code == 0
    assert (folder / "everyday.toml").read_text() == as_toml(Config())


def test_it_asks_what_has_no_good_answer_of_its_own(folder: Path) -> None:
    result = _init(answers="eu-central-1\nme@example.org\nhttps://blog.example.org\npublished\n")
    assert result.exit_code == 0, result.output
    config = load(folder / "everyday.toml")
    assert (config.everyday.region, config.everyday.alarm_email) == ("eu-central-1", "me@example.org")
    assert (config.photos.blog_url, config.photos.status) == ("https://blog.example.org", "published")


def test_a_wrong_answer_is_explained_and_asked_again(folder: Path) -> None:
    result = _init(answers="Frankfurt\neu-central-1\n\n\nlive\ndraft\n")
    assert result.exit_code == 0, result.output
    assert "such as eu-central-1" in result.stderr
    assert '"live" (text)' in result.stderr
    assert load(folder / "everyday.toml").everyday.region == "eu-central-1"


def test_what_is_given_is_not_asked(folder: Path) -> None:
    result = _init("--region", "eu-west-1", "--status", "published", answers="\n\n")
    assert result.exit_code == 0, result.output
    config = load(folder / "everyday.toml")
    assert (config.everyday.region, config.photos.status) == ("eu-west-1", "published")


def test_a_wrong_option_is_wrong_usage_and_writes_nothing(folder: Path) -> None:
    result = _init("--yes", "--status", "live")
    assert result.exit_code == 2
    assert 'allowed: "draft", "published"' in result.stderr
    assert not (folder / "everyday.toml").exists()


def test_settings_of_the_owner_are_overwritten_by_force_only(folder: Path) -> None:
    mine = folder / "everyday.toml"
    mine.write_text("[photos]\nenabled = false\n")
    refused = _init("--yes")
    assert refused.exit_code == 1
    assert "--force" in str(refused.exception)
    assert mine.read_text() == "[photos]\nenabled = false\n"
    assert _init("--yes", "--force").exit_code == 0
    assert mine.read_text() == as_toml(Config())


def test_untouched_defaults_may_be_overwritten(folder: Path) -> None:
    _init("--yes")
    assert _init("--yes", "--status", "published").exit_code == 0
    assert load(folder / "everyday.toml").photos.status == "published"


def test_a_dry_run_shows_the_file_and_writes_nothing(folder: Path) -> None:
    result = _init("--yes", "--dry-run", "--region", "eu-west-1")
    assert 'region = "eu-west-1"' in result.stdout
    assert not (folder / "everyday.toml").exists()


def test_json_is_one_document_and_asks_nothing(folder: Path) -> None:
    result = _init("--json", "--file", "other.toml")
    report = json.loads(result.stdout)
    assert (report["path"], report["written"]) == ("other.toml", True)
    assert report["settings"]["photos"]["status"] == "draft"
    assert (folder / "other.toml").exists()
