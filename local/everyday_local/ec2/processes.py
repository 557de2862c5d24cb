"""Instances as processes of this machine: each runs the real machine's program over folders.

`volumes/` has a folder for each volume, `snapshots/` a copy for each snapshot, `instances/` what a machine
sees: `devices/` with links to the volumes that are attached to it, and `persistent`, where one is mounted.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from shutil import copytree

import everyday
from everyday.cloudtop.machine.settings import lines_of

_PROGRAM = ("-m", "everyday.cloudtop.machine", "boot")
_INHERITED = ("PATH", "LANG", "TMPDIR")
_END_SECONDS = 10


class ProcessHypervisor:
    """See `hypervisor.Hypervisor`. `environment`: what every machine is told besides its user data, such as
    the addresses of the local AWS. `close` ends all of them."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def launch(self, instance: str, *, user_data: str, imds_url: str) -> None:
        place = self.place(instance)
        (place / "devices").mkdir(parents=True, exist_ok=True)
        with (place / "log").open("ab") as log:
            self._running[instance] = subprocess.Popen(
                [sys.executable, *_PROGRAM],
                env=self._told(place, user_data, imds_url),
                cwd=place,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def end(self, instance: str) -> None:
        """As a power cut: nothing of it runs on, and nothing of it is told before."""
        process = self._running.pop(instance, None)
        if process is None:
            return
        with suppress(ProcessLookupError):  # all of it has ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_END_SECONDS)
        self._mounted(instance).unlink(missing_ok=True)

    def attach(self, instance: str, volume: str, device: str) -> None:  # noqa: ARG002 - found by its serial
        link = self._device(instance, volume)
        link.unlink(missing_ok=True)
        link.symlink_to(self.volume(volume))

    def detach(self, instance: str, volume: str) -> bool:
        mounted = self._mounted(instance)
        if mounted.is_symlink() and mounted.resolve() == self.volume(volume).resolve():
            return False
        self._device(instance, volume).unlink(missing_ok=True)
        return True

    def made(self, volume: str, *, size_gib: int, snapshot: str | None) -> None:  # noqa: ARG002 - a folder
        if snapshot is None:
            self.volume(volume).mkdir(parents=True, exist_ok=True)
        else:
            copytree(self._copy(snapshot), self.volume(volume), symlinks=True)

    def taken(self, snapshot: str, *, volume: str) -> None:
        copytree(self.volume(volume), self._copy(snapshot), symlinks=True)

    def close(self) -> None:
        """End every machine."""
        for instance in list(self._running):
            self.end(instance)

    def place(self, instance: str) -> Path:
        """The machine's folder: its log, its terminal, its volume under `persistent`."""
        return self._folder / "instances" / instance

    def volume(self, volume: str) -> Path:
        """What is on the volume."""
        return self._folder / "volumes" / volume

    def _told(self, place: Path, user_data: str, imds_url: str) -> dict[str, str]:
        settings = [line.strip() for line in user_data.splitlines() if line.strip().startswith("CT_")]
        return {
            **{name: os.environ[name] for name in _INHERITED if name in os.environ},
            "HOME": str(place),
            "PYTHONPATH": str(Path(everyday.__file__).parent.parent),
            "CT_HOST": "folder",
            "CT_HOST_FOLDER": str(place),
            "CT_IMDS": imds_url,
            **self._environment,
            **lines_of("\n".join(settings)),
        }

    def _device(self, instance: str, volume: str) -> Path:
        return self.place(instance) / "devices" / volume.replace("-", "")

    def _mounted(self, instance: str) -> Path:
        return self.place(instance) / "persistent"

    def _copy(self, snapshot: str) -> Path:
        return self._folder / "snapshots" / snapshot
