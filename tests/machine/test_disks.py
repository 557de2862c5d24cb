"""The storage guard on real disks: loop devices, as root. What holds data is never formatted."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from everyday.cloudtop.machine.guard import Format, Mount, Refuse, Verdict, judge
from everyday.cloudtop.machine.linux import LinuxHost
from everyday.cloudtop.machine.ports import HostError
from everyday.cloudtop.names import FIRST_USE_TAG, FORMATTED_TAG, FORMATTING_TAG

NEEDED = ("losetup", "mkfs.ext4", "mkfs.xfs", "e2fsck", "xfs_repair", "blkid", "resize2fs", "fuser")
UUID = "0b5ee3c6-6f0f-4c43-9d2f-0123456789ab"
FIRST_USE = {FIRST_USE_TAG: "yes"}
MIB = 2**20
SIZE = 400 * MIB  # xfs takes no less than 300 MiB

Content = Callable[[Path], None]


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=60)


@contextmanager
def _attached(file: Path) -> Iterator[Path]:
    made = subprocess.run(
        ["losetup", "--find", "--show", file], capture_output=True, text=True, check=False, timeout=30
    )
    if made.returncode:
        pytest.skip(f"there are no loop devices here: {made.stderr.strip()}")
    device = Path(made.stdout.strip())
    try:
        yield device
    finally:
        _run("losetup", "--detach", device)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A blank one. A loop device without its file's first use has nothing but zeros."""
    missing = [name for name in NEEDED if not shutil.which(name)]
    if os.geteuid() != 0 or missing:
        pytest.skip(f"loop devices need root{' and ' + ', '.join(missing) if missing else ''}")
    file = tmp_path / "disk"
    with file.open("wb") as opened:
        opened.truncate(SIZE)
    with _attached(file) as device:
        yield device


def _blank(_: Path) -> None:
    """As it came."""


def _ext4(disk: Path) -> None:
    _run("mkfs.ext4", "-q", "-F", "-b", "4096", "-U", UUID, disk)


def _xfs(disk: Path) -> None:
    _run("mkfs.xfs", "-q", "-f", "-m", f"uuid={UUID}", disk)


def _ext4_without_its_superblock(disk: Path) -> None:
    _ext4(disk)
    _write(disk, 0, bytes(4096))


def _gpt(disk: Path) -> None:
    _write(disk, 512, b"EFI PART\0\0\1\0\\\0\0\0")


def _random(disk: Path) -> None:
    _write(disk, 5 * MIB, os.urandom(4096))


def _only_at_the_end(disk: Path) -> None:
    _write(disk, SIZE - 4096, b"data")


def _half_made(disk: Path) -> None:
    """The first blocks of a file system whose maker was killed."""
    _write(disk, 64 * 1024, b"\1" * 4096)


def _write(disk: Path, at: int, what: bytes) -> None:
    with disk.open("r+b") as opened:
        opened.seek(at)
        opened.write(what)


CASES: list[tuple[str, Content, dict[str, str], type]] = [
    ("blank, first use", _blank, FIRST_USE, Format),
    ("blank", _blank, {}, Refuse),
    ("blank, was formatted once", _blank, {**FIRST_USE, FORMATTED_TAG: UUID}, Refuse),
    ("ext4", _ext4, {}, Mount),
    ("ext4, first use", _ext4, FIRST_USE, Mount),
    ("ext4, of another UUID than it was given", _ext4, {FORMATTED_TAG: "another"}, Refuse),
    ("xfs, first use", _xfs, FIRST_USE, Mount),
    ("ext4 with a zeroed superblock, first use", _ext4_without_its_superblock, FIRST_USE, Refuse),
    ("GPT, first use", _gpt, FIRST_USE, Refuse),
    ("random bytes, first use", _random, FIRST_USE, Refuse),
    ("data at its end only, first use", _only_at_the_end, FIRST_USE, Refuse),
    ("half made, its making begun", _half_made, {**FIRST_USE, FORMATTING_TAG: UUID}, Format),
    ("half made, nobody knows by whom", _half_made, FIRST_USE, Refuse),
    ("xfs, another's, while its making was begun", _xfs, {FORMATTING_TAG: "another"}, Refuse),
]


@pytest.mark.parametrize(
    ("content", "tags", "verdict"), [it[1:] for it in CASES], ids=[it[0] for it in CASES]
)
def test_what_may_be_done_with_a_disk(
    disk: Path, content: Content, tags: dict[str, str], verdict: type[Verdict]
) -> None:
    content(disk)
    assert isinstance(judge(LinuxHost().probe(disk), tags, fresh=UUID), verdict)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "home"
    yield place
    subprocess.run(["umount", "-l", place], capture_output=True, check=False)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> LinuxHost:
    monkeypatch.setattr("everyday.cloudtop.machine.linux.OWNER", "root")
    return LinuxHost()


def test_a_disk_is_made_mounted_filled_and_comes_back_with_its_data(
    disk: Path, folder: Path, host: LinuxHost
) -> None:
    host.make_filesystem(disk, UUID)
    assert host.probe(disk).uuid == UUID
    for _ in range(2):
        assert host.check(disk, "ext4")
        host.mount(disk, folder)
        host.mount(disk, folder)
        host.grow(disk, "ext4", folder)
        (folder / "kept").write_text("data")
        assert host.mounted(folder)
        assert host.unmount(folder)
        assert not host.mounted(folder)
    host.mount(disk, folder)
    assert (folder / "kept").read_text() == "data"


@pytest.mark.parametrize(("make", "kind"), [(_ext4, "ext4"), (_xfs, "xfs")])
def test_a_disk_whose_power_was_cut_has_what_was_synced(
    disk: Path, folder: Path, host: LinuxHost, tmp_path: Path, make: Content, kind: str
) -> None:
    """A copy of a mounted disk is what a power cut leaves: its journal has not been replayed."""
    make(disk)
    host.mount(disk, folder)
    with (folder / "kept").open("w") as file:
        file.write("data")
        file.flush()
        os.fsync(file.fileno())
    copy = tmp_path / "copy"
    shutil.copyfile(disk, copy)
    assert host.unmount(folder)
    with _attached(copy) as after:
        assert host.check(after, kind)
        host.mount(after, folder)
        assert (folder / "kept").read_text() == "data"
        assert host.unmount(folder)


def test_a_file_system_beyond_repair_can_still_be_read(disk: Path, folder: Path, host: LinuxHost) -> None:
    _ext4(disk)
    host.mount(disk, folder)
    (folder / "kept").write_text("data")
    (folder / "bad").mkdir()
    assert host.unmount(folder)
    _write(disk, int(_debugfs(disk, "bmap bad 0")) * 4096, os.urandom(4096))
    _debugfs(
        disk, "set_super_value state 2"
    )  # a kernel that saw it notes it so: the next check is a full one
    assert not host.check(disk, "ext4")
    host.mount(disk, folder, read_only=True)
    assert (folder / "kept").read_text() == "data"
    assert host.unmount(folder)


def _debugfs(disk: Path, request: str) -> str:
    command = ["debugfs", "-w", "-R", request, str(disk)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()


def test_a_full_file_system_is_mounted(disk: Path, folder: Path, host: LinuxHost) -> None:
    _ext4(disk)
    host.mount(disk, folder)
    with pytest.raises(OSError, match="No space"):
        (folder / "all").write_bytes(bytes(SIZE))
    assert host.unmount(folder)
    assert host.check(disk, "ext4")
    host.mount(disk, folder)
    assert (folder / "all").stat().st_size > SIZE // 2
    assert host.unmount(folder)


def test_who_holds_the_mount_is_stopped_before_it_is_unmounted(
    disk: Path, folder: Path, host: LinuxHost
) -> None:
    _ext4(disk)
    host.mount(disk, folder)
    held = subprocess.Popen(["sleep", "60"], cwd=folder)
    try:
        assert host.unmount(folder)
    finally:
        held.kill()
        held.wait(timeout=10)


def test_a_disk_that_cannot_be_read_is_an_error_and_not_empty(tmp_path: Path) -> None:
    with pytest.raises(HostError):
        LinuxHost().probe(tmp_path / "none")


def test_a_disk_is_found_by_its_serial_number(tmp_path: Path) -> None:
    for name, serial in (("nvme0n1", "vol0root"), ("nvme1n1", "vol0abc"), ("loop0", None)):
        (tmp_path / name / "device").mkdir(parents=True)
        if serial:
            (tmp_path / name / "device/serial").write_text(f"{serial}   \n")
    host = LinuxHost(disks=tmp_path)
    assert host.device_of("vol-0abc") == Path("/dev/nvme1n1")
    assert host.device_of("vol-0ab") is None
