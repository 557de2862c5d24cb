"""`everyday local` without starting anything."""

import json
from pathlib import Path

import pytest

from everyday_cli import main
from everyday_local.folder import Folder
from everyday_local.up import Memory, remembered


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("EVERYDAY_LOCAL", str(tmp_path / "local"))
    return Folder.chosen()


def test_status_of_nothing(capsys: pytest.CaptureFixture[str], folder: Folder) -> None:
    assert main.run(["local", "status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"up": False, "folder": str(folder.path), "services": []}


def test_down_of_nothing_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["local", "down"]) == 0
    assert capsys.readouterr().out == "Nothing was running.\n"


def test_wiping_deletes_the_folder_and_nothing_beside_it(folder: Folder) -> None:
    folder.log("blog").write_text("x")
    beside = folder.path.parent / "beside"
    beside.write_text("mine")
    assert main.run(["local", "down", "--wipe", "--json"]) == 0
    assert not folder.path.exists()
    assert beside.exists()


def test_once_and_detach_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["local", "up", "--once", "--detach"]) == 2
    assert "choose one" in capsys.readouterr().err


def test_a_folder_that_posts_on_the_light_blog_refuses_ghost(
    capsys: pytest.CaptureFixture[str], folder: Folder
) -> None:
    (folder.sub("run") / "memory").write_text('{"ghost": false}')
    assert main.run(["local", "up", "--ghost"]) == 1
    assert "everyday local down --wipe" in capsys.readouterr().err


def test_a_damaged_memory_is_an_empty_one(folder: Folder) -> None:
    (folder.sub("run") / "memory").write_text("{")
    assert remembered(folder) == Memory()
