"""EC2's instances as virtual machines: what the EC2 stand-in launches, plugs and ends."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.vm.machine import Disk, VirtualMachine
from tools.make_vm_image import VmImage

EXT4_SUPERBLOCK = 1024
NEEDS_RECOVERY = 0x4


class QemuHypervisor:
    """`everyday_local.ec2.hypervisor.Hypervisor` over QEMU; volumes and snapshots are files in `folder`.

    `settings(imds_url)` are what a machine outside EC2 has to be told. `scratch_mib`: the sizes of the disks
    that come and go with each instance.
    """

    def __init__(
        self,
        image: VmImage,
        folder: Path,
        settings: Callable[[str], str],
        scratch_mib: tuple[int, ...] = (384, 384),
    ) -> None:
        self.machines: dict[str, VirtualMachine] = {}
        self._image, self._folder, self._settings, self._scratch = image, folder, settings, scratch_mib

    def launch(self, instance: str, *, user_data: str, imds_url: str) -> None:
        home = self._folder / instance
        home.mkdir()
        disks = [
            Disk(serial=f"AWS{n}{instance[-12:]}".upper(), file=_sparse(home / f"scratch{n}", size))
            for n, size in enumerate(self._scratch)
        ]
        self.machines[instance] = VirtualMachine(
            self._image, home, user_data=user_data, settings=self._settings(imds_url), disks=disks
        )

    def end(self, instance: str) -> None:
        if machine := self.machines.pop(instance, None):
            machine.close()

    def attach(self, instance: str, volume: str, device: str) -> None:
        self.machines[instance].plug(Disk(serial=volume.replace("-", ""), file=self.file(volume)))

    def detach(self, instance: str, volume: str) -> bool:
        machine = self.machines.get(instance)
        if machine is None:
            return True
        if mounted(self.file(volume)):
            return False
        machine.unplug(volume.replace("-", ""))
        return True

    def made(self, volume: str, *, size_gib: int, snapshot: str | None) -> None:
        if snapshot:
            _copy(self.file(snapshot), self.file(volume))
        _sparse(self.file(volume), size_gib << 10)

    def taken(self, snapshot: str, *, volume: str) -> None:
        _copy(self.file(volume), self.file(snapshot))

    def file(self, resource: str) -> Path:
        """The bytes of a volume or snapshot."""
        return self._folder / resource

    def close(self) -> None:
        for instance in list(self.machines):
            self.end(instance)


def mounted(file: Path) -> bool:
    """Whether an ext4 file system is mounted for writing, or was when its power went."""
    with file.open("rb") as device:
        device.seek(EXT4_SUPERBLOCK)
        superblock = device.read(0x64)
    is_ext4 = superblock[0x38:0x3A] == b"\x53\xef"
    return is_ext4 and bool(int.from_bytes(superblock[0x60:0x64], "little") & NEEDS_RECOVERY)


def _sparse(file: Path, mib: int) -> Path:
    with file.open("ab") as made:
        made.truncate(mib << 20)
    return file


def _copy(source: Path, target: Path) -> None:
    # Volumes are mostly holes, which `cp` does not read.
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", source, target], check=True, timeout=60)
