"""CodeBuild, on this machine: the project's own commands, in a folder of their own."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from everyday.adapters.site_zip import pack, unpack
from everyday.errors import SiteRefused

_SECONDS = 900.0
_TOLD = 1500
_PHASES = ("install", "pre_build", "build", "post_build")


class BuildFailed(Exception):
    """A command ended with an error, or there is nothing where the result should be."""


class _Phase(msgspec.Struct, frozen=True):
    commands: tuple[str, ...] = ()


class _Artifacts(msgspec.Struct, frozen=True, rename="kebab"):
    base_directory: str = "."


class BuildSpec(msgspec.Struct, frozen=True):
    """What a build specification says, as far as it is about commands and files."""

    phases: Mapping[str, _Phase] = {}
    artifacts: _Artifacts = _Artifacts()

    def commands(self) -> list[str]:
        return [each for name in _PHASES if name in self.phases for each in self.phases[name].commands]


def build(project: Mapping[str, Any], source: bytes) -> bytes:
    """The zip of what the project's commands make of a zip of sources. Raises BuildFailed."""
    spec = msgspec.json.decode(project["source"]["buildspec"], type=BuildSpec)
    with TemporaryDirectory(prefix="everyday-build-") as scratch:
        folder = Path(scratch) / "src"
        archive = Path(scratch) / "source.zip"
        archive.write_bytes(source)
        _unpack(archive, folder)
        for command in spec.commands():
            _run(command, folder, _variables(project))
        return _packed(folder / spec.artifacts.base_directory, Path(scratch))


def _unpack(archive: Path, folder: Path) -> None:
    """All that is in the zip, as CodeBuild has it: no folder in it is taken for the whole, as `unpack` would
    for a site, because commands and `base-directory` are meant from the top."""
    try:
        unpack(archive, folder)
    except SiteRefused as error:
        raise BuildFailed(str(error)) from error


def _run(command: str, folder: Path, variables: Mapping[str, str]) -> None:
    done = subprocess.run(  # noqa: S602 - it is the owner's own command, on the owner's machine
        command,
        shell=True,
        cwd=folder,
        env={**variables, "PATH": os.environ.get("PATH", ""), "HOME": str(folder.parent)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        said = done.stdout[-_TOLD:].decode(errors="replace").strip()
        raise BuildFailed(f"`{command}` ended with {done.returncode}: {said}")


def _variables(project: Mapping[str, Any]) -> dict[str, str]:
    stated: Sequence[Mapping[str, str]] = project.get("environment", {}).get("environmentVariables", [])
    return {each["name"]: each["value"] for each in stated}


def _packed(folder: Path, scratch: Path) -> bytes:
    if not folder.is_dir():
        raise BuildFailed(f"the build made no folder {folder.name}, which artifacts/base-directory names")
    made = scratch / "made.zip"
    pack(folder, made)
    return made.read_bytes()
