"""Podman with a store of its own, so that it leaves nothing behind."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# For machines where a container may not raise limits, has no network of its own, or no systemd: as in a
# container, or in a small virtual machine.
_CAUTIOUS = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
events_logger = "file"
cgroup_manager = "cgroupfs"
"""


class Podman:
    """Commands on one store in `folder`, whose path must be short. `configuration` replaces the machine's."""

    def __init__(self, folder: Path, configuration: Path | None = None) -> None:
        self.environment: Mapping[str, str] = {
            **os.environ,
            **({"CONTAINERS_CONF": str(configuration)} if configuration else {}),
        }
        self.folder = folder

    def command(self, *arguments: str | Path) -> Sequence[str]:
        places = {"root": "s", "runroot": "r", "tmpdir": "t"}
        store = [f"--{name}={self.folder / place}" for name, place in places.items()]
        return ["podman", *store, "--storage-driver=vfs", *map(str, arguments)]

    def run(self, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*arguments), env=self.environment, capture_output=True, text=True, timeout=120
        )

    def answer(self, *arguments: str | Path) -> str:
        """What it printed; raises AssertionError when it failed."""
        ran = self.run(*arguments)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()


def kinds(folder: Path) -> list[Podman]:
    """As the machine has it, and as it may work where that does not."""
    cautious = folder / "containers.conf"
    cautious.write_text(_CAUTIOUS, encoding="utf-8")
    return [Podman(folder), Podman(folder, cautious)]
