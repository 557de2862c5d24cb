"""Fixtures of the commands: their stores are in memory."""

from pathlib import Path

import pytest

from everyday_cli import jobs_stores, photos_stores
from tests.cli import jobs_world
from tests.cli.photos_world import Cli, MemoryTarget, Stores


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Commands run in an empty folder, where no local mode is up."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVERYDAY_LOCAL", str(tmp_path / "nothing"))
    return Cli(capfd)


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> Stores:
    """The photos commands work on stores in memory."""
    made = Stores()
    monkeypatch.setattr(photos_stores, "Target", MemoryTarget)
    monkeypatch.setattr(MemoryTarget, "stores", made, raising=False)
    return made


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> jobs_world.Stage:
    """The jobs commands work on a stage in memory."""
    made = jobs_world.Stage()
    monkeypatch.setattr(jobs_stores, "Target", jobs_world.MemoryTarget)
    monkeypatch.setattr(jobs_world.MemoryTarget, "world", made, raising=False)
    return made
