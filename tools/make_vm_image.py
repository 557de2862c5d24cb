"""Make a virtual machine's disk with CloudTop's real boot files: `python -m tools.make_vm_image FOLDER`.

Debian with the kernel of its cloud images, then `image/provision`, then what stands in for EC2's side of a
boot (`tests/vm/guest`). NVMe and ext4 are built into that kernel, so there is no initial RAM disk. Takes a
minute with a quick mirror; needs root, mmdebstrap and e2fsprogs, and Debian's package mirror.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SUITE = "bookworm"
PACKAGES = (
    *("systemd", "systemd-sysv", "udev", "kmod", "dbus", "python3", "python3-boto3", "python3-yaml", "mdadm"),
    *("xfsprogs", "e2fsprogs", "openssh-server", "tmux", "procps", "psmisc", "iproute2", "git", "sudo"),
    *("ca-certificates", "linux-image-cloud-amd64"),
)
LEFT_OUT = ("doc", "man", "locale", "info")
MADE_OF = ("tools/make_vm_image.py", "tests/vm/guest", "image", "layers/core/python/everyday/cloudtop")
SIZE_MIB = 2048
GUEST = ROOT / "tests/vm/guest"


class CannotMake(Exception):
    """The image was not made; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VmImage:
    """`disk` is the root file system, never written to: machines write to an overlay."""

    disk: Path
    kernel: Path


def cached() -> VmImage:
    """The image of what the repository holds now, cached or made; older ones go. Raises CannotMake."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "everyday/vm"
    cache.mkdir(parents=True, exist_ok=True)
    wanted = cache / _fingerprint()
    with (cache / "lock").open("w") as lock:
        # Two test runs at once make it once, and neither takes what the other is making for an old one.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not wanted.is_dir():
            _make_into(wanted)
        for old in cache.iterdir():
            if old.is_dir() and old != wanted:
                shutil.rmtree(old)
    return _image_in(wanted)


def make(folder: Path, base: Path) -> VmImage:
    """Make the image in an empty folder; `base` keeps Debian's part for the next time. Raises CannotMake."""
    if not base.exists():
        _bootstrap(base)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        root = Path(scratch) / "root"
        root.mkdir()
        _run("tar", "-xf", base, "-C", root)
        _provision(root)
        _add_guest(root)
        shutil.copy(next((root / "boot").glob("vmlinuz-*")), folder / "kernel")
        _to_disk(root, folder / "disk")
    return _image_in(folder)


def _make_into(wanted: Path) -> None:
    with tempfile.TemporaryDirectory(dir=wanted.parent, prefix=".making-") as making:
        made = Path(making) / "image"
        made.mkdir()
        make(made, wanted.parent / f"debian-{_hash([*PACKAGES, *LEFT_OUT, SUITE])}.tar")
        made.rename(wanted)


def _bootstrap(base: Path) -> None:
    for older in base.parent.glob("debian-*.tar"):
        older.unlink()
    unfinished = base.with_suffix(".part.tar")
    options = [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in LEFT_OUT]
    _run(
        "mmdebstrap",
        "--variant=essential",
        f"--include={','.join(PACKAGES)}",
        *options,
        "--aptopt=APT::Install-Recommends false",
        SUITE,
        unfinished,
        env={"INITRD": "No"},
    )
    unfinished.rename(base)


def _provision(root: Path) -> None:
    source = root / "usr/local/src/everyday"
    for part in ("image", "layers/core/python/everyday"):
        shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
    # Only the names matter here: what is in the packages was unpacked with Debian's part.
    _in_root(root, "useradd", "--create-home", "--shell", "/bin/bash", "ubuntu")
    _in_root(root, "/usr/local/src/everyday/image/provision", env={"CT_PACKAGES": "", "CT_DOCKER": "no"})


def _add_guest(root: Path) -> None:
    shutil.copytree(GUEST / "root", root, dirs_exist_ok=True)
    for script in (root / "usr/local/lib/vm").iterdir():
        script.chmod(0o755)
    for file, text in _FILES.items():
        (root / file).write_text(text)
    _in_root(root, "systemctl", "enable", "vm-seed", "vm-network", "vm-shell", "docker")
    _in_root(root, "systemctl", "mask", *_NOT_NEEDED)


_FILES = {
    "etc/fstab": "/dev/root / ext4 defaults 0 0\n",
    "etc/hostname": "cloudtop\n",
    "etc/machine-id": "\n",
    "etc/resolv.conf": "nameserver 10.0.2.3\n",
}
_NOT_NEEDED = (
    *("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer"),
    *("fstrim.timer", "systemd-pstore.service", "e2scrub_reap.service", "systemd-timesyncd.service"),
    *("serial-getty@ttyS0.service", "getty@tty1.service", "systemd-tmpfiles-clean.timer"),
)


def _to_disk(root: Path, disk: Path) -> None:
    with disk.open("wb") as file:
        file.truncate(SIZE_MIB << 20)
    _run("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-L", "root", "-d", root, disk)


def _in_root(root: Path, *command: str, env: Mapping[str, str] | None = None) -> None:
    # A mount name space of its own: what is mounted for the command goes with it, even when it is killed.
    _run(
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        f"--mount-proc={root}/proc",
        "chroot",
        root,
        *command,
        env=env,
    )


_SURROUNDINGS = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C",
    "DEBIAN_FRONTEND": "noninteractive",
}


def _run(*command: str | Path, env: Mapping[str, str] | None = None) -> None:
    try:
        done = subprocess.run(
            command,
            env={**_SURROUNDINGS, **(env or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotMake(f"{command[0]} did not run: {error}") from error
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise CannotMake(f"{' '.join(map(str, command))[:200]} ended with {done.returncode}:\n{said}")


def _fingerprint() -> str:
    return _hash(part for file in _sources() for part in (str(file.relative_to(ROOT)), file.read_bytes()))


def _sources() -> Iterator[Path]:
    for place in (ROOT / part for part in MADE_OF):
        found = [place] if place.is_file() else place.rglob("*")
        yield from sorted(file for file in found if file.is_file() and "__pycache__" not in file.parts)


def _hash(parts: Iterable[str | bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


def _image_in(folder: Path) -> VmImage:
    return VmImage(disk=folder / "disk", kernel=folder / "kernel")


if __name__ == "__main__":
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    print(make(folder, folder / "debian.tar"))
