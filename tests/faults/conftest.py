"""The far ends of a whole `photos`, for tests over real connections."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from everyday_local.instagram.account import Post
from tests.contract.conftest import ministack
from tests.faults.seam import Seam, Services, far_ends
from tests.faults.wire import Clock, World, install

__all__ = ["ministack"]

MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def services(ministack: str) -> Iterator[Services]:
    with far_ends(ministack) as found:
        yield found


@pytest.fixture
def make_world(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeWorld]:
    """Makes worlds, one after the other: each takes the place of the one before."""
    clock, seam, numbers = Clock(), Seam(services), count()
    install(monkeypatch, clock)
    seam.install(monkeypatch)
    worlds: list[World] = []

    def make(*posts: Post) -> World:
        while worlds:
            worlds.pop().close()
        worlds.append(World(services, seam, clock, tmp_path / str(next(numbers)), *posts))
        return worlds[-1]

    yield make
    while worlds:
        worlds.pop().close()
