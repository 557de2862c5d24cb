"""CodeBuild's part of a pipeline, as the stand-in does it on this machine."""

import io
import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from everyday_local.pipeline.building import BuildFailed, build


def a_project(command: str, folder: str = "dist", **variables: str) -> dict[str, Any]:
    """As `batch_get_projects` tells it; the specification is that of `stacks/constructs/site_build.py`."""
    steps = {
        "version": "0.2",
        "phases": {"build": {"commands": [command]}},
        "artifacts": {"base-directory": folder, "files": ["**/*"]},
    }
    stated = [{"name": name, "value": value, "type": "PLAINTEXT"} for name, value in variables.items()]
    return {
        "name": "Project",
        "source": {"type": "CODEPIPELINE", "buildspec": json.dumps(steps)},
        "environment": {"environmentVariables": stated},
    }


def a_zip(**files: str) -> bytes:
    made = io.BytesIO()
    with ZipFile(made, "w") as zipped:
        for name, text in files.items():
            zipped.writestr(name, text)
    return made.getvalue()


def unzipped(body: bytes) -> dict[str, str]:
    with ZipFile(io.BytesIO(body)) as zipped:
        return {name: zipped.read(name).decode() for name in zipped.namelist()}


def test_what_the_command_makes_is_handed_on() -> None:
    command = 'mkdir -p dist/css && echo "$WORD" > dist/index.html && cp a.css dist/css/'
    made = build(a_project(command, WORD="hello"), a_zip(**{"a.css": "a{}", "README": "x"}))
    assert unzipped(made) == {"index.html": "hello\n", "css/a.css": "a{}"}


def test_a_command_that_fails_says_what_it_said() -> None:
    with pytest.raises(BuildFailed, match=r"`echo no dice; exit 3` ended with 3: no dice"):
        build(a_project("echo no dice; exit 3"), a_zip(a="b"))


def test_a_build_that_makes_nothing_is_a_failure() -> None:
    with pytest.raises(BuildFailed, match="no folder dist"):
        build(a_project("true"), a_zip(a="b"))


def test_a_single_folder_in_the_zip_is_not_taken_for_the_whole() -> None:
    source = a_zip(**{"public/index.html": "hi"})
    assert unzipped(build(a_project("test -d public", "public"), source)) == {"index.html": "hi"}


def test_a_zip_with_a_trap_is_refused_before_anything_runs(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    with pytest.raises(BuildFailed, match=r"\.\./x: its name leads out"):
        build(a_project(f"touch {marker}"), a_zip(**{"../x": "y"}))
    assert not marker.exists()


def test_a_command_has_no_variable_of_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "owner")
    made = build(a_project("mkdir dist && env > dist/env"), a_zip(a="b"))
    assert "owner" not in unzipped(made)["env"]
