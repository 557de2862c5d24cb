"""Run the stand-in: inside this process (`running`) or in one of its own (`spawned`)."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from everyday_local.instagram.account import Account
from everyday_local.instagram.app import build_app
from everyday_local.instagram.faults import Faults
from everyday_local.instagram.standin import Standin
from everyday_local.serving import served


@contextmanager
def running(
    account: Account | None = None, *, faults: Faults | None = None, port: int = 0, **settings: Any
) -> Iterator[Standin]:
    """A stand-in on loopback while the block runs; `settings` are those of `Standin`."""
    standin = Standin(account, faults=faults, **settings)
    with serving(standin, port=port):
        yield standin


@contextmanager
def serving(standin: Standin, *, port: int = 0) -> Iterator[str]:
    """The address of a stand-in that is there already, while the block runs."""
    with served(build_app(standin), port=port) as url:
        standin.url = url
        yield url


class Spawned(NamedTuple):
    """A stand-in in another process: where it is, its token, and whose account it shows."""

    url: str
    token: str
    user_id: str
    username: str
    media: int
    client_id: str
    client_secret: str


@contextmanager
def spawned(*arguments: str) -> Iterator[Spawned]:
    """`python -m everyday_local.instagram` with these arguments, ended with the block."""
    command = [sys.executable, "-m", "everyday_local.instagram", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("the Instagram stand-in ended before it was ready")
            yield Spawned(**json.loads(line))
        finally:
            process.terminate()
            process.wait(10)
