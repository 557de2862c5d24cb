"""Fixtures of the photos commands."""

from pathlib import Path

import pytest

from everyday_cli import photos_stores
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
