"""A folder of local mode of a test's own, and its processes, which end with the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from everyday_local.folder import Folder
from everyday_local.processes import Processes


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "local")


@pytest.fixture
def processes(folder: Folder) -> Iterator[Processes]:
    started = Processes(folder)
    yield started
    started.close()
