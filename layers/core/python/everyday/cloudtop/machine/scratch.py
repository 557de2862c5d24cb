"""Disks that end with the machine, as one fast file system. Never an EBS volume, and never a failed boot."""

import os
from collections.abc import Iterable
from logging import getLogger
from pathlib import Path

from everyday.cloudtop.machine.commands import run, tried
from everyday.cloudtop.machine.ports import HostError
from everyday.cloudtop.names import SCRATCH_PATH

log = getLogger("everyday.cloudtop")

MODEL = "Amazon EC2 NVMe Instance Storage"
SERIAL = "AWS"
"""Instance-store disks have serial numbers that begin so; those of EBS volumes begin with `vol`."""

ARRAY = "/dev/md/scratch"
ASSEMBLY_TRIES = 30


def instance_store(disks: Path = Path("/sys/block")) -> list[str]:
    """Names of the instance-store disks, sorted: `nvme1n1`."""
    return sorted(it.name for it in disks.glob("nvme*n1") if _is_instance_store(it))


def array_of(mdstat: str, disks: Iterable[str]) -> tuple[str, bool] | None:
    """The array that already has one of the disks, and whether it is active, by /proc/mdstat."""
    for line in mdstat.splitlines():
        name, colon, rest = line.partition(" : ")
        words = rest.split()
        if colon and words and any(word.split("[")[0] in disks for word in words[1:]):
            return name, words[0] == "active"
    return None


def open_scratch(path: Path = Path(SCRATCH_PATH)) -> None:
    """Mount them at `path`; what goes wrong is logged."""
    try:
        disks = instance_store()
        if disks and not os.path.ismount(path):
            _mount(_device(disks), path)
    except (HostError, OSError) as error:
        log.warning("no scratch: %s", error)


def _is_instance_store(disk: Path) -> bool:
    def text(name: str) -> str:
        file = disk / "device" / name
        return file.read_text().strip() if file.exists() else ""

    return text("model") == MODEL or text("serial").startswith(SERIAL)


def _device(disks: list[str]) -> str:
    if len(disks) == 1:
        return f"/dev/{disks[0]}"
    tried("udevadm", "settle", "--timeout=30")
    return _assembled(disks) or _made(disks)


def _assembled(disks: list[str]) -> str:
    """The array of an earlier boot, which udev assembles by itself, in its own time: to create one then would
    fail busy, or write over it."""
    for _ in range(ASSEMBLY_TRIES):
        found = array_of(Path("/proc/mdstat").read_text(), disks) if Path("/proc/mdstat").exists() else None
        if found is None and not any(_is_member(disk) for disk in disks):
            return ""
        if found and found[1]:
            return f"/dev/{found[0]}"
        tried("mdadm", "--run", f"/dev/{found[0]}") if found else tried("mdadm", "--assemble", "--scan")
        run("sleep", "1")
    raise HostError(f"the array of {', '.join(disks)} does not come up")


def _is_member(disk: str) -> bool:
    return run("mdadm", "--examine", f"/dev/{disk}", fine=(0, 1)).returncode == 0


def _made(disks: list[str]) -> str:
    members = [f"/dev/{disk}" for disk in disks]
    run(
        "mdadm", "--create", ARRAY, "--run", "--level=0", f"--raid-devices={len(disks)}",
        "--homehost=any", "--name=scratch", *members,
    )  # fmt: skip
    return ARRAY


def _mount(device: str, path: Path) -> None:
    """What it was used for before is over: only a file system of an earlier boot of this machine is kept."""
    if run("blkid", "--probe", device, fine=(0, 2)).returncode == 2:
        run(
            "mkfs.ext4",
            "-q",
            "-F",
            "-E",
            "nodiscard,lazy_itable_init=1",
            "-L",
            "scratch",
            device,
            seconds=300,
        )
    path.mkdir(parents=True, exist_ok=True)
    run("mount", "-o", "noatime", device, str(path))
    path.chmod(0o1777)
