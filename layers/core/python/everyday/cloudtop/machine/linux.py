"""The machine's operating system. As root."""

import os
from logging import getLogger
from pathlib import Path
from tempfile import TemporaryDirectory

from everyday.cloudtop.machine.commands import run, tried
from everyday.cloudtop.machine.folder_host import run_hook
from everyday.cloudtop.machine.ports import HostError, Probe

log = getLogger("everyday.cloudtop")

EDGE_BYTES = 16 * 2**20
"""Looked at on both ends of a disk: superblocks, partition tables and the first block groups are there."""

CHECK_SECONDS = 3600
"""e2fsck of a large file system that was not unmounted; the journal alone takes seconds."""

OWNER = "ubuntu"


class LinuxHost:
    """The Host port. `disks`: /sys/block, where each disk has its serial number."""

    def __init__(self, disks: Path = Path("/sys/block"), devices: Path = Path("/dev")) -> None:
        self._disks = disks
        self._devices = devices

    def device_of(self, volume: str) -> Path | None:
        wanted = volume.replace("-", "")
        for serial in self._disks.glob("*/device/serial"):
            try:
                if serial.read_text().strip() == wanted:
                    return self._devices / serial.parent.parent.name
            except OSError:
                continue  # taken off meanwhile
        return None

    def probe(self, device: Path) -> Probe:
        told = run("blkid", "--probe", "--output", "export", str(device), fine=(0, 2, 8))
        found = dict(line.split("=", 1) for line in told.stdout.splitlines() if "=" in line)
        ambiguous = "ambiguous" if told.returncode == 8 else None
        kind = found.get("TYPE") or found.get("PTTYPE") or ambiguous
        return Probe(kind=kind, uuid=found.get("UUID"), zero=_is_zero(device))

    def make_filesystem(self, device: Path, uuid: str) -> None:
        # nodiscard: what is on the disk stays there until it is overwritten. No lazy work after the mount.
        run("mkfs.ext4", "-q", "-F", "-U", uuid, "-E", "nodiscard", str(device), seconds=600)

    def check(self, device: Path, kind: str) -> bool:
        if kind == "xfs":
            return self._check_xfs(device)
        # e2fsck(8): 0 no errors, 1 corrected, 2 corrected, but reboot, 4 left uncorrected.
        done = run("e2fsck", "-p", str(device), seconds=CHECK_SECONDS, fine=(0, 1, 2, 4))
        return done.returncode in (0, 1)

    def _check_xfs(self, device: Path) -> bool:
        """Only mounting replays its log, and xfs_repair(8) wants that done before it looks; 1: corruption."""
        with TemporaryDirectory(prefix="everyday-") as folder:
            try:
                run("mount", "-o", "rw,noatime", str(device), folder, seconds=CHECK_SECONDS)
            except HostError as error:
                log.warning("the log cannot be replayed: %s", error)
                return False
            run("umount", folder)
        return run("xfs_repair", "-n", str(device), seconds=CHECK_SECONDS, fine=(0, 1)).returncode == 0

    def grow(self, device: Path, kind: str, path: Path) -> None:
        if kind == "xfs":
            run("xfs_growfs", str(path), seconds=600)
        else:
            run("resize2fs", str(device), seconds=600)

    def mount(self, device: Path, path: Path, *, read_only: bool = False) -> None:
        if self.mounted(path):
            return
        path.mkdir(parents=True, exist_ok=True)
        if read_only:
            _mount_read_only(device, path)
            return
        run("mount", "-o", "rw,noatime", str(device), str(path), seconds=300)
        if _is_new(path):
            _give_to_owner(path)
        # After a reboot the disk was there before anybody knew whose it is: udev looks again, for /dev/xvdj.
        tried("udevadm", "trigger", "--settle", str(device))

    def mounted(self, path: Path) -> bool:
        return os.path.ismount(path)

    def unmount(self, path: Path) -> bool:
        self.sync()
        run("fuser", "--kill", "-TERM", "--mount", str(path), fine=(0, 1))
        for attempt in range(4):
            if run("umount", str(path), seconds=60, fine=(0, 32)).returncode == 0:
                return True
            signal = "-TERM" if attempt == 0 else "-KILL"
            run("fuser", "--kill", signal, "--mount", str(path), fine=(0, 1))
            run("sleep", "1")
        return not self.mounted(path)

    def sync(self) -> None:
        os.sync()

    def warn(self, text: str) -> None:
        tried("wall", text, seconds=5)
        for socket in Path("/tmp").glob("tmux-*/*"):  # noqa: S108 - where tmux has its sockets
            for client in tried(
                "tmux", "-S", str(socket), "list-clients", "-F", "#{client_name}", seconds=5
            ).split():
                tried("tmux", "-S", str(socket), "display-message", "-c", client, text, seconds=5)

    def stop_services(self) -> None:
        run(
            "systemctl", "stop", "ct-after.target", "docker.socket", "docker.service", seconds=45, fine=(0, 5)
        )

    def run_hook(self, path: Path, seconds: float) -> str:
        if not os.access(path, os.X_OK):
            return "there is none that can be run"
        command = ["runuser", "--user", OWNER, "--", "timeout", "--kill-after=2", f"{seconds:.0f}", str(path)]
        return run_hook(command, path, seconds + 5 if seconds > 0 else 0)


def _mount_read_only(device: Path, path: Path) -> None:
    """Without the journal when that cannot be replayed: better files of a minute ago than none."""
    try:
        run("mount", "-o", "ro,noatime", str(device), str(path), seconds=300)
    except HostError as error:
        log.warning("%s; once more without its journal", error)
        run("mount", "-o", "ro,noatime,norecovery", str(device), str(path), seconds=300)


def _is_zero(device: Path) -> bool:
    """Both ends hold nothing but zeros. Raises HostError: what cannot be read is not known to be empty."""
    try:
        with device.open("rb") as disk:
            end = disk.seek(0, os.SEEK_END)
            for start in (0, max(0, end - EDGE_BYTES)):
                disk.seek(start)
                if any(disk.read(EDGE_BYTES)):
                    return False
    except OSError as error:
        raise HostError(f"{device} cannot be read: {error}") from error
    return True


def _is_new(path: Path) -> bool:
    """Nothing but what mkfs makes is in it."""
    return {entry.name for entry in path.iterdir()} <= {"lost+found"}


def _give_to_owner(path: Path) -> None:
    run("chown", f"{OWNER}:{OWNER}", str(path))
