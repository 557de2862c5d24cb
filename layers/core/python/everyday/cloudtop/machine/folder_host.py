"""A machine that is only a process: devices are folders, a mount is a symbolic link. For local mode."""

import json
import subprocess
from pathlib import Path

from everyday.cloudtop.machine.ports import HostError, Probe

_MARKER = ".file-system.json"


class FolderHost:
    """The Host port over `folder`: `devices/<volume id without dash>` are links to the volumes' folders."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def device_of(self, volume: str) -> Path | None:
        device = self._folder / "devices" / volume.replace("-", "")
        return device if device.is_dir() else None

    def probe(self, device: Path) -> Probe:
        marker = device / _MARKER
        if not marker.exists():
            return Probe(kind=None, uuid=None, zero=not any(device.iterdir()))
        try:
            return Probe(kind="ext4", uuid=str(json.loads(marker.read_text())["uuid"]), zero=False)
        except (OSError, ValueError, KeyError) as error:
            raise HostError(f"{marker} cannot be read: {error}") from error

    def make_filesystem(self, device: Path, uuid: str) -> None:
        (device / _MARKER).write_text(json.dumps({"uuid": uuid}))

    def check(self, device: Path, kind: str) -> bool:
        return (device / _MARKER).exists() and kind == "ext4"

    def grow(self, device: Path, kind: str, path: Path) -> None:
        """A folder is as large as its disk."""

    def mount(self, device: Path, path: Path, *, read_only: bool = False) -> None:  # noqa: ARG002 - a link
        if self.mounted(path):
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)  # of a device that is gone
            path.symlink_to(device.resolve())
        except OSError as error:
            raise HostError(f"{path} cannot be mounted: {error}") from error

    def mounted(self, path: Path) -> bool:
        return path.is_symlink() and path.is_dir()

    def unmount(self, path: Path) -> bool:
        path.unlink(missing_ok=True)
        return True

    def sync(self) -> None:
        """The kernel of the laptop does."""

    def warn(self, text: str) -> None:
        with (self._folder / "terminal").open("a") as terminal:
            terminal.write(text + "\n")

    def stop_services(self) -> None:
        """There are none."""

    def run_hook(self, path: Path, seconds: float) -> str:
        return run_hook([str(path)], path, seconds)


def run_hook(command: list[str], path: Path, seconds: float) -> str:
    """Run the owner's program, bounded; how it ended. Never raises."""
    if not path.exists():
        return "there is none"
    if seconds <= 0:
        return "no time is left for it"
    try:
        done = subprocess.run(command, timeout=seconds, check=False, capture_output=True)  # noqa: S603 - the owner's
    except subprocess.TimeoutExpired:
        return f"stopped after {seconds:.0f} s"
    except OSError as error:
        return f"could not be started: {error}"
    return f"ended with {done.returncode}"
