"""A deploy is skipped exactly when nothing it is made of changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from everyday_local.inputs import digest

CONTEXT = {"ghost_url": "http://127.0.0.1:2368"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("app.py", "stacks/photos.py", "functions/a/handler.py", "layers/core/python/x.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path


def touch(name: str, text: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        file = project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return change


def test_the_same_project_has_the_same_digest(project: Path) -> None:
    assert digest(project, CONTEXT) == digest(project, dict(CONTEXT))


@pytest.mark.parametrize(
    "change",
    [
        touch("app.py", "other"),
        touch("stacks/photos.py", "other"),
        touch("functions/a/handler.py", "other"),
        touch("functions/b/handler.py", ""),
        touch("layers/core/python/x.py", "other"),
        touch("everyday.toml", "[photos]"),
        lambda project: (project / "app.py").unlink(),
        lambda project: (project / "stacks/photos.py").rename(project / "stacks/renamed.py"),
    ],
)
def test_a_changed_source_changes_it(project: Path, change: Callable[[Path], None]) -> None:
    before = digest(project, CONTEXT)
    change(project)
    assert digest(project, CONTEXT) != before


@pytest.mark.parametrize(
    "change",
    [touch("stacks/__pycache__/photos.pyc", "x"), touch("docs/local.md", "x"), touch("tests/test_a.py", "x")],
)
def test_what_is_not_deployed_does_not(project: Path, change: Callable[[Path], None]) -> None:
    before = digest(project, CONTEXT)
    change(project)
    assert digest(project, CONTEXT) == before


def test_another_address_changes_it(project: Path) -> None:
    assert digest(project, CONTEXT) != digest(project, {"ghost_url": "http://127.0.0.1:2369"})
